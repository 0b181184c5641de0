package standing_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// What people left out as they were asked is said of the run, together where it was for one reason;
// what the run's own flags left out is said once by these.
func TestWhatIsLeftOutIsSaidOfTheRun(t *testing.T) {
	t.Parallel()
	s := standing.New(nil)
	s.Apply(event.Event{Type: event.RunStarted, Run: &event.Run{ID: "r", Choice: &event.Choice{From: "c", By: "ann"}}})
	for _, out := range []struct{ step, cause, by, reason string }{
		{"a", "before --from c", "ann", ""},
		{"c", event.StepByStep, "bob", "not now"},
		{"d", event.StepByStep, "eve", ""},
		{"e", event.StepByStep, "bob", "not now"},
	} {
		op := event.Op{Step: out.step, Part: event.Do}
		s.Apply(event.Event{Type: event.StepDecided, Op: &op, Status: event.Skipped, LeftOut: &event.LeftOut{By: out.by, Cause: out.cause, Reason: out.reason}})
	}
	want := []string{
		"left out by ann (--from c)",
		"c and e left out by bob (asked step by step): not now",
		"d left out by eve (asked step by step)",
	}
	if diff := cmp.Diff(want, s.LeftOutWords()); diff != "" {
		t.Error(diff)
	}
}
