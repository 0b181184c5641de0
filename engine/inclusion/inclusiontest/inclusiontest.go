// Package inclusiontest checks runbooks that take in others, for tests of what is made of them.
// Floor 7, for tests.
package inclusiontest

import (
	"io/fs"
	"slices"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/inclusion"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Load checks the runbook of a name with those that it takes in, which must have no errors.
// The files are by their paths.
func Load(t testing.TB, catalogue *catalog.Catalog, name string, files map[string]string) *check.Runbook {
	t.Helper()
	tree, found := syntax.Parse(source.NewFile(name, []byte(files[name])))
	runbook, more := model.Decode(tree)
	checked, own, others := inclusion.Check(name, runbook, inclusion.Options{
		Actions: func(string, *model.Runbook) (*catalog.Catalog, diag.List) { return catalogue, nil },
		People:  func(*model.Runbook) diag.List { return nil },
		Read: func(name string) (*source.File, string, error) {
			text, ok := files[name]
			if !ok {
				return nil, "", fs.ErrNotExist
			}
			return source.NewFile(name, []byte(text)), name, nil
		},
	})
	checktest.NoErrors(t, slices.Concat(found, more, own, others))
	return checked.Runbook
}
