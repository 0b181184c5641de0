package review

import (
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
)

// Remaining is for each step whose conditions ask for run.remaining how long it takes from the
// beginning of that step to the end of the run: the longest way from there, by what is known of
// how long steps take, and behind it that of the steps of finally. Where nobody knows it of one
// of them, or of the steps of finally, there is none. past is as for [Of].
func Remaining(p *plan.Plan, past map[string]Past) map[string]time.Duration {
	if !slices.ContainsFunc(p.Steps, asksRemaining) {
		return nil
	}
	left, known := make([]time.Duration, len(p.Steps)), make([]bool, len(p.Steps))
	closing, closes := time.Duration(0), true // all of finally
	longest, whole := make([]time.Duration, len(p.Steps)), make([]bool, len(p.Steps))
	for i := range whole {
		whole[i] = true
	}
	found := map[string]time.Duration{}
	for i, s := range slices.Backward(p.Steps) {
		takes, sure := takesOf(s, past)
		left[i], known[i] = takes+longest[i], sure && whole[i]
		for _, edge := range s.Needs {
			if s.Finally == p.Steps[edge.From].Finally { // those of finally come after all others anyway
				longest[edge.From] = max(longest[edge.From], left[i])
				whole[edge.From] = whole[edge.From] && known[i]
			}
		}
		if s.Finally {
			closing, closes = max(closing, left[i]), closes && known[i]
			if known[i] && asksRemaining(s) {
				found[s.ID] = left[i]
			}
			continue
		}
		if known[i] && closes && asksRemaining(s) {
			found[s.ID] = left[i] + closing
		}
	}
	return found
}

// takesOf estimates how long a step takes, and says whether anybody knows.
func takesOf(s *plan.Step, past map[string]Past) (takes time.Duration, known bool) {
	if s.Skipped() || isForNothing(s) {
		return 0, true
	}
	l := lastingOf(s, past)
	return l.Takes, l.Basis != Nothing && !isOpen(s)
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
