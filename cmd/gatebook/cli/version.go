package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/accept"
)

type versionOptions struct {
	*app
	format string
}

func newVersion(a *app) *cobra.Command {
	o := &versionOptions{app: a}
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Print which gatebook this is",
		Example: "  gatebook version\n  gatebook version --format json",
		Args:    accept.Exactly(),
		RunE:    func(*cobra.Command, []string) error { return o.run() },
	}
	accept.Format(cmd, &o.format, "text", "json")
	return cmd
}

func (o *versionOptions) run() error {
	b := o.Build
	if o.format == "json" {
		return o.PrintJSON(struct {
			Build
			Go       string `json:"go"`
			Platform string `json:"platform"`
		}{b, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH})
	}
	text := "gatebook " + b.Version
	if b.Commit != "" {
		text += " (" + b.Commit + ", " + b.Date + ")"
	}
	_, err := fmt.Fprintf(o.Stdout, "%s %s %s/%s\n", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
