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

// revertible draws steps that may fail, and of which a rollback takes back what it can.
func revertible(t *rapid.T, l loops) []*plan.Step {
	var steps []*plan.Step
	for i := range rapid.IntRange(1, 8).Draw(t, "steps") {
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
		if rapid.IntRange(0, 2).Draw(t, "loop") == 0 {
			l.each(s, rapid.SampledFrom([]string{"{}", "{sizes: [2]}"}).Draw(t, "batch"), []string{"x", "y", "z"}[rapid.IntRange(0, 2).Draw(t, "from"):]...)
		}
		steps = append(steps, s)
	}
	if rapid.Bool().Draw(t, "finally") {
		steps = append(steps, finally(change("f0")))
	}
	return steps
}

// What a reviewer reads of a rollback is what a rollback does: for each step that may fail,
// both where nothing beside it is done by then, and where all is.
func TestARollbackGoesAsItsReviewSaid(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		steps := revertible(t, l)
		chains := map[string]review.Chain{}
		for _, c := range review.Of(planOf(&fatal{t: t}, steps...), nil).Chains {
			chains[c.Step] = c
		}
		for i, s := range steps {
			c, may := chains[s.ID]
			if may == (s.Finally || s.Skipped()) {
				t.Fatalf("%s may fail, says the review: %t", s.ID, may)
			}
			if may && !turnsOutSkipped(s) {
				checkChain(t, failure{t, steps, i}, c)
				for what, of := range map[string][]string{
					"taken back": c.Undo, "left": c.Left, "said to stay": c.Stays,
					"taken back beside": c.Beside.Undo, "left beside": c.Beside.Left, "said to stay beside": c.Beside.Stays,
				} {
					told[what] += len(of)
				}
			}
		}
	}, "taken back", "left", "said to stay", "taken back beside", "left beside", "said to stay beside")
}

// turnsOutSkipped reports whether the `when` of a step, which nobody knew, is false in the run.
func turnsOutSkipped(s *plan.Step) bool {
	return s.When != nil && s.When.Program.(says)(epoch, value.Null()) == expr.False
}

func checkChain(t *rapid.T, f failure, c review.Chain) {
	if c.Policy != f.steps[f.at].OnFailure {
		t.Fatalf("%s is said to %s", c.Step, c.Policy)
	}
	if c.Policy == plan.Continue {
		goesAs(t, c, f.run(f.steps), c.Undo, c.Left, nil)
		return
	}
	for _, s := range f.steps {
		if slices.Contains(c.Beside.Undo, s.ID) && s.Rollback == nil {
			t.Fatalf("%s is taken back where %s fails, and nothing does that", s.ID, c.Step)
		}
		doubted := turnsOutSkipped(s) || s.OnFailure == plan.Continue
		if doubted && s.ID != c.Step && slices.Contains(slices.Concat(c.Undo, c.Left, c.Stays), s.ID) {
			t.Fatalf("%s is said to be done for sure where %s fails", s.ID, c.Step)
		}
	}
	for _, steps := range [][]*plan.Step{f.alone(), f.last()} {
		w := f.run(steps)
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
		goesAs(t, c, w, undo, left, stays)
	}
}

// doneIn are the steps that did something in a world.
func doneIn(w *world) (ids []string) {
	for _, e := range w.journal {
		if e.Type == event.StepDecided && (e.Status == event.Succeeded || e.Status == event.Failed) {
			ids = append(ids, e.Op.Step)
		}
	}
	return ids
}

// holds reports whether something that nothing takes back was done in a world, and built by
// intent on a step.
func (f failure) holds(w *world, id string) bool {
	on := map[string]bool{id: true} // the step, and what was built on it
	for _, s := range f.steps {
		for _, edge := range s.Needs {
			on[s.ID] = on[s.ID] || edge.Reason != plan.InOrder && on[edge.Step]
		}
		if s.ID != id && on[s.ID] && s.Changes() && s.Rollback == nil && slices.Contains(doneIn(w), s.ID) {
			return true
		}
	}
	return false
}

// goesAs holds a rollback against what was said of it: what ended last is taken back first,
// and what the run says to be still there is what was said to be left or to stay.
func goesAs(t *rapid.T, c review.Chain, w *world, undo, leave, stay []string) {
	undone, left := takenBack(w)
	said := [][]string{lastFirst(w, undo), lastFirst(w, leave)}
	was := [][]string{undone, left}
	if c.Policy == plan.Rollback {
		said, was = append(said, lastFirst(w, stay)), append(was, lastFirst(w, stillThere(w, left)))
	}
	if diff := cmp.Diff(said, was, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("when %s fails, %+v (-said +was)\n%s\n%q", c.Step, c, diff, w.story())
	}
}

// stillThere are the steps whose change a run says to be in the world at its end, but for those
// that are left and those of finally.
func stillThere(w *world, left []string) []string {
	var changed []string
	for _, id := range w.result.Changed {
		changed = saidOf(changed, id)
	}
	return slices.DeleteFunc(changed, func(id string) bool {
		return slices.Contains(left, id) || strings.HasPrefix(id, "f")
	})
}

// lastFirst orders steps by when they ended in a world.
func lastFirst(w *world, ids []string) []string {
	ended := map[string]int{}
	for i, e := range w.journal {
		if e.Type == event.StepDecided && (e.Status == event.Succeeded || e.Status == event.Failed) {
			ended[e.Op.Step] = i
		}
	}
	return slices.SortedFunc(slices.Values(ids), func(a, b string) int { return ended[b] - ended[a] })
}

// failure is a plan of which one step fails.
type failure struct {
	t     *rapid.T
	steps []*plan.Step
	at    int
}

// alone is the plan with all that the step does not need waiting for longer than it takes.
func (f failure) alone() []*plan.Step {
	needed := make([]bool, len(f.steps))
	needed[f.at] = true
	for i := f.at; i >= 0; i-- {
		for _, edge := range f.steps[i].Needs {
			needed[edge.From] = needed[edge.From] || needed[i]
		}
	}
	steps := slices.Clone(f.steps)
	for i, s := range steps {
		if !needed[i] && !s.Finally {
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

// run runs the plan, one step at a time, in a world in which the one step fails.
func (f failure) run(steps []*plan.Step) *world {
	w := newWorld(&fatal{t: f.t}, planOf(&fatal{t: f.t}, steps...), 1)
	id := f.steps[f.at].ID
	w.attempts = func(a machine.Attempt) answer {
		if stepOf(a.Op.Step) == id && a.Op.Part == event.Do {
			return failing(sdk.Permanent)
		}
		return answer{takes: time.Second, outputs: value.Object()}
	}
	w.asks = func(a machine.Ask) *sdk.Answer {
		return &sdk.Answer{By: "bob", Approved: stepOf(a.Op.Step) != id || a.Op.Part == event.Undo}
	}
	w.run()
	return w
}

// takenBack tells what was taken back, in that order, and what was left.
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
	return undone, left
}

// saidOf adds what a review says of a step, of one that is done for many as of all of them
// together: where the first of them comes.
func saidOf(steps []string, id string) []string {
	if step := stepOf(id); !slices.Contains(steps, step) {
		return append(steps, step)
	}
	return steps
}

// stepOf is the step that an id is of, which may be that of an instance.
func stepOf(id string) string {
	if step, _, ok := event.SplitInstance(id); ok {
		return step
	}
	return id
}
