// Package checktest checks runbooks and gives them inputs, for tests of what is made of both.
// Floor 6, for tests.
package checktest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/steps"
)

// Head is how a runbook begins.
const Head = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: test, version: 1.0.0}\n"

// Builtin returns a catalogue of the built-in actions.
func Builtin(t testing.TB) *catalog.Catalog {
	t.Helper()
	handlers, err := steps.Builtin(steps.Options{})
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := catalog.New(handlers...)
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

// Load checks a runbook, which must have no errors.
func Load(t testing.TB, catalogue *catalog.Catalog, file, text string) *check.Runbook {
	t.Helper()
	tree, found := syntax.Parse(source.NewFile(file, []byte(text)))
	runbook, more := model.Decode(tree)
	checked, last := check.Check(runbook, catalogue, check.Options{})
	NoErrors(t, append(append(found, more...), last...))
	return checked
}

// Beside brings a file that a runbook of a test names, from the disk.
func Beside(runbook, name string) (file *source.File, real string, err error) {
	path := filepath.Join(filepath.Dir(runbook), name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	return source.NewFile(path, text), name, nil
}

// NoErrors wants no errors among findings.
func NoErrors(t testing.TB, found diag.List) {
	t.Helper()
	for _, d := range found {
		if d.Rule.Severity == diag.Error {
			t.Fatalf("%s: %s %s", d.Range, d.Rule.Code, d.Detail)
		}
	}
}

// Given makes input values of "name=text" lines; one whose name ends with "!" comes
// from a place for secrets.
func Given(lines string) []input.Given {
	var given []input.Given
	for line := range strings.Lines(lines) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		g := input.Given{Name: name, Text: text, By: input.ByFlag, Origin: "-i " + name}
		if bare, secret := strings.CutSuffix(name, "!"); secret {
			g.Name, g.Origin, g.SecretSource = bare, "-i "+bare, "env:SECRET"
		}
		given = append(given, g)
	}
	return given
}

// Findings writes findings as "line:column code detail hint".
func Findings(found diag.List) string {
	var b strings.Builder
	for _, d := range found.Sorted() {
		place := "-"
		if !d.Range.IsZero() {
			_, place, _ = strings.Cut(d.Range.String(), ":")
		}
		b.WriteString(strings.TrimSpace(place+" "+d.Rule.Code+" "+d.Detail+" "+d.Hint) + "\n")
	}
	return b.String()
}
