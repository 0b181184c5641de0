package check_test

import (
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// version is gatebook's own in the tests.
const version = "0.3.0-dev.5"

// load reads a runbook as gatebook does: each floor goes on as far as it can, so that
// one pass finds everything.
func load(file *source.File, catalogue *catalog.Catalog) (*check.Runbook, diag.List) {
	tree, found := syntax.Parse(file)
	if found.HasErrors() {
		return nil, found
	}
	runbook, more := model.Decode(tree)
	found = append(found, more...)
	if runbook == nil {
		return nil, found
	}
	checked, more := check.Check(runbook, catalogue, check.Options{Version: version})
	return checked, append(found, more...)
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	catalogue := testActions(t)
	diagtest.Run(t, "testdata/*.yaml", func(file *source.File) diag.List {
		_, found := load(file, catalogue)
		return found
	})
}

// mustLoad reads a runbook that has no errors.
func mustLoad(t *testing.T, text string) *check.Runbook {
	t.Helper()
	checked, found := load(source.NewFile("test.yaml", []byte(text)), testActions(t))
	for _, d := range found {
		if d.Rule.Severity == diag.Error {
			t.Fatalf("%s: %s %s", d.Range, d.Rule.Code, d.Detail)
		}
	}
	return checked
}

const head = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: test, version: 1.0.0}\n"
