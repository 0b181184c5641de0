package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"
	logsapi "k8s.io/component-base/logs/api/v1"
	"k8s.io/klog/v2"
)

// openLog sends the logs of all components in this process to one file, appended to
// so that what came before a kill can be read. Kubernetes logs through klog, which
// is package-level state, as are the warnings of the API; there is one of each.
func openLog(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(file, "---- kubelab starts, %s ----\n", time.Now().Format(time.RFC3339))
	// Each component would set up the logs anew, which counts as an error the second
	// time.
	logsapi.ReapplyHandling = logsapi.ReapplyHandlingIgnoreUnchanged
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	err = errors.Join(
		flags.Set("logtostderr", "false"),
		flags.Set("alsologtostderr", "false"),
		flags.Set("stderrthreshold", "FATAL"), // what ends the process is shown as well
	)
	klog.SetOutput(file)
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	return file, err
}
