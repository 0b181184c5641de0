package plan_test

import (
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/steps"
)

const head = "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: test, version: 1.0.0}\n"

func builtin(t testing.TB) *catalog.Catalog {
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

// load checks a runbook, which must have no errors.
func load(t testing.TB, catalogue *catalog.Catalog, file, text string) *check.Runbook {
	t.Helper()
	tree, found := syntax.Parse(source.NewFile(file, []byte(text)))
	runbook, more := model.Decode(tree)
	checked, last := check.Check(runbook, catalogue, check.Options{})
	noErrors(t, append(append(found, more...), last...))
	return checked
}

func noErrors(t testing.TB, found diag.List) {
	t.Helper()
	for _, d := range found {
		if d.Rule.Severity == diag.Error {
			t.Fatalf("%s: %s %s", d.Range, d.Rule.Code, d.Detail)
		}
	}
}

// givenOf makes input values of "name=text" lines; one whose name ends with "!" comes
// from a place for secrets.
func givenOf(lines string) []plan.Given {
	var given []plan.Given
	for line := range strings.Lines(lines) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok {
			continue
		}
		g := plan.Given{Name: name, Text: text, By: plan.ByFlag, Origin: "-i " + name}
		if bare, secret := strings.CutSuffix(name, "!"); secret {
			g.Name, g.Origin, g.SecretSource = bare, "-i "+bare, "env:SECRET"
		}
		given = append(given, g)
	}
	return given
}

// findings writes findings as "line:column code detail hint".
func findings(found diag.List) string {
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

// mustPlan plans a runbook, which must have no errors.
func mustPlan(t testing.TB, checked *check.Runbook, inputs string) *plan.Plan {
	t.Helper()
	values, _, found := plan.Inputs(checked, givenOf(inputs))
	noErrors(t, found)
	made, found, err := plan.Make(checked, plan.Options{Inputs: values})
	if err != nil {
		t.Fatal(err)
	}
	noErrors(t, found)
	return made
}
