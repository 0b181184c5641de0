package review

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
)

// What a step may take at most is what the runbook bounds: its attempts, the waits between
// them, how long its conditions are polled and its question stands. Not in it are the moments
// that a look takes and that an action takes to end when its time is over, and that steps
// beyond `--parallelism` wait for each other.

// endless is what something takes that has no bound, or one that nobody waits for.
const endless = 100 * 365 * 24 * time.Hour

// sum adds what is at most endless.
func sum(all ...time.Duration) time.Duration {
	total := time.Duration(0)
	for _, d := range all {
		total = min(total+min(d, endless), endless)
	}
	return total
}

// times is so often as long.
func times(n int, d time.Duration) time.Duration {
	if n > 0 && d > endless/time.Duration(n) {
		return endless
	}
	return time.Duration(n) * d
}

// mostOf is how long a step may take at most, be it done for many.
func mostOf(p *plan.Plan, s *plan.Step) time.Duration {
	switch {
	case s.Loop == nil:
		return mostOfOne(s)
	case !s.Loop.Known():
		return endless
	}
	inside := along(p, s, func(s *plan.Step) time.Duration { return mostOf(p, s) })
	longest := time.Duration(0)
	for _, one := range s.Each() {
		if !one.Skipped() {
			longest = max(longest, sum(mostOfOne(one), inside))
		}
	}
	n := len(s.Loop.Batches)
	if len(s.Loop.Between) == 0 {
		n = max(n-1, 0) // no pause behind the last
	}
	return sum(times(rounds(s.Loop), longest), times(n, sum(s.Loop.Pause, polled(s.Loop.Between))))
}

// mostOfOne is how long it may take at most to do a step once: until its gate opens, then all
// attempts or the question, then until its verify is met.
func mostOfOne(s *plan.Step) time.Duration {
	return sum(polled(s.Gate), mostAtWork(s), polled(s.Verify))
}

// mostAtWork is how long a step may be at its action. That only some of its attempts may run
// out of time bounds nothing: others may fail just before.
func mostAtWork(s *plan.Step) time.Duration {
	switch {
	case s.Runbook != nil:
		return 0 // its steps tell
	case s.Describe.Asks:
		return cmp.Or(expiry(s), endless)
	}
	if s.Timeout == 0 {
		return endless
	}
	return sum(times(max(s.Retry.Attempts, 1), s.Timeout), s.Retry.Waits())
}

// expiry is how long the question of a step stands; 0: for ever, or nobody can tell.
func expiry(s *plan.Step) time.Duration {
	if s.Params.IsUnknown() {
		return 0
	}
	given := map[string]any{}
	for _, m := range s.Params.Members() {
		if m.Value.HasUnknown() || m.Value.IsSecret() {
			given[m.Name] = nil // it is no time that can be told, and no default holds
			continue
		}
		given[m.Name] = m.Value
	}
	params, err := json.Marshal(given)
	if err != nil {
		return 0
	}
	return s.Describe.Expires(params)
}

// polled is how long conditions are waited for at most. What must hold does so within that.
func polled(conditions []*plan.Condition) time.Duration {
	longest := time.Duration(0)
	for _, c := range conditions {
		longest = max(longest, c.Within)
	}
	return min(longest, endless)
}

// bound finds how long the plan takes at most where each step takes its most, or what has no
// bound.
func (t *Time) bound(p *plan.Plan) {
	most := make([]time.Duration, len(p.Steps))
	for i, s := range p.Steps {
		if s.Skipped() || isRepeated(s) {
			continue
		}
		most[i] = mostOf(p, s)
		if most[i] > longestStep(p) {
			t.Unbounded = append(t.Unbounded, s.ID)
		}
	}
	if len(t.Unbounded) > 0 {
		return
	}
	var longest, path []string
	for i, total := range criticalPath(p, most) {
		t.Most += total
		longest = append(longest, p.Steps[i].ID)
	}
	for _, l := range t.Path {
		path = append(path, l.Step)
	}
	if !slices.Equal(longest, path) {
		t.Longest = longest
	}
}

// longestStep is how long one step may take so that all together fit into a [time.Duration].
func longestStep(p *plan.Plan) time.Duration {
	return min(endless-1, math.MaxInt64/time.Duration(len(p.Steps)+1))
}
