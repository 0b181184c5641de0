package report_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// rolled is a run of a step that is done for n machines, of which those given stand in
// some other way than succeeded.
func rolled(n int, others map[int]event.Status) *standing.Status {
	roll := &plan.Step{ID: "roll", Use: plan.Use{Action: "exec", Effect: sdk.Change}, Loop: &plan.Loop{MaxFailures: plan.Budget{Total: "50%"}}}
	s := standing.New(&plan.Plan{Steps: []*plan.Step{roll, {ID: "after"}}})
	told := newStory()
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprintf("n%d", i+1))
	}
	told.tell(event.Event{Type: event.LoopOpened, Op: op("roll", event.Do, 0), Loop: &event.Loop{Keys: keys, Batches: []int{n}}})
	told.decided("roll", event.Do, event.Running, nil)
	for i, key := range keys {
		id := event.InstanceID("roll", key)
		status, given := others[i+1]
		if !given {
			status = event.Succeeded
		}
		var failure *event.Failure
		if status == event.Failed {
			failure = &event.Failure{Class: sdk.Transient, Message: "no answer"}
		}
		if status != event.Pending {
			told.attempt(id, "exec", event.Do, 1, failure).decided(id, event.Do, status, failure)
		}
	}
	for _, e := range told.events {
		s.Apply(e)
	}
	return s
}

func statusOf(t *testing.T, s *standing.Status, all bool) string {
	t.Helper()
	var b strings.Builder
	if err := report.StatusText(&b, s, began.Add(time.Hour), all, layout.Style{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestFewInstancesAreAllShown(t *testing.T) {
	t.Parallel()
	text := statusOf(t, rolled(10, nil), false)
	if got := strings.Count(text, `✓   roll["n`); got != 10 || strings.Contains(text, "…") {
		t.Errorf("%d of 10 are shown:\n%s", got, text)
	}
}

func TestOfManyInstancesThoseToLookAtAreShown(t *testing.T) {
	t.Parallel()
	s := rolled(40, map[int]event.Status{3: event.Failed, 7: event.LeftOver, 40: event.Running, 39: event.Pending})
	text := statusOf(t, s, false)
	for _, want := range []string{"✗   roll[\"n3\"]   failed", "✗   roll[\"n7\"]   could not be undone", "›   roll[\"n40\"]  running", "    … 36 succeeded, 1 pending\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, `roll["n1"]`) {
		t.Errorf("what went well is shown:\n%s", text)
	}
	if all := statusOf(t, s, true); strings.Count(all, "  roll[\"n") != 40 || strings.Contains(all, "…") {
		t.Errorf("not all are shown though all are wanted:\n%s", all)
	}
}

// Of very many to look at, those that need a person most are shown.
func TestNoMoreInstancesAreShownThanOneReads(t *testing.T) {
	t.Parallel()
	others := map[int]event.Status{}
	for i := range 300 {
		others[i+1] = event.Failed
	}
	others[299] = event.LeftOver
	text := statusOf(t, rolled(300, others), false)
	if got := strings.Count(text, "  roll[\"n"); got != 20 {
		t.Errorf("%d are shown:\n%s", got, text)
	}
	if !strings.Contains(text, `roll["n299"]`) || !strings.Contains(text, "    … 280 failed\n") {
		t.Errorf("what is left over is not shown:\n%s", text)
	}
}

// A run succeeds though some instances failed, as they may; whoever reads that is told which.
func TestWhatFailedWithinWhatMayIsNamed(t *testing.T) {
	t.Parallel()
	s := rolled(40, map[int]event.Status{3: event.Failed})
	s.Apply(event.Event{Type: event.StepDecided, Op: op("roll", event.Do, 0), Status: event.Succeeded})
	s.Apply(event.Event{Type: event.RunFinished, Result: &event.Result{Outcome: event.OutcomeSucceeded, Changed: []string{`roll["n1"]`}}})
	var b strings.Builder
	if err := report.Summary(&b, s, layout.Style{}); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "look at them\n  roll[\"n3\"]: transient: no answer\n") {
		t.Errorf("what failed is not named:\n%s", text)
	}
}

// Of hundreds that were left, or that were stopped, the first are named.
func TestWhatIsLeftIsBounded(t *testing.T) {
	t.Parallel()
	others := map[int]event.Status{}
	var left []string
	for i := range 300 {
		others[i+1] = event.LeftOver
		left = append(left, event.InstanceID("roll", fmt.Sprintf("n%d", i+1)))
	}
	s := rolled(300, others)
	for _, id := range left {
		s.Apply(event.Event{Type: event.AttemptFinished, Op: op(id, event.Do, 1), Reason: "its log was full"})
	}
	s.Apply(event.Event{Type: event.RunFinished, Result: &event.Result{
		Outcome: event.OutcomeStuck, Step: "roll", Left: left, Failure: &event.Failure{Class: sdk.Transient, Message: "n1: no answer"},
	}})
	var b strings.Builder
	if err := report.Summary(&b, s, layout.Style{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if lines := strings.Count(text, "\n"); lines > 60 || strings.Count(text, "… and 280 more steps\n") != 2 {
		t.Errorf("%d lines:\n%s", lines, text)
	}
}
