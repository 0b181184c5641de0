package machine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// revertible draws steps that may fail, and of which a rollback takes back what it can; some of
// them take in others.
func revertible(t *rapid.T, l loops) []*plan.Step {
	steps := drawRevertible(t, l, rapid.IntRange(1, 6).Draw(t, "steps"), 2)
	if rapid.Bool().Draw(t, "finally") {
		steps = append(steps, finally(change("f0")))
	}
	return steps
}

func drawRevertible(t *rapid.T, l loops, n, deep int) []*plan.Step {
	var steps []*plan.Step
	for i := range n {
		s := drawStep(t, i)
		s.When, s.Gate, s.Verify, s.Retry = nil, nil, nil, plan.Retry{Attempts: 1}
		for k := range s.Needs {
			if rapid.Bool().Draw(t, "in order") {
				s.Needs[k].Reason = plan.InOrder
			}
		}
		switch rapid.IntRange(0, 5).Draw(t, "when") {
		case 0:
			s.When = condition(always(expr.False))
			s.When.State.Truth = expr.False.String()
		case 1, 2:
			s.When = condition(always(rapid.SampledFrom([]expr.Truth{expr.True, expr.False}).Draw(t, "turns out")))
			s.When.State.Truth = expr.Unknown.String()
		}
		if rapid.Bool().Draw(t, "rolls back") {
			s.OnFailure = plan.Rollback
		}
		takesIn := deep > 0 && rapid.IntRange(0, 3).Draw(t, "takes in") == 0
		if takesIn {
			s.Use, s.Rollback = read(s.ID).Use, nil
			if rapid.Bool().Draw(t, "is verified") {
				s.Verify = conditions(always(expr.True))
			}
		}
		made := one(s)
		if takesIn {
			inside := drawRevertible(t, l, rapid.IntRange(1, 3).Draw(t, "steps inside"), deep-1)
			if rapid.Bool().Draw(t, "finally inside") {
				inside = append(inside, finally(change("f0")))
			}
			made = taking(s, inside...)
		}
		if rapid.IntRange(0, 2).Draw(t, "loop") == 0 {
			keys := []string{"x", "y", "z"}[rapid.IntRange(0, 2).Draw(t, "from"):]
			l.each(s, rapid.SampledFrom([]string{"{}", "{sizes: [2]}"}).Draw(t, "batch"), keys...)
			if rapid.Bool().Draw(t, "known") {
				knowing(s, keys...)
			}
		}
		steps = append(steps, made...)
	}
	return steps
}

// What a reviewer reads of a rollback is what a rollback does: for each step that may fail,
// both where nothing beside it is done by then, and where all is; and where it is done for many,
// both where each of them fails, and where the last does.
func TestARollbackGoesAsItsReviewSaid(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		steps := revertible(t, l)
		chains := map[string]review.Chain{}
		p := planOf(&fatal{t: t}, steps...)
		for _, c := range review.Of(p, nil).Chains {
			chains[c.Step] = c
		}
		for i, s := range steps {
			c, may := chains[s.ID]
			if may == (s.Finally || s.Skipped()) {
				t.Fatalf("%s may fail, says the review: %t", s.ID, may)
			}
			if !may || slices.ContainsFunc(withAround(p, s.ID), turnsOutSkipped) {
				continue
			}
			checkChain(t, failure{t: t, plan: p, steps: steps, at: i}, c)
			where := ""
			if s.Within != "" {
				where = " by a step inside"
			}
			for what, of := range map[string][]string{
				"taken back": c.Undo, "left": c.Left, "said to stay": c.Stays,
				"taken back beside": c.Beside.Undo, "left beside": c.Beside.Left, "said to stay beside": c.Beside.Stays,
			} {
				told[what+where] += len(of)
			}
		}
	}, "taken back", "left", "said to stay", "taken back beside", "left beside", "said to stay beside",
		"taken back by a step inside", "left by a step inside", "taken back beside by a step inside", "left beside by a step inside")
}

// turnsOutSkipped reports whether the `when` of a step, which nobody knew, is false in the run.
func turnsOutSkipped(s *plan.Step) bool {
	return s.When != nil && s.When.Program.(says)(epoch, value.Null()) == expr.False
}

// withAround are a step and those that it is in.
func withAround(p *plan.Plan, id string) []*plan.Step {
	steps := []*plan.Step{stepIn(p, id)}
	for _, outer := range around(id) {
		steps = append(steps, stepIn(p, outer))
	}
	return steps
}

// policy is what happens to the run when the step fails.
func (f failure) policy() plan.Policy {
	s := f.steps[f.at]
	policy, outside := s.OnFailure, withAround(f.plan, s.ID)[1:]
	if s.Closing {
		policy = outside[0].OnFailure
	}
	if slices.ContainsFunc(outside, func(s *plan.Step) bool { return s.OnFailure == plan.Continue || s.Cleans() }) {
		return plan.Continue
	}
	return policy
}

