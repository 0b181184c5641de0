package standing_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// What counts as waiting is the time in which people alone could have made a run go on: not that
// in which something is at work while they are asked, and nothing of what follows its success.
func TestARunSaysHowLongItWaited(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	status := standing.New(nil)
	after := func(minutes int, e event.Event) {
		e.Time = began.Add(time.Duration(minutes) * time.Minute)
		status.Apply(e)
	}
	decided := func(step string, state event.Status) event.Event {
		return event.Event{Type: event.StepDecided, Op: &event.Op{Step: step, Part: event.Do}, Status: state}
	}
	after(0, event.Event{Type: event.RunStarted, Run: &event.Run{}})
	after(0, event.Event{Type: event.AttemptStarted, Op: &event.Op{Step: "copy", Part: event.Do, Attempt: 1}})
	after(1, decided("ask", event.Asking))
	after(5, decided("copy", event.Succeeded)) // it was at work: 0 so far
	after(8, decided("ask", event.Succeeded))  // 3
	after(9, event.Event{Type: event.ModeChanged, Mode: event.Paused})
	after(14, event.Event{Type: event.RunResumed, Process: &event.Process{}}) // 8
	after(14, event.Event{Type: event.ModeChanged, Mode: event.Going})
	after(20, event.Event{Type: event.RunResumed, Process: &event.Process{}}) // it had died: 14
	after(21, event.Event{Type: event.RunFinished, Result: &event.Result{Outcome: event.OutcomeSucceeded, Measured: &event.Measured{}}})
	after(30, event.Event{Type: event.RunResumed, Process: &event.Process{}})
	if got := status.Waited; got != 14*time.Minute {
		t.Errorf("it waited %s, want 14m", got)
	}
}
