package plugintest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/diag/diagtest"
	"github.com/gatebook/gatebook/engine/drill"
	"github.com/gatebook/gatebook/engine/drill/world"
	"github.com/gatebook/gatebook/engine/source"
)

// findsWrong holds what is found in wrong runbooks against what they say on their lines: what is wrong
// for sure is found before anything is reached.
func (p Plugin) findsWrong(t *testing.T) {
	t.Helper()
	gatebook := p.Engine(t)
	diagtest.Run(t, p.Wrong, func(file *source.File) diag.List {
		_, found := gatebook.Check(file)
		return found
	})
}

// inputOf is where an example takes an input.
var inputOf = regexp.MustCompile(`\binputs\.([a-z][a-z0-9_]*)`)

// wrongExamples are the errors in a runbook that is made of all examples.
func wrongExamples(t testing.TB, p Plugin) []string {
	t.Helper()
	inputs := map[string]any{}
	uses := []any{map[string]any{"id": "agreed", "uses": "approve", "with": map[string]any{"message": "Destroy what the examples destroy?"}}}
	for _, action := range p.Description.Actions {
		for i, example := range action.Examples {
			step := map[string]any{"id": fmt.Sprintf("%s_%d", action.Name, i), "uses": p.Alias + "." + action.Name, "with": example.With}
			text, err := json.Marshal(step)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range inputOf.FindAllStringSubmatch(string(text), -1) {
				inputs[match[1]] = map[string]any{"type": "string"}
			}
			uses = append(uses, step)
		}
	}
	if len(uses) == 1 {
		return []string{"no action has an example"}
	}
	text, err := json.MarshalIndent(map[string]any{ // which is YAML, too
		"apiVersion": "gatebook/v1", "kind": "Runbook", "metadata": map[string]any{"name": "examples", "version": "1.0.0"},
		"plugins": map[string]any{p.Alias: map[string]any{"source": p.Description.Name}}, "inputs": inputs, "steps": uses,
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	_, found := p.Engine(t).Check(source.NewFile("examples", text))
	found = slices.DeleteFunc(found, func(d diag.Diagnostic) bool { return d.Rule.Severity != diag.Error })
	return told(found)
}

// told says of findings where each is, with the line.
func told(found diag.List) []string {
	var lines []string
	for _, d := range found {
		line := ""
		if !d.Range.IsZero() {
			line = "\n" + d.Range.File.Line(d.Range.From().Line)
		}
		lines = append(lines, fmt.Sprintf("%s: %s %s: %s%s", d.Range, d.Rule.Code, d.Rule.Summary, d.Detail, line))
	}
	return lines
}

// runbooks are our runbooks that use the plugin.
func (p Plugin) runbooks(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob(p.Runbooks)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// unfoundRunbooks says where the pattern matches none: what is asked of each runbook would then be asked
// of nothing, and pass.
func unfoundRunbooks(t testing.TB, p Plugin) []string {
	t.Helper()
	if len(p.runbooks(t)) == 0 {
		return []string{"no runbook matches " + p.Runbooks}
	}
	return nil
}

// wrongRunbooks are what there is to mend in our runbooks, be it only a warning: whoever copies one
// starts from it.
func wrongRunbooks(t testing.TB, p Plugin) (found []string) {
	t.Helper()
	gatebook := p.Engine(t)
	for _, path := range p.runbooks(t) {
		_, more := read(t, gatebook, path)
		found = append(found, told(more)...)
	}
	return found
}

func read(t testing.TB, gatebook *engine.Engine, path string) (*engine.Runbook, diag.List) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return gatebook.Check(source.NewFile(path, text))
}

// undrilled are our runbooks of which no inputs are given to drill them with.
func undrilled(t testing.TB, p Plugin) (found []string) {
	t.Helper()
	given := map[string]bool{}
	for name := range p.Inputs {
		given[drilledFile(name)] = true
	}
	for _, path := range p.runbooks(t) {
		if name := filepath.Base(path); !given[name] && !strings.HasSuffix(name, ".test.yaml") {
			found = append(found, path+" is not drilled")
		}
	}
	return found
}

// drilledFile is the runbook of a drill's name.
func drilledFile(name string) string {
	file, _, _ := strings.Cut(name, ",")
	return file
}

// uncleanDrills are what drills of our runbooks find: whoever copies one starts from one whose way back is
// proven.
func uncleanDrills(t testing.TB, p Plugin) (found []string) {
	t.Helper()
	gatebook := p.Engine(t)
	for name, inputs := range p.Inputs {
		runbook, wrong := read(t, gatebook, filepath.Join(filepath.Dir(p.Runbooks), drilledFile(name)))
		checktest.NoErrors(t, wrong)
		made, wrong, err := gatebook.Plan(runbook, checktest.Given(inputs))
		checktest.NoErrors(t, wrong)
		if err != nil {
			t.Fatal(err)
		}
		proof := drill.Of(made.Plan, world.Supposed{}, drill.Options{Pairs: drill.DefaultPairs})
		for _, v := range proof.Violations {
			found = append(found, fmt.Sprintf("%s: %s of %q, with %q: %s", name, v.Invariant, v.Step, v.Failures, v.Detail))
		}
		for _, c := range proof.Coverage {
			if c.Covered < c.Of {
				found = append(found, fmt.Sprintf("%s: %+v: %+v", name, c, proof.Uncovered))
			}
		}
	}
	return found
}
