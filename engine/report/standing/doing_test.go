package standing_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestDoing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	until := now.Add(90 * time.Second)
	op := func(part event.Part, attempt int) *event.Op {
		return &event.Op{Step: "up", Part: part, Attempt: attempt}
	}
	starts := event.Event{Type: event.AttemptStarted, Op: op(event.Do, 1)}
	fails := event.Event{Type: event.AttemptFinished, Op: op(event.Do, 1), Failure: &event.Failure{Class: sdk.Transient, Message: "exit code 3: disk full"}}
	unmet := func(part event.Part, until *time.Time) event.Event {
		return event.Event{Type: event.ConditionMet, Op: op(part, 1), Verdict: &event.Verdict{Expr: "x", Message: "the file is not there", Truth: "false", Until: until}}
	}
	tests := map[string]struct {
		events []event.Event
		output string
		want   string
	}{
		"what it prints":                 {[]event.Event{starts}, "copying", "copying"},
		"a failure that quotes its line": {[]event.Event{starts, fails}, "disk full", "transient: exit code 3: disk full"},
		"a way back hides the way there": {[]event.Event{starts, fails, {Type: event.AttemptStarted, Op: op(event.Undo, 1)}}, "put back", "it is taken back · put back"},
		"a gate":                         {[]event.Event{unmet(event.Gate, &until)}, "", "waits until 03:01:30, 1m30s left: the file is not there"},
		"a verify":                       {[]event.Event{starts, unmet(event.Verify, &until)}, "copied", "verifies until 03:01:30, 1m30s left: the file is not there"},
		"a deadline that is now":         {[]event.Event{unmet(event.Gate, &now)}, "", "waits until 03:00:00: the file is not there"},
		"a gate at a closed window": {[]event.Event{{Type: event.ConditionMet, Op: op(event.Gate, 1), Verdict: &event.Verdict{
			Expr: "x", Message: "outside the window", Truth: "false", Until: &until, Closed: []event.Closed{{Window: "night", Opens: &until, Zone: "UTC"}},
		}}}, "", "waits until 03:01:30, 1m30s left: outside the window; night opens Sat 03:01 UTC, in 1m30s"},
		"a question": {[]event.Event{
			{Type: event.AskOpened, Op: op(event.Do, 0), Data: []byte(`{"message":"Go on?"}`), Timer: &event.Timer{At: until}},
		}, "", "asks until 03:01:30, 1m30s left: Go on?"},
		"a question of the way back": {[]event.Event{
			starts, {Type: event.AskOpened, Op: op(event.Undo, 0), Data: []byte(`{"message":"Put it back?"}`), Timer: &event.Timer{At: until}},
		}, "", "asks before it is taken back until 03:01:30, 1m30s left: Put it back?"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := standing.New(nil)
			for _, e := range test.events {
				s.Apply(e)
			}
			s.Output("up", test.output)
			step, _ := s.Step("up")
			if got := step.Doing(now); got != test.want {
				t.Errorf("it does %q, want %q", got, test.want)
			}
		})
	}
}
