package check_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// provided is a plugin in this process: to check a runbook it need not run.
type provided struct{ *sdk.Served }

func (p provided) Describe() sdk.PluginDescription { return p.Description }

func (provided) SHA256() string { return "00" }

func (provided) Variables([]string) map[string]string { return nil }

func (p provided) Connect(string, json.RawMessage, []string, func([]byte), func(context.Context, sdk.Target) error) map[string]sdk.Handler {
	handlers := map[string]sdk.Handler{}
	for _, action := range p.Description.Actions {
		handlers[action.Name], _ = p.Handler(action.Name)
	}
	return handlers
}

type clusterConfig struct {
	Context string          `json:"context" required:"true" pattern:"^[a-z]+$" doc:"The cluster."`
	Token   string          `json:"token" secret:"true" doc:"What lets one in."`
	Within  schema.Duration `json:"within" min:"1ms" default:"5s" doc:"How long it may take."`
	Inside  bool            `json:"inside" doc:"Whether one is there already."`
}

type podInput struct {
	Name string  `json:"name" required:"true" doc:"The pod."`
	Expr string  `json:"expr" format:"cel" doc:"What is asked of it."`
	More []asked `json:"more" doc:"What else is asked of it."`
}

type asked struct {
	Expr string `json:"expr" format:"cel" doc:"The question."`
}

type podOutput struct {
	Ready bool `json:"ready" required:"true" doc:"Whether it is ready."`
}

func withPlugins(t *testing.T) *catalog.Catalog {
	t.Helper()
	catalogue := testActions(t)
	look := sdk.Action[podInput, podOutput]{
		Name: "pod", Summary: "Look at a pod", Effect: sdk.Read,
		Apply: func(context.Context, *sdk.Call[podInput]) (podOutput, error) { return podOutput{}, nil },
	}
	cluster, err := sdk.Plugin[clusterConfig]{
		Name: "kubernetes", Version: "1.0.0", Summary: "Pods", Actions: []sdk.Declaration{look},
		Rules: []schema.Rule{{Expr: "!(has(self.inside) && self.inside && has(self.token))", Message: "one who is inside needs no token"}},
	}.Served()
	if err != nil {
		t.Fatal(err)
	}
	local, err := sdk.Plugin[struct{}]{Name: "local", Version: "1.0.0", Summary: "Pods here", Actions: []sdk.Declaration{look}}.Served()
	if err != nil {
		t.Fatal(err)
	}
	for alias, served := range map[string]*sdk.Served{"k8s": cluster, "alone": cluster, "here": local} {
		if catalogue, err = catalogue.With(alias, provided{served}); err != nil {
			t.Fatal(err)
		}
	}
	return catalogue
}

func TestConnectionsAreChecked(t *testing.T) {
	t.Parallel()
	catalogue := withPlugins(t)
	diagtest.Run(t, "testdata/plugins/*.yaml", func(file *source.File) diag.List {
		_, found := load(file, catalogue)
		return found
	})
}