// isDoubted reports whether a step has not done anything for sure where the one at work is the one
// that fails: it, or what it is in without the other, may be skipped or have failed.
func (f failure) isDoubted(s *plan.Step) bool {
	both := withAround(f.plan, f.steps[f.at].ID)
	return slices.ContainsFunc(withAround(f.plan, s.ID), func(s *plan.Step) bool {
		return !slices.Contains(both, s) && (turnsOutSkipped(s) || s.OnFailure == plan.Continue)
	})
}

func checkChain(t *rapid.T, f failure, c review.Chain) {
	if c.Policy != f.policy() {
		t.Fatalf("%s is said to %s", c.Step, c.Policy)
	}
	for _, s := range f.steps {
		if slices.Contains(c.Beside.Undo, s.ID) && s.Rollback == nil {
			t.Fatalf("%s is taken back where %s fails, and nothing does that", s.ID, c.Step)
		}
		if f.isDoubted(s) && slices.Contains(slices.Concat(c.Undo, c.Left, c.Stays), s.ID) {
			t.Fatalf("%s is said to be done for sure where %s fails", s.ID, c.Step)
		}
	}
	for _, steps := range [][]*plan.Step{f.alone(), f.last()} {
		for _, fails := range []func(string) bool{isOfAny, isOfLast} {
			f.holdsAgainst(c, f.run(steps, fails))
		}
	}
}

// holdsAgainst holds what was said against what a run did in which the step failed.
func (f failure) holdsAgainst(c review.Chain, w *world) {
	if c.Policy == plan.Continue {
		goesAs(f.t, c, w, c.Undo, c.Left, nil)
		return
	}
	did := func(id string) bool { return slices.Contains(doneIn(w), id) }
	left := slices.Clone(c.Left)
	for _, id := range c.Beside.Left {
		otherwise := slices.Contains(c.Undo, id) || slices.Contains(c.Beside.Undo, id)
		if did(id) && (!otherwise || f.holds(w, id)) {
			left = append(left, id)
		}
	}
	undo := slices.DeleteFunc(slices.Concat(c.Undo, c.Beside.Undo), func(id string) bool {
		return slices.Contains(left, id) || slices.Contains(c.Beside.Undo, id) && !did(id)
	})
	stays := slices.DeleteFunc(slices.Concat(c.Stays, c.Beside.Stays), func(id string) bool {
		return slices.Contains(c.Beside.Stays, id) && !did(id)
	})
	goesAs(f.t, c, w, undo, left, stays)
}

// doneIn are the steps that did something in a world.
func doneIn(w *world) (ids []string) {
	for _, e := range w.journal {
		if e.Type == event.StepDecided && (e.Status == event.Succeeded || e.Status == event.Failed) {
			ids = append(ids, event.Template(e.Op.Step))
		}
	}
	return ids
}

// holds reports whether something that nothing takes back was done in a world, and built by
// intent on a step.
func (f failure) holds(w *world, id string) bool {
	return slices.ContainsFunc(f.steps, func(s *plan.Step) bool {
		return s.ID != id && s.Changes() && !s.Closing && s.Rollback == nil && slices.Contains(doneIn(w), s.ID) && f.isBuiltOn(s, id)
	})
}

// isBuiltOn reports whether a step, or what it is in, was built by intent on another, or on what
// that is in.
func (f failure) isBuiltOn(s *plan.Step, id string) bool {
	for _, edge := range s.Needs {
		if edge.Reason != plan.InOrder && (edge.Step == id || isIn(id, edge.Step) || f.isBuiltOn(stepIn(f.plan, edge.Step), id)) {
			return true
		}
	}
	return s.Within != "" && f.isBuiltOn(stepIn(f.plan, s.Within), id)
}

// goesAs holds a rollback against what was said of it: what ended last is taken back first,
// and what the run says to be still there is what was said to be left or to stay.
func goesAs(t *rapid.T, c review.Chain, w *world, undo, leave, stay []string) {
	undone, left := takenBack(w)
	said := [][]string{lastFirst(w, undo), slices.Sorted(slices.Values(leave))}
	was := [][]string{undone, slices.Sorted(slices.Values(left))}
	if c.Policy == plan.Rollback {
		said, was = append(said, lastFirst(w, stay)), append(was, lastFirst(w, stillThere(w, left)))
	}
	if diff := cmp.Diff(said, was, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("when %s fails, %+v (-said +was)\n%s\n%q", c.Step, c, diff, w.story())
	}
}

