package history

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/review"
)

// Lasted says how long the steps took that succeeded in runs, by their ids.
func Lasted(runs []*standing.Status) map[string]review.Past {
	took := map[string][]time.Duration{}
	for _, run := range runs {
		for _, step := range run.Steps {
			if step.Status == event.Succeeded && step.Elapsed > 0 {
				took[step.ID] = append(took[step.ID], step.Elapsed)
			}
		}
	}
	past := make(map[string]review.Past, len(took))
	for id, spans := range took {
		slices.Sort(spans)
		past[id] = review.Past{Median: rank(spans, 50), P95: rank(spans, 95), Runs: len(spans)}
	}
	return past
}

// rank is a percentile of sorted spans: the shortest that so many in a hundred do not
// exceed.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}
