package review

import (
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
)

// Remaining is for each step whose conditions ask for run.remaining how long it takes from the
// beginning of that step to the end of the run: the longest way from there, by what is known of
// how long steps take, or that of other branches, which may have begun no earlier; and behind it
// that of the steps of finally. It is no less than all that may be left to do, shared among as many
// steps as may be at work at one time. Where nobody knows it of one of them there is none. past is
// as for [Of]. The work is linear in the steps for each that asks.
func Remaining(p *plan.Plan, past map[string]Past, parallelism int) map[string]event.Left {
	if !slices.ContainsFunc(p.Steps, asksRemaining) {
		return nil
	}
	ways := waysOf(p, past, time.Duration(max(parallelism, 1)))
	order := p.Order()
	closing, closes := besides(p.Steps, order, -1, ways)
	found := map[string]event.Left{}
	for i, s := range p.Steps {
		if !asksRemaining(s) {
			continue
		}
		left := event.Left{Step: ways[i].takes, After: ways[i].after}
		known := ways[i].known
		beside, sure := besides(p.Steps, order, i, ways)
		left.After, known = max(left.After, beside-left.Step), known && sure
		if !s.Finally {
			left.After, known = left.After+closing, known && closes
		}
		if known {
			found[s.ID] = left
		}
	}
	return found
}

// way is how long it takes from the beginning of a step to the end of all that waits for it.
type way struct {
	takes, after time.Duration
	share        time.Duration // what of a run the work of the step takes up, if all slots share it
	known        bool
}

// waysOf works the ways out, those of steps and those of finally apart: these begin when all of
// the others have ended.
func waysOf(p *plan.Plan, past map[string]Past, slots time.Duration) []way {
	ways := make([]way, len(p.Steps))
	for i := range ways {
		ways[i].known = true
	}
	order := p.Order()
	for i, s := range slices.Backward(p.Steps) {
		takes, share, sure := takesOf(p, s, past, slots)
		ways[i].takes, ways[i].share, ways[i].known = takes, share, ways[i].known && sure
		for _, edge := range order[i] {
			if from := &ways[edge.From]; s.Finally == p.Steps[edge.From].Finally {
				from.after, from.known = max(from.after, takes+ways[i].after), from.known && ways[i].known
			}
		}
	}
	return ways
}

// besides is the longest way of the steps that a step does not wait for, and of which each may
// be under way, or not have begun, when it begins; of -1, that of all steps of finally. It is no
// less than what they and the step itself take where all slots share their work.
func besides(steps []*plan.Step, order [][]plan.Edge, i int, ways []way) (longest time.Duration, known bool) {
	before := make([]bool, len(steps))
	if i >= 0 {
		before[i] = true
		for at := i; at >= 0; at-- { // each stands behind all that it needs
			if before[at] {
				for _, edge := range order[at] {
					before[edge.From] = true
				}
			}
		}
	}
	known = true
	shared := time.Duration(0)
	if i >= 0 {
		shared = ways[i].share
	}
	for k, s := range steps {
		if !before[k] && s.Finally == (i < 0 || steps[i].Finally) {
			longest, known = max(longest, ways[k].takes+ways[k].after), known && ways[k].known
			shared = sum(shared, ways[k].share)
		}
	}
	return max(longest, shared), known
}

// takesOf estimates how long a step takes, and how long its work does where all slots share it,
// and says whether anybody knows. People who are asked take up no slot, and neither does what is
// waited for.
func takesOf(p *plan.Plan, s *plan.Step, past map[string]Past, slots time.Duration) (takes, share time.Duration, known bool) {
	if s.Skipped() || isForNothing(s) {
		return 0, 0, true
	}
	l := lastingOf(p, s, past)
	known = !isUnknown(s, l)
	switch works := max(l.Takes-l.Waits, 0); {
	case isRepeated(s): // of which the loop outside tells
		return 0, 0, known
	case s.Describe.Asks, s.Runbook != nil && s.Loop == nil:
		return l.Takes, 0, known
	case l.Rounds > 0:
		share = times(len(s.Each()), works/time.Duration(l.Rounds)) / slots
		return max(l.Takes, sum(share, l.Waits)), share, known
	default:
		return l.Takes, works / slots, known
	}
}

// asksRemaining reports whether a condition of a step asks for run.remaining. That one only
// mentions the word costs nothing but a number in the journal.
func asksRemaining(s *plan.Step) bool {
	conditions := slices.Concat(s.Gate, s.Verify)
	if s.Loop != nil {
		conditions = slices.Concat(conditions, s.Loop.Between)
	}
	if s.When != nil {
		conditions = append(conditions, s.When)
	}
	return slices.ContainsFunc(conditions, func(c *plan.Condition) bool { return strings.Contains(c.Expr, "remaining") })
}
