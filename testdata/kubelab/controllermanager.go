package main

import (
	"context"
	"fmt"

	"k8s.io/kubernetes/cmd/kube-controller-manager/app"
	"k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
)

// controllerManager is kube-controller-manager with its real controllers.
type controllerManager struct {
	options *options.KubeControllerManagerOptions
}

// newControllerManager reads the options. That must come before kube-apiserver's
// are made: its flags change the default of a feature gate, which the gates, shared
// by all components of a process, refuse with a panic once another has added flags.
func newControllerManager(c *cluster) (controllerManager, error) {
	opts, err := options.NewKubeControllerManagerOptions()
	if err != nil {
		return controllerManager{}, err
	}
	groups := opts.Flags(app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	opts.ParsedFlags = &groups
	return controllerManager{opts}, parseFlags(groups.FlagSets, []string{
		"--kubeconfig=" + c.controllerManagerKubeconfig(),
		"--leader-elect=false",
		"--secure-port=0",
		"--service-account-private-key-file=" + c.serviceAccountKey(),
		"--root-ca-file=" + c.certificate(),
		"--use-service-account-credentials=true",
		fmt.Sprintf("--node-monitor-grace-period=%s", c.nodeGrace),
		"--node-monitor-period=1s",
		// The default of 20 a second makes the start several seconds longer.
		"--kube-api-qps=500",
		"--kube-api-burst=1000",
	})
}

// run controls until the context ends.
func (m controllerManager) run(ctx context.Context) error {
	config, err := m.options.Config(ctx, app.KnownControllers(), app.ControllersDisabledByDefault(), app.ControllerAliases())
	if err != nil {
		return err
	}
	return app.Run(ctx, config.Complete())
}
