package main

import (
	"context"
	"fmt"
	"net"

	"github.com/spf13/pflag"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/kubernetes/cmd/kube-apiserver/app"
	"k8s.io/kubernetes/cmd/kube-apiserver/app/options"
)

// apiserver is kube-apiserver, with its real authentication, RBAC and admission.
type apiserver struct {
	*cluster
	listener net.Listener
	etcd     string
}

// run serves until the context ends. It goes through the options and not through the
// command, because the command takes the process's signals for itself.
func (a apiserver) run(ctx context.Context) error {
	opts := options.NewServerRunOptions()
	if err := parseFlags(opts.Flags().FlagSets, a.flags()); err != nil {
		return err
	}
	opts.SecureServing.Listener = a.listener
	if err := opts.GenericServerRunOptions.ComponentGlobalsRegistry.Set(); err != nil {
		return err
	}
	completed, err := opts.Complete(ctx)
	if err != nil {
		return err
	}
	if errs := completed.Validate(); len(errs) > 0 {
		return utilerrors.NewAggregate(errs)
	}
	return app.Run(ctx, completed)
}

func (a apiserver) flags() []string {
	return []string{
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--endpoint-reconciler-type=none", // it refuses a loopback address
		fmt.Sprintf("--secure-port=%d", a.port),
		"--tls-cert-file=" + a.certificate(),
		"--tls-private-key-file=" + a.key(),
		"--etcd-servers=" + a.etcd,
		"--token-auth-file=" + a.tokenFile(),
		"--authorization-mode=RBAC",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + a.serviceAccountKey(),
		"--service-account-key-file=" + a.serviceAccountKey(),
		"--kubelet-preferred-address-types=InternalIP", // the names of the nodes are nowhere
		"--kubelet-certificate-authority=" + a.certificate(),
		"--kubelet-client-certificate=" + a.certificate(),
		"--kubelet-client-key=" + a.key(),
		"--service-cluster-ip-range=10.0.0.0/16",
		"--allow-privileged=true",
		"--profiling=false",
	}
}

// apiReady complains until the API server is ready.
func (c *cluster) apiReady(ctx context.Context) error {
	_, err := c.client.CoreV1().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
	return err
}

// parseFlags gives a component's flags their values, all its groups at once.
func parseFlags(groups map[string]*pflag.FlagSet, args []string) error {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	for _, group := range groups {
		all.AddFlagSet(group)
	}
	return all.Parse(args)
}