// stillThere are the steps whose change a run says to be in the world at its end, but for those
// that are left and those of some finally.
func stillThere(w *world, left []string) []string {
	var changed []string
	for _, id := range w.result.Changed {
		changed = saidOf(changed, id)
	}
	return slices.DeleteFunc(changed, func(id string) bool {
		return slices.Contains(left, id) || cleansUp(w.plan, id)
	})
}

// lastFirst orders steps by when they ended in a world, of those that are done for many the last of
// them.
func lastFirst(w *world, ids []string) []string {
	ended := map[string]int{}
	for i, e := range w.journal {
		if e.Type == event.StepDecided && stepIn(w.plan, e.Op.Step).Loop == nil && (e.Status == event.Succeeded || e.Status == event.Failed) {
			ended[event.Template(e.Op.Step)] = i
		}
	}
	return slices.SortedFunc(slices.Values(ids), func(a, b string) int { return ended[b] - ended[a] })
}

// failure is a plan of which one step fails.
type failure struct {
	t     *rapid.T
	plan  *plan.Plan
	steps []*plan.Step
	at    int
}

// alone is the plan with all that the step does not need waiting for longer than it takes.
func (f failure) alone() []*plan.Step {
	needed := make([]bool, len(f.steps))
	needed[f.at] = true
	order := f.plan.Order()
	for i := f.at; i >= 0; i-- {
		for _, edge := range order[i] {
			needed[edge.From] = needed[edge.From] || needed[i]
		}
	}
	steps := slices.Clone(f.steps)
	for i, s := range steps {
		if !needed[i] && !s.Finally && !isIn(s.ID, f.steps[f.at].ID) {
			steps[i] = waiting(s, 1000*time.Hour)
		}
	}
	return steps
}

// last is the plan with the step waiting until all that does not need it is over.
func (f failure) last() []*plan.Step {
	steps := slices.Clone(f.steps)
	steps[f.at] = waiting(steps[f.at], time.Hour)
	return steps
}

// waiting is a step with a gate that opens so long after the run has begun.
func waiting(s *plan.Step, until time.Duration) *plan.Step {
	waits := *s
	waits.Gate = []*plan.Condition{polled(2*until, until, 0, between(until, 10*until))}
	return &waits
}

// unlessOf is a condition that is false of some steps, and true of all others.
type unlessOf func(id string) bool

func (u unlessOf) Eval(scope expr.Scope) expr.Verdict {
	if u(scope.(interface{ StepID() string }).StepID()) {
		return expr.Verdict{Truth: expr.False}
	}
	return expr.Verdict{Truth: expr.True}
}

func (unlessOf) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

// isOfAny is true of the id of any instance.
func isOfAny(string) bool { return true }

// isOfLast reports whether an id is that of the last instance of all that it is in.
func isOfLast(id string) bool {
	return !strings.Contains(id, `["x"]`) && !strings.Contains(id, `["y"]`)
}

// run runs the plan, one step at a time, in a world in which the one step fails, or those of its
// instances do that are told.
func (f failure) run(steps []*plan.Step, ofWhich func(id string) bool) *world {
	steps = slices.Clone(steps)
	broken := *steps[f.at]
	steps[f.at] = &broken
	fails := func(id string) bool { return event.Template(id) == broken.ID && ofWhich(id) }
	switch { // what takes in a runbook fails when all in it is done, or before
	case broken.Runbook == nil:
	case len(broken.Verify) > 0:
		broken.Verify = []*plan.Condition{condition(unlessOf(fails))}
	default:
		broken.Gate = append(slices.Clone(broken.Gate), condition(unlessOf(fails)))
	}
	w := newWorld(&fatal{t: f.t}, planOf(&fatal{t: f.t}, steps...), 1)
	w.attempts = func(a machine.Attempt) answer {
		if fails(a.Op.Step) && a.Op.Part == event.Do {
			return failing(sdk.Permanent)
		}
		return answer{takes: time.Second, outputs: value.Object()}
	}
	w.asks = func(a machine.Ask) *sdk.Answer {
		return &sdk.Answer{By: "bob", Approved: !fails(a.Op.Step) || a.Op.Part == event.Undo}
	}
	w.run()
	return w
}

// takenBack tells what was taken back, in that order, and what was left: of what is done for many
// that one was.
func takenBack(w *world) (undone, left []string) {
	for _, e := range w.journal {
		if e.Type != event.StepDecided {
			continue
		}
		switch e.Status {
		case event.Undone:
			undone = saidOf(undone, e.Op.Step)
		case event.LeftOver:
			left = saidOf(left, e.Op.Step)
		default:
		}
	}
	return slices.DeleteFunc(undone, func(id string) bool { return slices.Contains(left, id) }), left
}

// saidOf adds what a review says of a step, of one that is done for many as of all of them
// together: where the first of them comes.
func saidOf(steps []string, id string) []string {
	if step := event.Template(id); !slices.Contains(steps, step) {
		return append(steps, step)
	}
	return steps
}
