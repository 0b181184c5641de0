package main

import (
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// here is the plugin in this process: to check a runbook it need not run.
type here struct {
	catalog.Provider
	description sdk.PluginDescription
}

func (h here) Describe() sdk.PluginDescription { return h.description }

// What is wrong for sure is found before a cluster is reached, at its place.
func TestRunbooksAreChecked(t *testing.T) {
	t.Parallel()
	none, err := catalog.New()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := none.With("k8s", here{description: description(t)})
	if err != nil {
		t.Fatal(err)
	}
	diagtest.Run(t, "testdata/check/*.yaml", func(file *source.File) diag.List {
		tree, found := syntax.Parse(file)
		runbook, more := model.Decode(tree)
		_, wrong := check.Check(runbook, catalogue, check.Options{})
		return append(append(found, more...), wrong...)
	})
}

// The rules of a connection can be read, as those of the actions can.
func TestRulesCanBeRead(t *testing.T) {
	t.Parallel()
	plugin := catalog.DescribedPlugin("k8s", description(t))
	if found := data.NewUses(expr.NewCompiler()).Faults(plugin.Connection); len(found) > 0 {
		t.Error(found[0].Detail)
	}
}
