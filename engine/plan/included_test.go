package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// included is the plan of testdata/included, or of a part of it.
func included(t *testing.T, choice *event.Choice) (*plan.Plan, error) {
	t.Helper()
	checked := inclusiontest.Load(t, checktest.Builtin(t), "runbook.yaml", filesOf(t, "testdata/included"))
	inputs, _, found := input.Values(checked, checktest.Given(read(t, "testdata/included/inputs")))
	checktest.NoErrors(t, found)
	made, found, err := plan.Make(checked, plan.Options{Inputs: inputs, Choice: choice})
	if choice == nil { // what is left out may be missed, which is another test's affair
		checktest.NoErrors(t, found)
	}
	return made, err
}

func idsOf(steps []*plan.Step) []string {
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.ID
	}
	return ids
}

func TestEachStepThatIsTakenInIsDoneOnceAndFoundByItsID(t *testing.T) {
	t.Parallel()
	made, err := included(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []*plan.Plan{made, made.Copy()} {
		done := slices.Collect(of.All())
		ids := idsOf(done)
		if slices.Sort(ids); len(slices.Compact(ids)) != len(done) {
			t.Errorf("a step is done twice: %v", ids)
		}
		for _, s := range done {
			if found, ok := of.Step(s.ID); !ok || found != s {
				t.Errorf("%s is not found by its id", s.ID)
			}
			if template := of.Steps[s.Index].ID; template != event.Template(s.ID) {
				t.Errorf("%s is in the place of %s", s.ID, template)
			}
		}
		for id, want := range map[string][]string{
			`sites.drain`: {`sites["a"].drain["n1"]`, `sites["a"].drain["n2"]`, `sites["b"].drain["n1"]`, `sites["b"].drain["n2"]`},
			`sites.tidy`:  {`sites["a"].tidy`, `sites["b"].tidy`}, `web.roll`: {`web.roll`}, `later.roll`: {`later.roll`},
		} {
			s, _ := of.Step(id)
			if diff := cmp.Diff(want, idsOf(s.Each())); diff != "" {
				t.Errorf("%s is done as (-want +got):\n%s", id, diff)
			}
		}
	}
}

func TestWhatAStepTakesInIsTold(t *testing.T) {
	t.Parallel()
	made, err := included(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string][]string{
		`web`:              {`web.pull`, `web.roll`, `web.tell`},
		`sites["a"]`:       {`sites["a"].drain`, `sites["a"].tidy`, `sites["a"].tidy.sweep`},
		`sites["a"].tidy`:  {`sites["a"].tidy.sweep`},
		`later["x"]`:       {`later["x"].pull`, `later["x"].roll`, `later["x"].tell`},
		`web.roll`:         {},
		`sites["a"].drain`: {},
	} {
		s, ok := made.Step(id)
		if !ok {
			t.Fatalf("there is no %s", id)
		}
		if diff := cmp.Diff(want, idsOf(made.Inside(s))); diff != "" {
			t.Errorf("inside of %s (-want +got):\n%s", id, diff)
		}
	}
	roll, ok := made.Step(`later["x"].roll`)
	if !ok || roll.Within != `later["x"]` || roll.Needs[0].Step != `later["x"].pull` || roll.Runbook != nil {
		t.Errorf("a step that is not known before a run is %+v", roll)
	}
	for _, id := range []string{`later["x"].rol`, `web["x"].roll`, `later["x"`, `never["x"].pull`} {
		if s, ok := made.Step(id); ok {
			t.Errorf("%s is found as %s", id, s.ID)
		}
	}
	if pull, _ := made.Step("never.pull"); !pull.Skipped() || pull.IsLeftOut() {
		t.Error("a step of a runbook that is skipped is not skipped")
	}
}

func TestAPartOfWhatIsTakenIn(t *testing.T) {
	t.Parallel()
	why := func(cause string, ids ...string) []string {
		for i, id := range ids {
			ids[i] = id + ": " + cause
		}
		return ids
	}
	for name, c := range map[string]struct {
		choice event.Choice
		out    []string
	}{
		"one step":                             {event.Choice{Skip: []string{"web.pull"}}, why("--skip", "web.pull")},
		"a whole runbook":                      {event.Choice{Skip: []string{"web"}}, why("--skip", "web", "web.pull", "web.roll", "web.tell")},
		"a step of each instance":              {event.Choice{Skip: []string{"sites.tidy"}}, why("--skip", `sites["a"].tidy`, `sites["b"].tidy`, `sites["a"].tidy.sweep`, `sites["b"].tidy.sweep`)},
		"a step of one instance":               {event.Choice{Skip: []string{`sites["b"].tidy.sweep`}}, why("--skip", `sites["b"].tidy.sweep`)},
		"an instance of a step of an instance": {event.Choice{Skip: []string{`sites["a"].drain["n2"]`}}, why("--skip", `sites["a"].drain["n2"]`)},
		"before a step inside": {
			event.Choice{From: "web.roll"}, why("before --from web.roll", "look", "web.pull"),
		},
		"only a step inside, with the finally beside it": {
			event.Choice{Only: []string{"web.roll"}},
			why("not in --only web.roll", "look", "web.pull", "sites", "sites.drain", "sites.tidy", "sites.tidy.sweep", "never", "never.pull", "never.roll", "never.tell", "later", "later.pull", "later.roll", "later.tell"),
		},
		"only one runbook": {
			event.Choice{Only: []string{"web"}},
			why("not in --only web", "look", "sites", "sites.drain", "sites.tidy", "sites.tidy.sweep", "never", "never.pull", "never.roll", "never.tell", "later", "later.pull", "later.roll", "later.tell"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.choice.By, c.choice.Reason = "ann", "r"
			made, err := included(t, &c.choice)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.out, leftOut(made)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPartsOfWhatIsTakenInThatCannotBe(t *testing.T) {
	t.Parallel()
	for want, choice := range map[string]event.Choice{
		"--skip web.rol: the runbook has no such step (web.roll?)":            {Skip: []string{"web.rol"}},
		`--skip web["x"].roll: web is done once, and has no instances (web?)`: {Skip: []string{`web["x"].roll`}},
		`--skip sites.drain["n1"]: sites is done for many: say for which of them the instance is left out (sites.drain?)`: {
			Skip: []string{`sites.drain["n1"]`},
		},
		`--skip sites["c"].tidy: there is no such instance, or none that is known before a run: of those a step is left out for all or for none (sites.tidy?)`: {
			Skip: []string{`sites["c"].tidy`},
		},
		`--skip later["x"].roll: there is no such instance, or none that is known before a run: of those a step is left out for all or for none (later.roll?)`: {
			Skip: []string{`later["x"].roll`},
		},
		`--from sites["a"].tidy: it takes whole steps, and instances are left out by --skip (sites.tidy?)`: {From: `sites["a"].tidy`},
	} {
		choice.Reason = "r"
		_, err := included(t, &choice)
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

// TestTheDigestCoversWhatIsTakenIn wants another digest where a step inside does another thing.
func TestTheDigestCoversWhatIsTakenIn(t *testing.T) {
	t.Parallel()
	digests := map[string]string{}
	for _, does := range []string{"a", "b"} {
		for _, over := range []string{"", `, foreach: "${{ ['x'] }}"`} {
			site := checktest.Head + "steps: [{id: web, uses: runbook, with: {file: web.yaml}" + over + "}]\n"
			web := checktest.Head + "steps: [{id: a, uses: exec.check, with: {command: [" + does + "]}}]\n"
			made := mustPlan(t, inclusiontest.Load(t, checktest.Builtin(t), "site.yaml", map[string]string{"site.yaml": site, "web.yaml": web}), "")
			if other, taken := digests[made.Digest]; taken {
				t.Errorf("%s%s has the digest of %s", does, over, other)
			}
			digests[made.Digest] = does + over
		}
	}
}

func TestFindingsOfInstancesAreToldOnce(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"site.yaml": checktest.Head + "steps: [{id: web, uses: runbook, foreach: \"${{ ['a', 'b', 'c'] }}\", with: {file: web.yaml, inputs: {name: \"${{ each.value }}\"}}}]\n",
		"web.yaml":  checktest.Head + "inputs: {name: {type: string}}\nsteps: [{id: a, uses: exec.check, with: {command: [a]}, gate: {expr: inputs.name == 'a', message: only a}}]\n",
	}
	checked := inclusiontest.Load(t, checktest.Builtin(t), "site.yaml", files)
	_, found, err := plan.Make(checked, plan.Options{Inputs: value.Object()})
	if err != nil {
		t.Fatal(err)
	}
	if got := checktest.Findings(found); strings.Count(got, "\n") != 1 || !strings.Contains(got, `web["b"] and 1 more: With these inputs it is false: only a.`) {
		t.Errorf("found:\n%s", got)
	}
}

// site is a runbook that takes in another so often, one after the other, or for so many items.
func site(t testing.TB, n int, loop bool) *check.Runbook {
	files := map[string]string{
		"web.yaml": checktest.Head + "inputs: {name: {type: string}}\nvars: {all: \"${{ inputs.name + '!' }}\"}\nsteps:\n" +
			"- {id: a, uses: exec.check, with: {command: [a, \"${{ vars.all }}\"]}}\n- {id: b, uses: exec.check, with: {command: [b, \"${{ steps.a.outputs.stdout }}\"]}}\n",
	}
	text := checktest.Head + "steps:\n"
	if loop {
		text += fmt.Sprintf("- {id: web, uses: runbook, foreach: \"${{ map(1..%d, string(#)) }}\", with: {file: web.yaml, inputs: {name: \"${{ each.value }}\"}}}\n", n)
	}
	for i := 0; !loop && i < n; i++ {
		text += fmt.Sprintf("- {id: s%d, uses: runbook, with: {file: web.yaml, inputs: {name: x}}}\n", i)
	}
	files["site.yaml"] = text
	return inclusiontest.Load(t, checktest.Builtin(t), "site.yaml", files)
}

// TestAPlanOfTooManyIsRefused wants a list that is too long told where it is named, and not planned
// to its end.
func TestAPlanOfTooManyIsRefused(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{
		20: "",
		30: "With what is taken in for each of 30 the plan has more than 50 steps.",
	} {
		made, found, err := plan.Make(site(t, n, true), plan.Options{Inputs: value.Object(), Most: 50})
		if err != nil {
			t.Fatal(err)
		}
		got := checktest.Findings(found)
		if (want == "") != (got == "") || !strings.Contains(got, want) || want != "" && !strings.Contains(got, "GB0264") {
			t.Errorf("%d: found %q", n, got)
		}
		if known := made.Steps[0].Loop.Known(); known != (want == "") {
			t.Errorf("%d: it is known what it is done for: %t", n, known)
		}
	}
}

// BenchmarkIncluded shows that a runbook which is taken in costs the same however often it is.
func BenchmarkIncluded(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		for _, loop := range []bool{false, true} {
			if n == 10_000 && !loop {
				continue // more text than a runbook may have
			}
			b.Run(fmt.Sprintf("loop=%t/%d", loop, n), func(b *testing.B) {
				checked := site(b, n, loop)
				for b.Loop() {
					if _, _, err := plan.Make(checked, plan.Options{Inputs: value.Object()}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/runbook")
			})
		}
	}
}

// TestTheOrderLeadsThroughWhatIsTakenIn wants each step to wait for the last of what it waits for.
func TestTheOrderLeadsThroughWhatIsTakenIn(t *testing.T) {
	t.Parallel()
	made, err := included(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	waits := map[string][]string{}
	for i, edges := range made.Order() {
		for _, edge := range edges {
			if edge.From >= i || made.Steps[edge.From].ID != edge.Step {
				t.Errorf("%s waits for %s, which is not before it", made.Steps[i].ID, edge.Step)
			}
			waits[made.Steps[i].ID] = append(waits[made.Steps[i].ID], edge.Step)
		}
	}
	want := map[string][]string{
		"web": {"look"}, "web.pull": {"web"}, "web.roll": {"web.pull"}, "web.tell": {"web.roll"},
		"sites": {"web.tell"}, "sites.drain": {"sites"}, "sites.tidy": {"sites.drain"}, "sites.tidy.sweep": {"sites.tidy"},
		"never": {"sites.tidy.sweep"}, "never.pull": {"never"}, "never.roll": {"never.pull"}, "never.tell": {"never.roll"},
		"later": {"never.tell", "web.tell"}, "later.pull": {"later"}, "later.roll": {"later.pull"}, "later.tell": {"later.roll"},
		"tidy.sweep": {"tidy"},
	}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

// TestAnApprovalInsideGuardsWhatFollows leaves out an approval of a runbook that is taken in, behind
// which another one destroys.
func TestAnApprovalInsideGuardsWhatFollows(t *testing.T) {
	t.Parallel()
	step := func(id, within string, needs ...int) *plan.Step {
		s := &plan.Step{ID: id, Within: within}
		for _, from := range needs {
			s.Needs = append(s.Needs, plan.Edge{From: from})
		}
		return s
	}
	for name, leave := range map[string]string{"itself": "asks.ask", "all of it": "asks"} {
		steps := []*plan.Step{step("asks", ""), step("asks.ask", "asks"), step("drops", "", 0), step("drops.drop", "drops")}
		steps[0].Runbook, steps[2].Runbook = &plan.Inclusion{Size: 1}, &plan.Inclusion{Size: 1}
		steps[1].Describe.Asks, steps[3].Effect = true, sdk.Destroy
		for _, s := range steps {
			for i := range s.Needs {
				s.Needs[i].Step = steps[s.Needs[i].From].ID
			}
			if s.ID == leave {
				s.LeftOut = &event.LeftOut{By: "ann"}
			}
		}
		made, err := plan.New(plan.Plan{Steps: steps})
		if err != nil {
			t.Fatal(err)
		}
		if open := made.Unguarded(); len(open) != 1 || open[0].Approval.ID != "asks.ask" || open[0].Destroys.ID != "drops.drop" {
			t.Errorf("%s: %v is open", name, open)
		}
	}
}
