package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/kubernetes/cmd/kube-scheduler/app"
	"k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// scheduler is kube-scheduler with its default plugins.
type scheduler struct{ *cluster }

// run schedules until the context ends.
func (s scheduler) run(ctx context.Context) error {
	path := s.path("scheduler.yaml")
	// A JSON string is a YAML string, so %q holds any path.
	config := fmt.Sprintf(`apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: %q, qps: 200, burst: 400}
`, s.schedulerKubeconfig())
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return err
	}
	opts := options.NewOptions()
	if err := parseFlags(opts.Flags.FlagSets, []string{"--config=" + path, "--secure-port=0"}); err != nil {
		return err
	}
	complete, instance, err := app.Setup(ctx, opts)
	if err != nil {
		return err
	}
	return app.Run(ctx, complete, instance)
}
