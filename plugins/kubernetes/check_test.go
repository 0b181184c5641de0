package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// here is the plugin in this process: to check a runbook it need not run.
type here struct{ description sdk.PluginDescription }

func (h here) Describe() sdk.PluginDescription { return h.description }

func (here) SHA256() string { return "00" }

func (here) Variables([]string) map[string]string { return nil }

func (here) Connect(string, json.RawMessage, []string, func([]byte), func(context.Context, sdk.Target) error) map[string]sdk.Handler {
	return nil
}

// load checks a runbook that calls the plugin k8s, and what else there is.
func load(t *testing.T, file *source.File, builtin ...sdk.Handler) (*check.Runbook, diag.List) {
	t.Helper()
	others, err := catalog.New(builtin...)
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := others.With("k8s", here{description(t)})
	if err != nil {
		t.Fatal(err)
	}
	tree, found := syntax.Parse(file)
	runbook, more := model.Decode(tree)
	checked, wrong := check.Check(runbook, catalogue, check.Options{})
	return checked, append(append(found, more...), wrong...)
}

// What is wrong for sure is found before a cluster is reached, at its place.
func TestRunbooksAreChecked(t *testing.T) {
	t.Parallel()
	diagtest.Run(t, "testdata/check/*.yaml", func(file *source.File) diag.List {
		_, found := load(t, file)
		return found
	})
}

// What depends on an input is refused once it is given: an empty user would act with
// gatebook's own rights.
func TestAConnectionIsHeldToItsInputs(t *testing.T) {
	t.Parallel()
	checked, found := load(t, source.NewFile("book.yaml", []byte(`apiVersion: gatebook/v1
kind: Runbook
metadata: {name: book, version: 1.0.0}
plugins: {k8s: {source: kubernetes}}
inputs: {as: {type: string}, inside: {type: boolean}}
connections:
  one: {plugin: k8s, with: {context: prod, inCluster: "${{ inputs.inside }}", impersonate: {user: "${{ inputs.as }}"}}}
steps:
  - {id: look, uses: k8s.events, with: {}}
`)))
	if len(found) > 0 {
		t.Fatal(found[0].Detail)
	}
	for _, c := range []struct {
		as     string
		inside bool
		says   string
	}{
		{"anna", false, ""},
		{"", false, "impersonate.user must have at least 1 character"},
		{"anna", true, "inCluster excludes kubeconfig, context and endpoint"},
	} {
		inputs := value.Object(value.Member{Name: "as", Value: value.String(c.as)}, value.Member{Name: "inside", Value: value.Bool(c.inside)})
		_, found, err := plan.Make(checked, plan.Options{Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.says == "" && len(found) > 0:
			t.Errorf("%+v: %s", c, found[0].Detail)
		case c.says != "" && (len(found) != 1 || !strings.Contains(found[0].Detail, c.says)):
			t.Errorf("%+v: got %v", c, found)
		}
	}
}

// The rules of a connection can be read, as those of the actions can.
func TestRulesCanBeRead(t *testing.T) {
	t.Parallel()
	plugin := catalog.DescribedPlugin("k8s", description(t))
	if found := data.NewUses(expr.NewCompiler()).Faults(plugin.Connection); len(found) > 0 {
		t.Error(found[0].Detail)
	}
}
