package machine_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// bounded draws steps of which each attempt has a timeout, some done for many that are known, and
// some that take in others.
func bounded(t *rapid.T, l loops) []*plan.Step {
	steps := drawBounded(t, l, rapid.IntRange(1, 5).Draw(t, "steps"), 1)
	if rapid.Bool().Draw(t, "finally") {
		steps = append(steps, cleaning())
	}
	return steps
}

// cleaning is a step of finally that changes something.
func cleaning() *plan.Step {
	return finally(with(change("f0"), func(s *plan.Step) { s.Timeout = time.Second }))
}

func drawBounded(t *rapid.T, l loops, n, deep int) []*plan.Step {
	var steps []*plan.Step
	for i := range n {
		s := drawStep(t, i)
		s.Describe.Asks, s.OnFailure = false, plan.Continue
		s.Timeout = time.Duration(rapid.IntRange(1, 9).Draw(t, "timeout")) * time.Second
		made := one(s)
		if deep > 0 && rapid.IntRange(0, 3).Draw(t, "takes in") == 0 {
			s.Use, s.Rollback, s.Timeout, s.Retry = read(s.ID).Use, nil, 0, plan.Retry{Attempts: 1}
			inside := drawBounded(t, l, rapid.IntRange(1, 3).Draw(t, "steps inside"), deep-1)
			if rapid.Bool().Draw(t, "finally inside") {
				inside = append(inside, cleaning())
			}
			made = taking(s, inside...)
		}
		if rapid.IntRange(0, 2).Draw(t, "loop") == 0 {
			drawLoop(t, l, s)
			knowing(s, []string{"u", "v", "w", "x", "y", "z"}[rapid.IntRange(0, 6).Draw(t, "from"):]...)
		}
		steps = append(steps, made...)
	}
	return steps
}

// planOfKnown makes a plan in which the instances that take in a runbook have its steps.
func planOfKnown(tb testing.TB, steps ...*plan.Step) *plan.Plan {
	tb.Helper()
	p := planOf(tb, steps...)
	for _, s := range p.Steps {
		if s.Runbook == nil || s.Loop == nil {
			continue
		}
		for _, one := range s.Loop.Instances {
			inside := *s.Runbook
			inside.Steps = p.Inside(one)
			one.Runbook = &inside
		}
	}
	return planOf(tb, steps...)
}

// A run takes no longer than its review says that it may at most, whatever is tried again and
// waited for: where no step waits for a slot, and looks take no time.
func TestARunTakesNoLongerThanItsReviewSaid(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	tally.Check(t, func(r *rapid.T, told tally.Tally) {
		p := planOfKnown(&fatal{t: r}, bounded(r, l)...)
		said := review.Of(p, nil).Time
		if len(said.Unbounded) > 0 {
			r.Fatalf("nothing bounds %v", said.Unbounded)
		}
		w := newWorld(&fatal{t: r}, p, 1000)
		w.attempts = func(a machine.Attempt) answer {
			made := answer{takes: time.Duration(rapid.Int64Range(0, int64(a.Timeout)).Draw(r, "takes")), outputs: value.Object()}
			if class := rapid.SampledFrom([]sdk.Class{"", "", "", sdk.Transient, sdk.Timeout, sdk.Permanent}).Draw(r, "class"); class != "" {
				made.failure = &event.Failure{Class: class}
			}
			return made
		}
		w.observes = func(machine.Observe) answer { return answer{outputs: value.Object()} }
		took := w.run().Elapsed
		if took > said.Most {
			r.Fatalf("it took %s, and %s were said to be the most: %+v\n%q", took, said.Most, said, w.story())
		}
		if took > said.Takes {
			told["longer than where all goes well"]++
		}
		if took > said.Most/2 {
			told["more than half of the most"]++
			for _, s := range p.Steps {
				if s.Runbook != nil {
					told["more than half of the most, with a runbook that is taken in"]++
				}
			}
		}
	}, "longer than where all goes well", "more than half of the most", "more than half of the most, with a runbook that is taken in")
}
