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

// How long a step waited for a window says nothing of how long it takes; how long it waited for
// anything else does.
func TestWaitingForAWindowIsNoWork(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	at := func(seconds int, e event.Event) event.Event {
		e.Time = began.Add(time.Duration(seconds) * time.Second)
		return e
	}
	op := func(part event.Part) *event.Op { return &event.Op{Step: "up", Part: part, Attempt: 1} }
	look := func(truth string, closed ...event.Closed) event.Event {
		return event.Event{Type: event.ConditionMet, Op: op(event.Gate), Verdict: &event.Verdict{Truth: truth, Closed: closed}}
	}
	status := standing.New(nil)
	for _, e := range []event.Event{
		at(0, event.Event{Type: event.RunStarted, Run: &event.Run{ID: "r"}}),
		at(0, event.Event{Type: event.StepDecided, Op: op(event.Gate), Status: event.Waiting}),
		at(0, look("false")),
		at(10, look("false", event.Closed{Window: "w"})),
		at(20, look("false", event.Closed{Window: "w"})),
		at(100, look("true")),
		at(100, event.Event{Type: event.AttemptStarted, Op: op(event.Do)}),
		at(107, event.Event{Type: event.AttemptFinished, Op: op(event.Do)}),
		at(107, event.Event{Type: event.StepDecided, Op: op(event.Do), Status: event.Succeeded, Elapsed: 107 * time.Second}),
	} {
		status.Apply(e)
	}
	if got := history.Lasted([]*standing.Status{status})["up"].Median; got != 17*time.Second {
		t.Errorf("it took %s, and was shut %s", got, status.Steps[0].Shut)
	}
}
