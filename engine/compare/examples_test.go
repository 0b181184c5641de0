package compare_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/compare"
	"github.com/gatebook/gatebook/engine/input"
)

const sized = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
inputs:
  n: {type: integer}
  zones: {type: array, items: {type: string}}
vars:
  m: "${{ inputs.n * 2 }}"
  of: {half: "${{ vars.m / 4 }}"}
  names: [a, b]
  first: "${{ inputs.zones[0] }}"
steps:
  - {id: look, uses: exec.check, with: {command: [look]}, onFailure: continue, when: inputs.n > 0}
  - id: change
    uses: exec
    foreach: ${{ vars.names }}
    gate: {expr: GATE}
    with: {command: [echo, "${{ each.value }}"]}
    rollback: {none: it only says so}
  - id: all
    uses: exec
    foreach: ${{ inputs.zones }}
    gate: {expr: ZONES}
    with: {command: [echo, "${{ each.value }}"]}
    rollback: {none: it only says so}
`

// An example is a case that can be: what is made of other things has the value that they give
// it, an item is one of those that there are, and a step has outputs where it has succeeded.
func TestAnExampleIsACaseThatCanBe(t *testing.T) {
	t.Parallel()
	of := func(gate string) compare.Version {
		change, zones, ok := strings.Cut(gate, " / ")
		if !ok {
			zones = "each.index < 3"
		}
		return version(t, strings.NewReplacer("GATE", change, "ZONES", zones).Replace(sized))
	}
	const weaker, maybe, changed = "higher change gate: the gate is weaker: it holds now, and did not, where ", "undecided change gate: the gate is no stronger, and may be weaker", "undecided change gate: the gate has changed"
	for name, use := range map[string]struct{ before, after, want string }{
		"of a var that says it already": {"vars.m > 3", "vars.m > 3 || inputs.n > 100", maybe},
		"of a var in full":              {"vars.m > 3", "inputs.n * 2 > 3", changed},
		"of a var":                      {"vars.m > 3", "vars.m > 1", weaker + "inputs.n is 1"},
		"of a var of a var":             {"vars.of.half > 3.0", "vars.of.half > 1.0", weaker + "inputs.n is 3"},
		"of a var and another input":    {"vars.m > 3", "vars.m > 1 && inputs.n < 9", changed + ": it holds now, and did not, where inputs.n is 1"},
		"of no item":                    {`each.value != "z"`, `each.value != "y"`, changed},
		"of an item":                    {`each.key == "a"`, "true", weaker + `each.key is "b"`},
		"of an item and its key":        {`each.key == each.value`, `each.key == each.value || each.key == "b"`, maybe},
		"of an item and what it is of":  {`true / each.value == "a"`, `true / each.value == "a" || !("b" in inputs.zones)`, "undecided all gate: the gate is no stronger, and may be weaker"},
		"of what was not done":          {"steps.look.outputs.exitCode == 0", `steps.look.outputs.exitCode == 0 || steps.look.status == "skipped" && steps.look.outputs.exitCode == 1`, maybe},
		"of what was done or not":       {`steps.look.status == "succeeded" && steps.look.outputs.exitCode == 0`, `steps.look.status == "succeeded" && steps.look.outputs.exitCode >= 0`, weaker + `steps.look.status is "succeeded" and steps.look.outputs.exitCode is 1`},
		"of what was skipped":           {`steps.look.status == "succeeded" && steps.look.outputs.exitCode == 0`, `steps.look.status != "succeeded" || steps.look.outputs.exitCode == 0`, weaker + `steps.look.status is "failed"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := said(compare.Of(of(use.before), of(use.after))); got != use.want {
				t.Errorf("got  %s\nwant %s", got, use.want)
			}
		})
	}
}

// Whoever gives the inputs of an example gets what it says: a gate that was closed, and is open.
func TestAnExampleComesTrue(t *testing.T) {
	t.Parallel()
	const text = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: web, version: 1.0.0}
inputs: {n: {type: integer, minimum: -20}, k: {type: integer}}
vars: {double: "${{ inputs.n * 2 }}", sum: "${{ vars.double + inputs.k }}"}
steps:
  - {id: a, uses: exec.check, with: {command: [a]}, gate: {expr: "%s"}}
`
	bound := rapid.Custom(func(t *rapid.T) string {
		name := rapid.SampledFrom([]string{"inputs.n", "inputs.k", "vars.double", "vars.sum"}).Draw(t, "name")
		operator := rapid.SampledFrom([]string{"<", ">=", "==", "!="}).Draw(t, "operator")
		return fmt.Sprintf("%s %s %d", name, operator, rapid.IntRange(-9, 9).Draw(t, "bound"))
	})
	gates := rapid.Custom(func(t *rapid.T) string {
		return bound.Draw(t, "left") + rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "joined") + bound.Draw(t, "right")
	})
	rapid.Check(t, func(r *rapid.T) {
		before, after := fmt.Sprintf(text, gates.Draw(r, "before")), fmt.Sprintf(text, gates.Draw(r, "after"))
		changes := compare.Of(version(t, before), version(t, after)).Changes
		if len(changes) == 0 {
			return
		}
		where, isOpen := strings.CutPrefix(changes[0].Example, "it holds now, and did not, where ")
		if !isOpen {
			return
		}
		given := map[string]int{"n": 0, "k": 0}
		for part := range strings.SplitSeq(where, " and ") {
			name, is, _ := strings.Cut(part, " is ")
			number, err := strconv.Atoi(is)
			if _, isInput := given[strings.TrimPrefix(name, "inputs.")]; err != nil || !isInput {
				r.Fatalf("%q is no input", part)
			}
			given[strings.TrimPrefix(name, "inputs.")] = number
		}
		var inputs []input.Given
		for name, number := range given {
			inputs = append(inputs, input.Given{Name: name, Text: strconv.Itoa(number), By: input.ByFlag, Origin: "-i " + name})
		}
		was, is := version(t, before, inputs...).Plan.Steps[0].Gate[0], version(t, after, inputs...).Plan.Steps[0].Gate[0]
		if was.State.Truth != "false" || is.State.Truth != "true" {
			r.Errorf("%s → %s, where %s: was %s, is %s", was.Expr, is.Expr, where, was.State.Truth, is.State.Truth)
		}
	})
}
