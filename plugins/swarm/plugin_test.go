package main

import (
	"flag"
	"testing"

	"github.com/gatebook/gatebook/engine/plugintest"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

var update = flag.Bool("update", false, "write the generated files")

// described is what is read and copied of the plugin.
func described(t testing.TB) plugintest.Plugin {
	t.Helper()
	return plugintest.Plugin{
		Description: plugintest.Describe(t, swarm()),
		Title:       "Docker Swarm",
		Alias:       "swarm",
		Page:        "../../docs/swarm.md",
		Reference:   "../../docs/swarm-actions.md",
		Wrong:       "testdata/check/*.yaml",
		Runbooks:    "../../runbooks/swarm-*.yaml",
		Inputs: map[string]string{
			"swarm-blue-green.yaml":                "live=web-blue\nidle=web-green\nimage=web:2\nidle_url=http://green\nproxy=proxy\ntarget=/etc/proxy.conf\nconfig=to green\nurl=http://web",
			"swarm-node-maintenance.yaml":          "nodes=[\"n1\", \"n2\"]\ncommand=[\"./upgrade\"]\nspread=[\"web\"]",
			"swarm-node-maintenance.yaml, by hand": "nodes=[\"n1\"]\nspread=[\"web\"]",
			"swarm-node.yaml":                      "node=n1\ncommand=[\"./upgrade\"]",
			"swarm-node.yaml, by hand":             "node=n1",
			"swarm-service-upgrade.yaml":           "service=web\nimage=web:2\nurl=http://web",
			"swarm-service-upgrade.yaml, unasked":  "service=web\nimage=web:2",
			"swarm-stack-upgrade.yaml":             "stack=shop\nfile=/srv/shop/compose.yaml\nrelease=2.1\nurls=[\"http://web\"]",
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

// Whoever misspells an output is told how it is spelt.
func TestAMisspeltOutputIsKnownByItsLikeness(t *testing.T) {
	t.Parallel()
	_, found := described(t).Engine(t).Check(source.NewFile("book.yaml", []byte(`apiVersion: gatebook/v1
kind: Runbook
metadata: {name: book, version: 1.0.0}
plugins: {swarm: {source: swarm}}
steps:
  - {id: web, uses: swarm.service_inspect, with: {service: web}}
  - id: scale
    uses: swarm.service_scale
    with: {service: web, replicas: 3}
    gate: [{expr: steps.web.outputs.runing > 0, message: none run}]
`)))
	if len(found) != 1 || found[0].Hint != "did you mean running?" {
		t.Errorf("got %+v", found)
	}
}

// How a connection is made, on a real engine.
func TestThePluginKeepsItsContract(t *testing.T) {
	t.Parallel()
	node := lab.Own(t, 1).Nodes[0]
	sdktest.RunPlugin(t, swarm, map[string]any{"endpoint": "unix://" + node.Socket})
}
