package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// part plans a part of a runbook.
func part(t testing.TB, text string, choice *event.Choice) (*plan.Plan, string, error) {
	t.Helper()
	checked := checktest.Load(t, checktest.Builtin(t), "test.yaml", checktest.Head+text)
	made, found, err := plan.Make(checked, plan.Options{Inputs: value.Object(), Choice: choice})
	return made, checktest.Findings(found), err
}

// leftOut lists the steps and instances that are left out, with their causes.
func leftOut(p *plan.Plan) []string {
	var out []string
	for s := range p.All() {
		if s.LeftOut != nil {
			out = append(out, s.ID+": "+s.LeftOut.Cause)
		}
	}
	return out
}

const partly = `steps:
  - {id: a, uses: assert, with: {that: true}}
  - {id: b, uses: assert, with: {that: true}, needs: [a]}
  - {id: aside, uses: assert, with: {that: true}, needs: []}
  - {id: c, uses: assert, with: {that: true}, needs: [b], foreach: [x, y]}
  - {id: d, uses: assert, with: {that: true}, needs: [c, aside]}
finally:
  - {id: f, uses: assert, with: {that: true}}
`

func TestWhatAChoiceLeavesOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		choice event.Choice
		out    []string
	}{
		"before a step is all that it needs, and nothing beside it": {
			event.Choice{From: "c"}, []string{"a: before --from c", "b: before --from c"},
		},
		"nothing is before the first": {event.Choice{From: "a"}, nil},
		"only some, and finally": {
			event.Choice{Only: []string{"b", "aside"}}, []string{"a: not in --only b,aside", "c: not in --only b,aside", "d: not in --only b,aside"},
		},
		"one of finally": {event.Choice{Skip: []string{"f"}, Reason: "r"}, []string{"f: --skip"}},
		"an instance": {
			event.Choice{Skip: []string{`c["y"]`, "a"}, Reason: "r"}, []string{"a: --skip", `c["y"]: --skip`},
		},
		"a whole loop, of which nothing is planned": {event.Choice{Skip: []string{"c"}, Reason: "r"}, []string{"c: --skip"}},
		"several ways at once": {
			event.Choice{From: "b", Skip: []string{"aside"}, Reason: "r"}, []string{"a: before --from b", "aside: --skip"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.choice.By = "ann"
			made, found, err := part(t, partly, &c.choice)
			if err != nil || found != "" {
				t.Fatal(err, found)
			}
			if diff := cmp.Diff(c.out, leftOut(made)); diff != "" {
				t.Error(diff)
			}
			if made.Counts.LeftOut != len(c.out) || made.Counts.Read != made.Counts.Steps-len(c.out) {
				t.Errorf("%d are left out, and it counts %+v", len(c.out), made.Counts)
			}
			all, _, _ := part(t, partly, nil)
			if made.Digest == all.Digest && c.out != nil {
				t.Error("a part has the digest of the whole")
			}
		})
	}
}

func TestChoicesThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, choice := range map[string]event.Choice{
		"--from bb: the runbook has no such step (b?)":                                   {From: "bb"},
		"--only ddddd: the runbook has no such step":                                     {Only: []string{"aside", "ddddd"}},
		`--from c["x"]: it takes whole steps, and instances are left out by --skip (c?)`: {From: `c["x"]`},
		"--from f: the steps of finally are done whatever is chosen":                     {From: "f"},
		"--only f: the steps of finally are done whatever is chosen":                     {Only: []string{"f"}},
		"--skip a: there is no reason for it":                                            {Skip: []string{"a"}, Reason: " "},
		`--skip a["x"]: a is done once, and has no instances (a?)`:                       {Skip: []string{`a["x"]`}, Reason: "r"},
		`--skip c["xx"]: c is not done for it (c["x"]?)`:                                 {Skip: []string{`c["xx"]`}, Reason: "r"},
		"--from and --only: each says which steps are done: give one of them":            {From: "b", Only: []string{"c"}},
		`--skip nothing["x"]: the runbook has no such step`:                              {Skip: []string{`nothing["x"]`}, Reason: "r"},
	} {
		_, _, err := part(t, partly, &choice)
		var wrong *plan.ChoiceError
		if !errors.As(err, &wrong) {
			t.Errorf("%+v: %v", choice, err)
			continue
		}
		got := wrong.Error()
		if wrong.Near != "" {
			got += " (" + wrong.Near + "?)"
		}
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestWhatIsLeftOutGivesNothing(t *testing.T) {
	t.Parallel()
	const check = `steps:
  - {id: a, uses: http.check, with: {url: "http://x"}}
`
	skip := &event.Choice{Skip: []string{"a"}, Reason: "r", By: "ann"}
	for name, c := range map[string]struct{ step, found string }{
		"a parameter":            {`{id: b, uses: wait, with: {for: "${{ steps.a.outputs.status }}s"}}`, "GB0708"},
		"a gate":                 {`{id: b, uses: wait, with: {for: 1s}, gate: {expr: steps.a.outputs.status == 200}}`, "GB0708"},
		"a gate that observes":   {`{id: b, uses: wait, with: {for: 1s}, gate: {observe: {uses: http.check, with: {url: "http://y"}}, expr: observed.status == steps.a.outputs.status}}`, "GB0708"},
		"a verify":               {`{id: b, uses: wait, with: {for: 1s}, verify: {expr: steps.a.outputs.status == 200}}`, "GB0708"},
		"a when":                 {`{id: b, uses: wait, with: {for: 1s}, when: steps.a.outputs.status == 200}`, "GB0708"},
		"the items of a loop":    {`{id: b, uses: wait, with: {for: 1s}, foreach: "${{ [steps.a.outputs.status] }}"}`, "GB0708"},
		"whether to try again":   {`{id: b, uses: wait, with: {for: 1s}, retry: {attempts: 2, if: steps.a.outputs.status == 200}}`, "GB0708"},
		"a rollback":             {`{id: b, uses: exec, with: {command: [x]}, rollback: {uses: exec, with: {command: ["${{ string(steps.a.outputs.status) }}"]}}}`, "GB0708"},
		"a value as it is":       {`{id: b, uses: http.check, with: {url: "http://y", expectStatus: "${{ [steps.a.outputs.status] }}"}}`, "GB0708"},
		"a value that asks how":  {`{id: b, uses: wait, with: {for: "${{ steps.a.status == 'skipped' ? '1s' : string(steps.a.outputs.status) }}"}}`, ""},
		"one that asks first":    {`{id: b, uses: wait, with: {for: 1s}, gate: {expr: "!has(steps.a.outputs) || steps.a.outputs.status == 200"}}`, ""},
		"one that asks how":      {`{id: b, uses: wait, with: {for: 1s}, when: steps.a.status == 'skipped' || steps.a.outputs.status == 200}`, ""},
		"one that asks only how": {`{id: b, uses: wait, with: {for: 1s}, gate: {expr: steps.a.status == 'skipped'}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found, err := part(t, check+"  - "+c.step+"\noutputs: {status: \"${{ steps.a.outputs.status }}\"}\n", skip)
			if err != nil || !strings.Contains(found, c.found) || c.found == "" && found != "" || strings.Count(found, "GB0") > 1 {
				t.Errorf("found %q, %v", found, err)
			}
		})
	}
}

// What uses an instance that is left out cannot be computed, and is found before a run; what
// copes with that is let be, and so is what cannot be told before the run.
func TestAnInstanceThatIsLeftOutGivesNothing(t *testing.T) {
	t.Parallel()
	const many = `steps:
  - {id: a, uses: http.check, foreach: [x, y], with: {url: "http://${{ each.value }}"}}
`
	const unknown = `steps:
  - {id: z, uses: http.check, with: {url: "http://z"}}
  - {id: a, uses: http.check, foreach: "${{ [string(steps.z.outputs.status), 'x'] }}", with: {url: "http://${{ each.value }}"}}
`
	skip := &event.Choice{Skip: []string{`a["x"]`}, Reason: "r", By: "ann"}
	for name, c := range map[string]struct{ loop, step, found string }{
		"a parameter":                   {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.byKey.x.status }}s"}}`, "GB0708"},
		"one behind a bracket":          {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.byKey['x'].status }}s"}}`, "GB0708"},
		"one that is calculated":        {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.byKey.x.status + 1 }}s"}}`, "GB0708"},
		"a place that is not there":     {many, `{id: b, uses: wait, with: {for: 1s}, gate: {expr: "steps.a.outputs.list[1].status == 200"}}`, "GB0708"},
		"a value of such a place":       {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.list[1].status }}s"}}`, "GB0708"},
		"one behind another":            {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.list[0].status + steps.a.outputs.list[-2].status }}s"}}`, "GB0708"},
		"a value that counts first":     {many, `{id: b, uses: wait, with: {for: "${{ len(steps.a.outputs.list) > 1 ? steps.a.outputs.list[1].status : 1 }}s"}}`, ""},
		"a gate":                        {many, `{id: b, uses: wait, with: {for: 1s}, gate: {expr: steps.a.outputs.byKey.x.status == 200}}`, "GB0708"},
		"a gate with brackets":          {many, `{id: b, uses: wait, with: {for: 1s}, gate: {expr: "steps.a.outputs.byKey['x'].status == 200"}}`, "GB0708"},
		"a rollback":                    {many, `{id: b, uses: exec, with: {command: [x]}, rollback: {uses: exec, with: {command: ["${{ steps.a.outputs.byKey.x.status }}s"]}}}`, "GB0708"},
		"the other one":                 {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.byKey.y.status }}s"}, gate: {expr: "steps.a.outputs.list[0].status == 200"}}`, ""},
		"one that asks first":           {many, `{id: b, uses: wait, with: {for: 1s}, gate: {expr: "!has(steps.a.outputs.byKey.x) || steps.a.outputs.byKey.x.status == 200"}}`, ""},
		"one that has another":          {many, `{id: b, uses: wait, with: {for: "${{ steps.a.outputs.byKey.x?.status ?? 1 }}s"}}`, ""},
		"all that there are":            {many, `{id: b, uses: wait, with: {for: 1s}, gate: {expr: "steps.a.outputs.list.all(o, o.status == 200)"}}`, ""},
		"how it went":                   {many, `{id: b, uses: wait, with: {for: 1s}, when: steps.a.status == 'succeeded'}`, ""},
		"of what is known only in time": {unknown, `{id: b, uses: wait, with: {for: 1s}, gate: {expr: steps.a.outputs.byKey.x.status == 200}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, found, err := part(t, c.loop+"  - "+c.step+"\noutputs: {status: \"${{ steps.a.outputs.byKey.x.status }}\"}\n", skip)
			if err != nil || !strings.Contains(found, c.found) || c.found == "" && found != "" || strings.Count(found, "GB0") > 1 {
				t.Errorf("found %q, %v", found, err)
			}
		})
	}
}

// A part of a plan is the plan with some of its steps left out: the others are as they were, and
// nothing of what is left out is counted.
func TestAPartIsTheWholeWithoutWhatIsLeftOut(t *testing.T) {
	t.Parallel()
	catalogue := checktest.Builtin(t)
	rapid.Check(t, func(r *rapid.T) {
		checked := checktest.Load(t, catalogue, "test.yaml", drawRunbook(r))
		whole := mustPlan(t, checked, "")
		ids := make([]string, len(whole.Steps))
		for i, s := range whole.Steps {
			ids[i] = s.ID
		}
		choice := &event.Choice{By: "ann", Reason: "r", Skip: rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 3, rapid.ID).Draw(r, "skip")}
		if from := rapid.Bool().Draw(r, "from"); from {
			choice.From = rapid.SampledFrom(ids).Draw(r, "first")
		} else {
			choice.Only = rapid.SliceOfNDistinct(rapid.SampledFrom(ids), 0, 3, rapid.ID).Draw(r, "only")
		}
		made, found, err := plan.Make(checked, plan.Options{Inputs: value.Object(), Choice: choice})
		if err != nil || found.HasErrors() {
			r.Fatal(err, found)
		}
		out := 0
		for i, s := range made.Steps {
			if s.ID != whole.Steps[i].ID || !cmp.Equal(edges(s), edges(whole.Steps[i])) {
				r.Fatalf("step %d is %s after %v, and was %s after %v", i, s.ID, edges(s), whole.Steps[i].ID, edges(whole.Steps[i]))
			}
			if s.LeftOut != nil {
				out++
			}
			if s.ID == choice.From && s.LeftOut != nil && s.LeftOut.Cause != "--skip" {
				r.Fatalf("%s is where it begins, and is left out: %s", s.ID, s.LeftOut.Words())
			}
		}
		if made.Counts.LeftOut != out || made.Counts.Change != len(made.Steps)-out {
			r.Fatalf("%d of %d are left out, and it counts %+v", out, len(made.Steps), made.Counts)
		}
	})
}

func edges(s *plan.Step) []string {
	var needs []string
	for _, e := range s.Needs {
		needs = append(needs, e.Step)
	}
	return needs
}

// with leaves out an instance of a step.
func with(s *plan.Step, key string, why *event.LeftOut) *plan.Step {
	s.Loop = &plan.Loop{LeftOut: map[string]*event.LeftOut{key: why}}
	return s
}

func TestAnApprovalThatIsLeftOutBeforeWhatDestroys(t *testing.T) {
	t.Parallel()
	out := &event.LeftOut{By: "ann"}
	step := func(id string, effect sdk.Effect, asks bool, why *event.LeftOut, needs ...string) *plan.Step {
		s := &plan.Step{ID: id, LeftOut: why, Use: plan.Use{Effect: effect, Describe: sdk.Description{Asks: asks}}}
		for _, need := range needs {
			s.Needs = append(s.Needs, plan.Edge{Step: need})
		}
		return s
	}
	for name, c := range map[string]struct {
		steps []*plan.Step
		want  string
	}{
		"directly":                         {[]*plan.Step{step("ask", sdk.Read, true, out), step("wipe", sdk.Destroy, false, nil, "ask")}, "ask wipe"},
		"by a step between":                {[]*plan.Step{step("ask", sdk.Read, true, out), step("b", sdk.Read, false, out, "ask"), step("wipe", sdk.Destroy, false, nil, "b")}, "ask wipe"},
		"that is left out too":             {[]*plan.Step{step("ask", sdk.Read, true, out), step("wipe", sdk.Destroy, false, out, "ask")}, ""},
		"beside it":                        {[]*plan.Step{step("ask", sdk.Read, true, out), step("wipe", sdk.Destroy, false, nil)}, ""},
		"that is not left out":             {[]*plan.Step{step("ask", sdk.Read, true, nil), step("wipe", sdk.Destroy, false, nil, "ask")}, ""},
		"and only changes":                 {[]*plan.Step{step("ask", sdk.Read, true, out), step("put", sdk.Change, false, nil, "ask")}, ""},
		"of two, each by itself":           {[]*plan.Step{step("ask", sdk.Read, true, out), step("again", sdk.Read, true, out, "ask"), step("wipe", sdk.Destroy, false, nil, "again")}, "ask wipe, again wipe"},
		"of which an instance is left out": {[]*plan.Step{with(step("ask", sdk.Read, true, nil), "x", out), step("wipe", sdk.Destroy, false, nil, "ask")}, "ask wipe"},
	} {
		p, err := plan.New(plan.Plan{Steps: c.steps})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, open := range p.Unguarded() {
			got = append(got, open.Approval.ID+" "+open.Destroys.ID)
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
