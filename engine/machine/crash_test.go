package machine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A torn write may lose the intent of an attempt and keep what led to it, so that a
// replay decides on the attempt once more.
func TestAttemptWhoseIntentWasLostIsDecidedAnew(t *testing.T) {
	t.Parallel()
	do := func(step string) *event.Op { return &event.Op{Step: step, Part: event.Do, Attempt: 1} }
	for name, c := range map[string]struct {
		steps []*plan.Step
		facts []event.Event // behind the beginning of the run
		want  []string      // what the machine asks for when another process takes the run up
	}{
		"over a fresh look at its gate": {
			steps: []*plan.Step{gated(change("a"), condition(between(0, time.Hour)))},
			want:  []string{"a is waiting", "a is failed"},
		},
		"over a gate that is still open": {
			steps: []*plan.Step{gated(change("a"), condition(between(0, 48*time.Hour)))},
			want:  []string{"attempt a do"},
		},
		"as it was where it has no gate": {
			steps: []*plan.Step{change("a")},
			want:  []string{"attempt a do"},
		},
		"against it where the run is ending": {
			steps: []*plan.Step{change("a"), change("b")},
			facts: []event.Event{
				{Type: event.AttemptStarted, Op: do("a")},
				{Type: event.AttemptFinished, Op: do("a"), Failure: &event.Failure{Class: sdk.Permanent}},
			},
			want: []string{"b is failed", "a is undoing", "attempt a undo"},
		},
		"as it was where it takes a step back": {
			steps: []*plan.Step{change("a")},
			facts: []event.Event{
				{Type: event.AttemptStarted, Op: do("a")},
				{Type: event.AttemptFinished, Op: do("a"), Failure: &event.Failure{Class: sdk.Permanent}},
			},
			want: []string{"attempt a undo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine.New(planOf(t, c.steps...))
			begin := event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Parallelism: 4}}
			for _, fact := range append([]event.Event{begin}, c.facts...) {
				fact.Time = epoch
				m.Next(fact)
			}
			if commands := m.Outstanding(); len(commands) > 0 {
				t.Errorf("outstanding: %+v", commands)
			}
			got := told(m.Next(event.Event{Type: event.RunResumed, Time: epoch.Add(24 * time.Hour)}))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A run that is taken up to be ended begins nothing that it had only decided on.
func TestAttemptWhoseIntentWasLostIsNotBegunWhereTheRunIsToEnd(t *testing.T) {
	t.Parallel()
	failed := []event.Event{
		{Type: event.AttemptStarted, Op: &event.Op{Step: "a", Part: event.Do, Attempt: 1}},
		{Type: event.AttemptFinished, Op: &event.Op{Step: "a", Part: event.Do, Attempt: 1}, Failure: &event.Failure{Class: sdk.Transient}},
	}
	for name, c := range map[string]struct {
		steps []*plan.Step
		facts []event.Event // behind the beginning of the run
		ask   event.Type
		want  []string
	}{
		"a rollback": {
			steps: []*plan.Step{change("a"), change("b")}, ask: event.RollbackAsked,
			want: []string{"a is pending", "b is pending", "a is not_run", "b is not_run"},
		},
		"a cancel": {
			steps: []*plan.Step{gated(change("a"), condition(between(0, time.Hour))), finally(read("f"))}, ask: event.CancelAsked,
			want: []string{"a is pending", "attempt f do"},
		},
		"a cancel in finally": {
			steps: []*plan.Step{finally(read("f")), finally(read("g"))}, ask: event.CancelAsked,
			want: []string{"f is failed", "g is failed"},
		},
		"a rollback before a second attempt": {
			steps: []*plan.Step{with(change("a"), retries(2))}, ask: event.RollbackAsked,
			facts: append(slices.Clone(failed), event.Event{
				Type: event.TimerFired, Timer: &event.Timer{Op: event.Op{Step: "a", Part: event.Do, Attempt: 1}, Purpose: event.TimerRetry},
			}),
			want: []string{"a is failed", "a is undoing", "attempt a undo"},
		},
		"a rollback in a rollback": {
			steps: []*plan.Step{change("a")}, facts: failed, ask: event.RollbackAsked,
			want: []string{"attempt a undo"},
		},
		"a cancel in a rollback": {
			steps: []*plan.Step{change("a")}, facts: failed, ask: event.CancelAsked,
			want: []string{"a is left"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := machine.New(planOf(t, c.steps...))
			begin := event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Parallelism: 4}}
			for _, fact := range append([]event.Event{begin}, c.facts...) {
				fact.Time = epoch
				m.Next(fact)
			}
			got := told(m.Next(event.Event{Type: event.RunResumed, Name: string(c.ask), Time: epoch.Add(time.Minute)}))
			got = append(got, told(m.Next(event.Event{Type: c.ask, Time: epoch.Add(time.Minute)}))...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A look that was cut off, by a cancel or by its time, knows less than an action that says
// it cannot tell: what it waited for may be going on.
func TestNothingIsBegunBesideWhatALookCouldNotSeeTheEndOf(t *testing.T) {
	t.Parallel()
	cutOff := &event.Failure{Class: sdk.Cancelled, Message: "it was cancelled"}
	for name, c := range map[string]struct {
		part    event.Part
		cancel  bool
		failure *event.Failure
		want    []string // from the crash on
	}{
		"a compensation of which its action cannot tell is repeated": {
			part: event.Undo,
			want: []string{"1s a undo #1", "2s a is undone", "2s run rolled_back"},
		},
		"but not where it was cancelled": {
			part: event.Undo, cancel: true,
			want: []string{"1s a is left (cancelled)", "1s run stuck"},
		},
		"one that a cancelled look waited for is left": {
			part: event.Undo, cancel: true, failure: cutOff,
			want: []string{"1s a is left (lost)", "1s run stuck"},
		},
		"and so is one that a look waited for too long": {
			part: event.Undo, failure: &event.Failure{Class: sdk.Timeout},
			want: []string{"1s a is left (lost)", "1s run stuck"},
		},
		"what is idempotent is repeated too": {
			part: event.Do,
			want: []string{"0s a do #1", "1s a is succeeded", "1s run succeeded"},
		},
		"but nothing is begun beside it, nor beneath it taken back": {
			part: event.Do, cancel: true, failure: cutOff,
			want: []string{"0s a is lost", "0s run paused"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, with(change("a"), func(s *plan.Step) { s.Use.Describe.Idempotent = true })), 1)
			fails(w, "a", event.Do, sdk.Permanent)
			w.until(map[event.Part]time.Duration{event.Do: 0, event.Undo: time.Second}[c.part])
			w.crashed()
			before := len(w.story())
			w.happens(event.Event{Type: event.RunResumed})
			if c.cancel {
				w.ask(event.CancelAsked)
			}
			w.inFlight--
			op := event.Op{Step: "a", Part: c.part, Attempt: 1}
			w.happens(event.Event{Type: event.AttemptObserved, Op: &op, State: sdk.CannotTell, Failure: c.failure})
			w.run()
			if diff := cmp.Diff(c.want, w.story()[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// told tells attempts and decisions about steps, a line each.
func told(commands []machine.Command) []string {
	var lines []string
	for _, command := range commands {
		switch c := command.(type) {
		case machine.Attempt:
			lines = append(lines, fmt.Sprintf("attempt %s %s", c.Op.Step, c.Op.Part))
		case machine.Record:
			if c.Event.Type == event.StepDecided {
				lines = append(lines, fmt.Sprintf("%s is %s", c.Event.Op.Step, c.Event.Status))
			}
		default:
		}
	}
	return lines
}

// What may have been begun is taken back then; what was not touched is no change.
func TestAttemptThatWasNotDoneIsNotMadeWhereTheRunIsEnding(t *testing.T) {
	t.Parallel()
	for state, want := range map[sdk.State][]string{
		sdk.NotDone:   {"0s a do #1", "0s a is failed (cancelled)", "0s a is undoing", "0s a undo #1", "1s a is undone", "1s run rolled_back"},
		sdk.Untouched: {"0s a do #1", "0s a is failed (cancelled)", "0s run failed"},
	} {
		w := newWorld(t, planOf(t, change("a")), 1)
		w.until(0)
		w.crashed()
		w.ask(event.CancelAsked)
		op := event.Op{Step: "a", Part: event.Do, Attempt: 1}
		w.inFlight--
		w.happens(event.Event{Type: event.AttemptObserved, Op: &op, State: state})
		result := w.run()
		if diff := cmp.Diff(want, w.story()); diff != "" {
			t.Errorf("%s: %s", state, diff)
		}
		if len(result.Changed) > 0 {
			t.Errorf("%s: %v is said to be changed", state, result.Changed)
		}
	}
}

// A step that was not touched counts as no change, unless an attempt before the lost one
// changed something.
func TestWhatWasNotTouchedCountsAsNoChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		attempts int
		want     []string
	}{
		"in its first attempt": {1, nil},
		"in its second":        {2, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, with(with(change("a"), retries(3)), policy(plan.Stop))), 1)
			w.attempts = func(a machine.Attempt) answer {
				if a.Op.Attempt < c.attempts {
					return failing(sdk.Transient)
				}
				return answer{takes: time.Hour} // the crash comes before
			}
			w.until(time.Minute)
			w.crashed()
			w.ask(event.CancelAsked)
			w.inFlight--
			w.happens(event.Event{
				Type: event.AttemptObserved, Op: &event.Op{Step: "a", Part: event.Do, Attempt: c.attempts}, State: sdk.Untouched,
			})
			if result := w.run(); result == nil || !slices.Equal(result.Changed, c.want) {
				t.Errorf("%+v\n%q", result, w.story())
			}
		})
	}
}

// What an attempt noted was done, also where a look says that the whole was not: the next
// attempt must not do that twice. A person who has seen that there is nothing knows better.
func TestNotesOutliveALookThatSaysNotDone(t *testing.T) {
	t.Parallel()
	for by, want := range map[string]string{"": `"uid"`, "ann": ""} {
		do := &event.Op{Step: "a", Part: event.Do, Attempt: 1}
		m := machine.New(planOf(t, change("a")))
		var asked []machine.Command
		for _, fact := range []event.Event{
			{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Parallelism: 4}},
			{Type: event.AttemptStarted, Op: do},
			{Type: event.AttemptNoted, Op: do, Name: "made", Data: []byte(`"uid"`)},
			{Type: event.RunResumed},
			{Type: event.AttemptObserved, Op: do, State: sdk.NotDone, By: by},
		} {
			fact.Time = epoch
			asked = m.Next(fact)
		}
		again := slices.IndexFunc(asked, func(c machine.Command) bool {
			attempt, ok := c.(machine.Attempt)
			return ok && string(attempt.Notes["made"]) == want
		})
		if again < 0 {
			t.Errorf("by %q: asked %+v", by, asked)
		}
	}
}
