package agreed_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/agreed"
	"github.com/gatebook/gatebook/engine/check/checktest"
	"github.com/gatebook/gatebook/engine/inclusion/inclusiontest"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// step is one that changes something, and can be taken back.
func step(id string, needs ...string) *plan.Step {
	s := &plan.Step{ID: id, OnFailure: plan.Rollback, Use: plan.Use{Effect: sdk.Change}, Rollback: &plan.Compensation{Own: true}}
	for _, need := range needs {
		s.Needs = append(s.Needs, plan.Edge{Step: need, Reason: plan.Needed})
	}
	return s
}

func with(s *plan.Step, change func(*plan.Step)) *plan.Step {
	change(s)
	return s
}

func reads(s *plan.Step)     { s.Effect, s.Rollback = sdk.Read, nil }
func closes(s *plan.Step)    { s.Finally, s.Rollback = true, nil }
func isSkipped(s *plan.Step) { s.When = &plan.Condition{State: plan.State{Truth: "false"}} }
func leavesNoTrace(s *plan.Step) {
	s.Rollback, s.Describe.NothingToUndo = &plan.Compensation{None: "it was sent"}, "it was sent"
}

// reach are connections by name, each of a plugin that has said what it reaches.
type reach map[string]struct{ plugin, target string }

// made returns the connections, and what tells their targets.
func (r reach) made(t testing.TB) (map[string]*plan.Connection, *plan.Targets) {
	t.Helper()
	made, targets := map[string]*plan.Connection{}, &plan.Targets{}
	for name, of := range r {
		made[name] = &plan.Connection{Name: name, Source: of.plugin}
		if err := targets.Of(made[name])(context.Background(), sdk.Target{ID: of.target}); err != nil {
			t.Fatal(err)
		}
		targets.Show(made[name])
	}
	return made, targets
}

// saw has the plan of a step see a thing of its own.
func saw(s *plan.Step) *plan.Step {
	s.Preview = &sdk.Preview{Observed: []sdk.Seen{{Kind: "thing", Name: s.ID, Version: "1"}}}
	return s
}

// marking has the plan of a step see things, of which it changes those with a star.
func marking(s *plan.Step, things ...string) *plan.Step {
	s.Preview = &sdk.Preview{}
	for _, thing := range things {
		name, changes := strings.CutSuffix(thing, "*")
		s.Preview.Observed = append(s.Preview.Observed, sdk.Seen{Kind: "thing", Name: name, Version: "1", Changes: changes})
	}
	return s
}

// many has a step done for many, in batches.
func many(s *plan.Step, batches ...int) *plan.Step {
	s.Loop = &plan.Loop{Batches: batches}
	for _, batch := range batches {
		for range batch {
			s.Loop.Instances = append(s.Loop.Instances, saw(s.Instance(fmt.Sprint(len(s.Loop.Instances)))))
		}
	}
	return s
}

