package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/review"
)

// Lasted says how long the steps took that succeeded in runs, by their ids. Of a step that
// was done for many it is the time of one instance: the next run may have more of them. How long
// a step waited for a window says nothing of how long it takes.
func Lasted(runs []*standing.Status) map[string]review.Past {
	took := map[string][]time.Duration{}
	in := map[string]int{} // in how many runs
	for _, run := range runs {
		seen := map[string]bool{}
		for _, step := range run.Steps {
			lasted := step.Elapsed - step.Shut
			if step.Status != event.Succeeded || lasted <= 0 || step.Loop != nil || step.TakesIn() {
				continue
			}
			id := event.Template(cmp.Or(step.Of, step.ID))
			took[id] = append(took[id], lasted)
			if !seen[id] {
				seen[id] = true
				in[id]++
			}
		}
	}
	past := make(map[string]review.Past, len(took))
	for id, spans := range took {
		slices.Sort(spans)
		past[id] = review.Past{Median: rank(spans, 50), P95: rank(spans, 95), Runs: in[id]}
	}
	return past
}

// rank is a percentile of sorted spans: the shortest that so many in a hundred do not
// exceed.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}
