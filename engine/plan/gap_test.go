package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// What a runbook gives back that is computed of a step left out inside of it cannot be had outside,
// which is found where it is used, before a run.
func TestWhatARunbookCannotGiveBack(t *testing.T) {
	t.Parallel()
	const outputs = `outputs:
  n: "${{ steps.roll.outputs.status }}"
  sum: "${{ steps.see.outputs.status + steps.roll.outputs.status }}"
  first: "${{ steps.each.outputs.byKey.a.status }}"
  second: "${{ steps.each.outputs.list[1].status }}"
  else: "${{ steps.roll.outputs?.status ?? 0 }}"
  how: "${{ steps.roll.status == 'skipped' ? steps.see.outputs.status : steps.roll.outputs.status }}"
  other: "${{ steps.see.outputs.status }}"
`
	inner := checktest.Head + `modes: {drill: {skip: [roll]}}
steps:
  - {id: see, uses: http.check, with: {url: "http://x"}}
  - {id: roll, uses: http.check, with: {url: "http://x"}}
  - {id: each, uses: http.check, foreach: [a, b], with: {url: "http://x"}}
` + outputs
	between := checktest.Head + "modes: {drill: {}}\nsteps: [{id: in, uses: runbook, with: {file: inner.yaml}}]\noutputs: {n: \"${{ steps.in.outputs.n }}\", other: \"${{ steps.in.outputs.other }}\"}\n"
	wait := func(of string) string { return `{id: b, uses: wait, with: {for: "${{ ` + of + ` }}s"}}` }
	gate := func(of string) string { return `{id: b, uses: wait, with: {for: 1s}, gate: {expr: "` + of + `"}}` }
	skip := func(names ...string) event.Choice { return event.Choice{Skip: names, Reason: "r", By: "ann"} }
	for name, c := range map[string]struct {
		choice event.Choice
		step   string
		found  string // the step that is left out; empty: nothing is
	}{
		"a value":                          {skip("web.roll"), wait("steps.web.outputs.n"), "web.roll"},
		"a value in a mode":                {event.Choice{Mode: "drill"}, wait("steps.web.outputs.n"), "web.roll"},
		"of two steps":                     {skip("web.roll"), wait("steps.web.outputs.sum"), "web.roll"},
		"all that it gives":                {skip("web.roll"), `{id: b, uses: exec.check, with: {command: [x, "${{ string(steps.web.outputs) }}"]}}`, "web.roll"},
		"with another value instead":       {skip("web.roll"), wait("steps.web.outputs.n ?? 1"), "web.roll"},
		"a gate":                           {skip("web.roll"), gate("steps.web.outputs.n == 200"), "web.roll"},
		"a gate that asks for it":          {skip("web.roll"), gate("has(steps.web.outputs.n) && steps.web.outputs.n == 200"), "web.roll"},
		"a rollback":                       {skip("web.roll"), `{id: b, uses: exec, with: {command: [x]}, rollback: {uses: exec, with: {command: ["${{ string(steps.web.outputs.n) }}"]}}}`, "web.roll"},
		"items":                            {skip("web.roll"), `{id: b, uses: wait, foreach: "${{ [steps.web.outputs.n] }}", with: {for: 1s}}`, "web.roll"},
		"further in":                       {skip("deep.in.roll"), wait("steps.deep.outputs.n"), "deep.in.roll"},
		"further in, in a mode":            {event.Choice{Mode: "drill"}, wait("steps.deep.outputs.n"), "deep.in.roll"},
		"a whole runbook further in":       {skip("deep.in"), wait("steps.deep.outputs.n"), "deep.in"},
		"before a step inside":             {event.Choice{From: "web.each", By: "ann"}, wait("steps.web.outputs.n"), "web.roll"},
		"an instance inside":               {skip(`web.each["a"]`), wait("steps.web.outputs.first"), "web.each"},
		"a place in a list inside":         {skip(`web.each["a"]`), wait("steps.web.outputs.second"), "web.each"},
		"of one that is done for many":     {skip("many.roll"), wait("steps.many.outputs.byKey.x.n"), `many["x"].roll`},
		"of all of those":                  {skip("many.roll"), wait("len(steps.many.outputs.list)"), `many["x"].roll`},
		"inside of one instance":           {skip(`many["y"].roll`), wait("steps.many.outputs.byKey.y.n"), `many["y"].roll`},
		"inside of the other instance":     {skip(`many["y"].roll`), wait("steps.many.outputs.byKey.x.n"), ""},
		"the other place in a list inside": {skip(`web.each["b"]`), wait("steps.web.outputs.first"), ""},
		"what has another value inside":    {skip("web.roll"), wait("steps.web.outputs.else"), ""},
		"what asks first inside":           {skip("web.roll"), wait("steps.web.outputs.how"), ""},
		"what is of another step":          {skip("web.roll"), wait("steps.web.outputs.other"), ""},
		"a gate on another one":            {skip("web.roll"), gate("steps.web.outputs.other == 200 && steps.web.status == 'succeeded'"), ""},
		"all of those in a gate":           {skip("many.roll"), gate("steps.many.outputs.list.all(o, o.other == 200)"), `many["x"].roll`},
		"one of those in a gate":           {skip("many.roll"), gate("steps.many.outputs.list[0].other == 200"), ""},
		"of another step of the same":      {skip("web.roll"), wait("steps.deep.outputs.n"), ""},
		"and is left out itself":           {skip("web.roll", "b"), wait("steps.web.outputs.n"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"inner.yaml": inner, "between.yaml": between, "outer.yaml": checktest.Head + `modes: {drill: {}}
steps:
  - {id: web, uses: runbook, with: {file: inner.yaml}}
  - {id: deep, uses: runbook, with: {file: between.yaml}}
  - {id: many, uses: runbook, foreach: [x, y], with: {file: inner.yaml}}
  - ` + c.step + "\noutputs: {n: \"${{ steps.web.outputs.n }}\"}\n"}
			_, found, err := plan.Make(inclusiontest.Load(t, checktest.Builtin(t), "outer.yaml", files), plan.Options{Inputs: value.Object(), Choice: &c.choice})
			got := checktest.Findings(found)
			of, _, _ := strings.Cut(strings.ReplaceAll(c.found, "[", "."), ".")
			once := strings.Count(got, "GB0") == 1 && strings.HasPrefix(got, "9:") && strings.Contains(got, fmt.Sprintf("GB0708 Inside of %q it is computed of %q", of, c.found))
			if err != nil || c.found == "" && got != "" || c.found != "" && !once {
				t.Errorf("found %q, %v", got, err)
			}
		})
	}
}
