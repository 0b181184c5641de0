package main

import (
	"flag"
	"testing"

	"github.com/gatebook/gatebook/engine/plugintest"
)

var update = flag.Bool("update", false, "write the generated files")

// described is what is read and copied of the plugin.
func described(t testing.TB) plugintest.Plugin {
	t.Helper()
	const image = "namespace=shop\nname=web\ncontainer=web\nimage=web:2"
	return plugintest.Plugin{
		Description: plugintest.Describe(t, kubernetes()),
		Title:       "Kubernetes",
		Alias:       "k8s",
		Page:        "../../docs/kubernetes.md",
		Reference:   "../../docs/kubernetes-actions.md",
		Wrong:       "testdata/check/*.yaml",
		Runbooks:    "../../runbooks/k8s-*.yaml",
		Inputs: map[string]string{
			"k8s-config-update.yaml":         "namespace=shop\nname=web\nconfig=web\nset={\"a\":\"1\"}",
			"k8s-deployment-upgrade.yaml":    image,
			"k8s-node-upgrade.yaml":          "node=node-1\nversion=v1.36.2\ncommand=[\"./upgrade\"]",
			"k8s-node-upgrade.yaml, by hand": "node=node-1\nversion=v1.36.2",
			"k8s-rolling-upgrade.yaml":       image,
		},
	}
}

func TestPagesAreInStep(t *testing.T) {
	t.Parallel()
	plugintest.InStep(t, described(t), *update)
}

func TestThePluginIsAsItsReadersMayExpect(t *testing.T) {
	t.Parallel()
	plugintest.Run(t, described(t))
}
