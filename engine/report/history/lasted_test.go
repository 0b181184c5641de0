package history_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/review"
)

func TestStepsLastAsLongAsTheyDid(t *testing.T) {
	t.Parallel()
	ran := func(status event.Status, seconds ...int) []*standing.Status {
		var runs []*standing.Status
		for _, s := range seconds {
			runs = append(runs, &standing.Status{Steps: []*standing.Step{{ID: "a", Status: status, Elapsed: time.Duration(s) * time.Second}}})
		}
		return runs
	}
	past := func(median, p95 time.Duration, runs int) map[string]review.Past {
		return map[string]review.Past{"a": {Median: median * time.Second, P95: p95 * time.Second, Runs: runs}}
	}
	twenty := make([]int, 20)
	for i := range twenty {
		twenty[i] = 20 - i
	}
	inLoop := func(seconds ...int) []*standing.Status {
		run := &standing.Status{Steps: []*standing.Step{{ID: "a", Status: event.Succeeded, Elapsed: time.Hour, Loop: &standing.Loop{}}}}
		for i, s := range seconds {
			run.Steps = append(run.Steps, &standing.Step{ID: fmt.Sprintf("a[%d]", i), Of: "a", Status: event.Succeeded, Elapsed: time.Duration(s) * time.Second})
		}
		return []*standing.Status{run}
	}
	for name, c := range map[string]struct {
		runs []*standing.Status
		want map[string]review.Past
	}{
		"no run":                {nil, map[string]review.Past{}},
		"one":                   {ran(event.Succeeded, 3), past(3, 3, 1)},
		"three, in any order":   {ran(event.Succeeded, 9, 1, 2), past(2, 9, 3)},
		"twenty":                {ran(event.Succeeded, twenty...), past(10, 19, 20)},
		"what is done for many": {append(inLoop(1, 2, 9), inLoop(3, 4)...), past(3, 9, 2)},
		"a loop over nothing":   {inLoop(), map[string]review.Past{}},
		"only what succeeded":   {append(ran(event.Failed, 100), ran(event.Succeeded, 1, 2)...), past(1, 2, 2)},
	} {
		if diff := cmp.Diff(c.want, history.Lasted(c.runs)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