// What the plan saw is handed to a step only where nothing can have changed on its target before
// it, by the order of the plan.
func TestTheFirstChangeOfATargetGoesByWhatThePlanSaw(t *testing.T) {
	t.Parallel()
	over, targets := reach{"red": {"shop", "1"}, "also_red": {"shop", "1"}, "blue": {"shop", "2"}, "dark": {"shop", ""}, "bank": {"bank", "2"}}.made(t)
	on := func(name string, s *plan.Step) *plan.Step {
		s.Connection = over[name]
		return saw(s)
	}
	for name, c := range map[string]struct {
		steps []*plan.Step
		want  []string
	}{
		"the first of two":               {[]*plan.Step{on("red", step("a")), on("red", step("b", "a"))}, []string{"a"}},
		"one beside it may be quicker":   {[]*plan.Step{on("red", step("a")), on("red", step("b"))}, nil},
		"another that comes in the end":  {[]*plan.Step{on("red", step("a")), on("red", with(step("f"), closes))}, []string{"a"}},
		"only in the end":                {[]*plan.Step{on("red", with(step("f"), closes))}, nil},
		"behind what is read":            {[]*plan.Step{on("red", with(step("r"), reads)), on("red", step("a", "r"))}, []string{"a"}},
		"behind what is skipped":         {[]*plan.Step{on("red", with(step("s"), isSkipped)), on("red", step("a", "s"))}, []string{"a"}},
		"behind what leaves nothing":     {[]*plan.Step{on("red", with(step("n"), leavesNoTrace)), on("red", step("a", "n"))}, []string{"a"}},
		"of two targets each":            {[]*plan.Step{on("red", step("a")), on("blue", step("b", "a")), on("red", step("c", "b")), on("blue", step("d", "c"))}, []string{"a", "b"}},
		"of two targets, side by side":   {[]*plan.Step{on("red", step("a")), on("blue", step("b"))}, []string{"a", "b"}},
		"another way to the same target": {[]*plan.Step{on("red", step("a")), on("also_red", step("b", "a"))}, []string{"a"}},
		"nobody knows which target":      {[]*plan.Step{on("dark", step("a")), on("red", step("b", "a"))}, []string{"a"}},
		"another plugin may be anywhere": {[]*plan.Step{on("bank", step("a")), on("red", step("b", "a"))}, []string{"a"}},
		"a program may do anything":      {[]*plan.Step{saw(step("a")), on("red", step("b", "a"))}, []string{"a"}},
		"a program beside it":            {[]*plan.Step{on("red", step("a")), saw(step("b"))}, nil},
		"what takes another back": {[]*plan.Step{on("blue", with(step("a"), func(s *plan.Step) {
			s.Rollback = &plan.Compensation{Use: &plan.Use{Connection: over["red"]}}
		})), on("red", step("b", "a"))}, []string{"a"}},
		"nobody asked it": {[]*plan.Step{with(step("a"), func(s *plan.Step) { s.Connection = over["red"] }), on("red", step("b", "a"))}, nil},
		"it saw nothing":  {[]*plan.Step{with(on("red", step("a")), func(s *plan.Step) { s.Preview.Observed = nil })}, nil},
		"it saw a secret": {[]*plan.Step{with(on("red", step("a")), func(s *plan.Step) {
			s.Preview.Observed = append(s.Preview.Observed, sdk.Seen{Kind: "thing", Name: "x", Version: value.Mask})
		})}, []string{"a"}},
		"each alone, the first":      {[]*plan.Step{many(on("red", step("a")), 1, 1)}, []string{`a["0"]`}},
		"several at once":            {[]*plan.Step{many(on("red", step("a")), 2, 1)}, nil},
		"several, one by one":        {[]*plan.Step{with(many(on("red", step("a")), 3), func(s *plan.Step) { s.Loop.MaxParallel = 1 })}, []string{`a["0"]`}},
		"nobody knows for how many":  {[]*plan.Step{on("red", with(step("a"), func(s *plan.Step) { s.Loop = &plan.Loop{} }))}, nil},
		"of which the first is left": {[]*plan.Step{with(many(on("red", step("a")), 1, 1), func(s *plan.Step) { isSkipped(s.Loop.Instances[0]) })}, nil},
	} {
		p, err := plan.New(plan.Plan{Steps: c.steps, Targets: targets})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]sdk.Seen{}
		for _, id := range c.want {
			want[id] = []sdk.Seen{{Kind: "thing", Name: id, Version: "1"}}
		}
		if diff := cmp.Diff(want, agreed.Seen(p), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// An action that marks what it changes leaves all else as the plan saw it.
func TestWhatNoOtherStepChangesGoesByWhatThePlanSaw(t *testing.T) {
	t.Parallel()
	over, targets := reach{"red": {"shop", "1"}, "blue": {"shop", "2"}}.made(t)
	on := func(name string, s *plan.Step) *plan.Step {
		s.Connection = over[name]
		return s
	}
	each := func(things ...string) *plan.Step {
		s := many(on("red", step("a")), slices.Repeat([]int{1}, len(things))...)
		for i, one := range s.Loop.Instances {
			marking(one, things[i])
		}
		return s
	}
	for name, c := range map[string]struct {
		steps []*plan.Step
		want  map[string]string
	}{
		"two things":                 {[]*plan.Step{on("red", marking(step("a"), "x*")), on("red", marking(step("b", "a"), "y*"))}, map[string]string{"a": "x", "b": "y"}},
		"side by side":               {[]*plan.Step{on("red", marking(step("a"), "x*")), on("red", marking(step("b"), "y*"))}, map[string]string{"a": "x", "b": "y"}},
		"one thing twice":            {[]*plan.Step{on("red", marking(step("a"), "x*")), on("red", marking(step("b", "a"), "x*"))}, map[string]string{"a": "x"}},
		"one thing, side by side":    {[]*plan.Step{on("red", marking(step("a"), "x*")), on("red", marking(step("b"), "x*"))}, nil},
		"one thing of two targets":   {[]*plan.Step{on("red", marking(step("a"), "x*")), on("blue", marking(step("b"), "x*"))}, map[string]string{"a": "x", "b": "x"}},
		"what is only looked at":     {[]*plan.Step{on("red", marking(step("a"), "x*", "z")), on("red", marking(step("b", "a"), "y*", "z", "x"))}, map[string]string{"a": "x z", "b": "y z"}},
		"behind one that marks none": {[]*plan.Step{on("red", marking(step("a"), "x")), on("red", marking(step("b", "a"), "y*"))}, map[string]string{"a": "x"}},
		"before one that marks none": {[]*plan.Step{on("red", marking(step("a"), "y*")), on("red", marking(step("b", "a"), "x"))}, map[string]string{"a": "y", "b": "x"}},
		"beside one that marks none": {[]*plan.Step{on("red", marking(step("a"), "y*")), on("red", marking(step("b"), "x"))}, map[string]string{"b": "x"}},
		"behind one nobody asked":    {[]*plan.Step{on("red", step("a")), on("red", marking(step("b", "a"), "y*"))}, nil},
		"behind what takes back": {[]*plan.Step{on("red", with(marking(step("a"), "x*"), func(s *plan.Step) {
			s.Rollback = &plan.Compensation{Use: &plan.Use{Connection: over["red"]}}
		})), on("red", marking(step("b", "a"), "y*"))}, map[string]string{"a": "x"}},
		"behind what leaves nothing, but what it marks": {
			[]*plan.Step{on("red", with(marking(step("a"), "x*"), leavesNoTrace)), on("red", marking(step("b", "a"), "x*", "y"))},
			map[string]string{"a": "x", "b": "y"},
		},
		"each of many":                          {[]*plan.Step{each("x*", "y*", "z*")}, map[string]string{`a["0"]`: "x", `a["1"]`: "y", `a["2"]`: "z"}},
		"each of many, of which two are alike":  {[]*plan.Step{each("x*", "y*", "x*")}, map[string]string{`a["0"]`: "x", `a["1"]`: "y"}},
		"each of many, of which one marks none": {[]*plan.Step{each("x*", "y", "z*")}, map[string]string{`a["0"]`: "x", `a["1"]`: "y"}},
	} {
		p, err := plan.New(plan.Plan{Steps: c.steps, Targets: targets})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for id, seen := range agreed.Seen(p) {
			var names []string
			for _, one := range seen {
				if names = append(names, one.Name); one.Changes {
					t.Errorf("%s: it is told what it changes", name)
				}
			}
			got[id] = strings.Join(names, " ")
		}
		if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// A thing has a name, and may have an ID, by either of which another step may know it.
func TestAThingIsKnownByItsID(t *testing.T) {
	t.Parallel()
	seen := func(id, name string, needs ...string) *plan.Step {
		s := step(id, needs...)
		s.Connection = &plan.Connection{Name: "red", Source: "shop"}
		s.Preview = &sdk.Preview{Observed: []sdk.Seen{{Kind: "thing", Name: name, Version: "1", ID: "uid-1", Changes: true}}}
		return s
	}
	p, err := plan.New(plan.Plan{Steps: []*plan.Step{seen("a", "x"), seen("b", "uid-1", "a")}, Targets: &plan.Targets{}})
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(agreed.Seen(p))); !slices.Equal(got, []string{"a"}) {
		t.Errorf("it is told to %v", got)
	}
}

// Whatever the order and the targets: a step is told what the plan saw where all others that
// change something on its target wait for it, and no other step is.
func TestNoChangeOfTheRunComesBeforeWhatThePlanSaw(t *testing.T) {
	t.Parallel()
	tally.Check(t, func(r *rapid.T, told tally.Tally) {
		over, targets := reach{"a": {"shop", "1"}, "b": {"shop", "2"}, "c": {"shop", "1"}}.made(t)
		places := []*plan.Connection{over["a"], over["a"], over["b"], over["b"], over["c"], nil}
		same := func(a, b *plan.Step) bool {
			target := a.Connection == nil || b.Connection == nil || (a.Connection == over["b"]) == (b.Connection == over["b"])
			is, other := a.Preview.Observed[0], b.Preview.Observed[0]
			return target && (!other.Changes || is.Name == other.Name)
		}
		var steps []*plan.Step
		var after []map[int]bool // of each step, all that it waits for in the end
		for i := range rapid.IntRange(1, 6).Draw(r, "steps") {
			s, waits := step(fmt.Sprint("s", i)), map[int]bool{}
			marking(s, rapid.SampledFrom([]string{"x", "x*", "y*"}).Draw(r, "thing"))
			s.Connection = rapid.SampledFrom(places).Draw(r, "over")
			for j := range i {
				if rapid.IntRange(0, 2).Draw(r, "needs") > 0 {
					s.Needs = append(s.Needs, plan.Edge{Step: fmt.Sprint("s", j), Reason: plan.Needed})
					waits[j] = true
					maps.Copy(waits, after[j])
				}
			}
			steps, after = append(steps, s), append(after, waits)
		}
		p, err := plan.New(plan.Plan{Steps: steps, Targets: targets})
		if err != nil {
			r.Fatal(err)
		}
		seen := agreed.Seen(p)
		for i, s := range steps {
			first := true
			for j, other := range steps {
				first = first && (i == j || !same(s, other) || after[j][i])
			}
			if _, got := seen[s.ID]; got != first {
				r.Fatalf("%s is told what the plan saw: %t, and is the first change of its target: %t", s.ID, got, first)
			}
			if first && len(steps) > 1 {
				told["told"]++
			} else if !first {
				told["not told"]++
			}
		}
	}, "told", "not told")
}

// The first change of a runbook that is taken in is one like every other; in one that is taken in
// for each of many, another may be as quick.
func TestWhatIsTakenInGoesByWhatThePlanSawToo(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"web.yaml": checktest.Head + `steps:
- {id: look, uses: exec.check, with: {command: [a]}}
- {id: b, uses: exec, with: {command: [b]}}
- {id: c, uses: exec, with: {command: [c]}}
`,
		"once.yaml": checktest.Head + `steps:
- {id: web, uses: runbook, with: {file: web.yaml}}
- {id: after, uses: exec, with: {command: [d]}}
`,
		"many.yaml": checktest.Head + `steps:
- {id: web, uses: runbook, foreach: [x, y], with: {file: web.yaml}}
`,
	}
	for name, want := range map[string][]string{"once.yaml": {"web.b"}, "many.yaml": nil} {
		made, found, err := plan.Make(inclusiontest.Load(t, checktest.Builtin(t), name, files), plan.Options{Inputs: value.Object()})
		if err != nil {
			t.Fatal(err)
		}
		checktest.NoErrors(t, found)
		for s := range made.All() {
			saw(s)
		}
		if got := slices.Sorted(maps.Keys(agreed.Seen(made))); !slices.Equal(got, want) {
			t.Errorf("%s: it is told to %v, want %v", name, got, want)
		}
		if offline := agreed.Seen(plan.Offline(made)); offline != nil {
			t.Errorf("%s: offline it is told to %v", name, offline)
		}
	}
}
