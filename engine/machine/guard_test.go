package machine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func gated(s *plan.Step, gate ...*plan.Condition) *plan.Step {
	s.Gate = gate
	return s
}

// TestGateIsLookedAtOnceMoreWithTheSlot has a step whose gate opens at once wait an hour
// for the only slot.
func TestGateIsLookedAtOnceMoreWithTheSlot(t *testing.T) {
	t.Parallel()
	const forever = 1000 * time.Hour
	hour := func(w *world) {
		w.attempts = func(a machine.Attempt) answer {
			if a.Op.Step == "a" {
				return answer{takes: time.Hour, outputs: value.Object()}
			}
			return answer{takes: time.Second, outputs: value.Object()}
		}
	}
	for name, c := range map[string]struct {
		gate []*plan.Condition
		asks event.Type // half a second after the slot is free
		want []string   // the story from then on
	}{
		"and closes where it is not true any more": {
			gate: []*plan.Condition{condition(between(0, time.Minute))},
			want: []string{"1h0m0s b is waiting", "1h0m0s b is failed (gate closed)"},
		},
		"and opens where it is": {
			gate: []*plan.Condition{condition(between(0, forever)), polled(0, 0, 0, between(0, forever))},
			want: []string{"1h0m1s b do #1"},
		},
		"and need not hold as long again": {
			gate: []*plan.Condition{polled(time.Minute, time.Second, 20*time.Second, between(0, forever))},
			want: []string{"1h0m1s b do #1"},
		},
		"and is polled as at the start where it is false": {
			gate: []*plan.Condition{polled(time.Minute, 10*time.Second, 0, says(func(now time.Time, o value.Value) expr.Truth {
				if now.Sub(epoch) < time.Minute {
					return expr.True
				}
				return between(time.Hour+20*time.Second, forever)(now, o)
			}))},
			want: []string{"1h0m1s b is waiting", "1h0m24s b do #1"}, // looks answer at 1, 2, 13, 24
		},
		"and is put back by a pause meanwhile": {
			gate: []*plan.Condition{polled(0, 0, 0, between(0, forever))},
			asks: event.PauseAsked,
			want: []string{"1h0m0.5s b is pending", "1h0m0.5s run paused", "1h0m0.5s b is waiting", "1h0m1.5s b do #1"},
		},
		"and is put back by a cancel meanwhile": {
			gate: []*plan.Condition{polled(0, 0, 0, between(0, forever))},
			asks: event.CancelAsked,
			want: []string{"1h0m0.5s b is pending", "1h0m0.5s a is undoing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, change("a"), gated(read("b"), c.gate...)), 1)
			hour(w)
			w.until(time.Hour)
			before := len(w.story())
			if c.asks != "" {
				w.now = w.now.Add(500 * time.Millisecond)
				w.ask(c.asks)
			}
			if w.result != nil {
				w.goesOn(event.ResumeAsked)
			}
			w.run()
			for i, line := range w.story() {
				if line == "1h0m0s a is succeeded" {
					before = i + 1
				}
			}
			story := w.story()[before:]
			if diff := cmp.Diff(c.want, story[:min(len(story), len(c.want))]); diff != "" {
				t.Errorf("%s\n%q", diff, w.story())
			}
		})
	}
}

func TestRetryOfAPausedRunIsGuarded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		gate *plan.Condition
		want []string
	}{
		"by a gate that is closed by then": {
			condition(between(0, time.Hour)),
			[]string{"24h0m0s a is waiting", "24h0m0s a is failed (gate closed)", "24h0m0s a is undoing", "24h0m0s a undo #1"},
		},
		"by a gate that opens again": {
			polled(time.Minute, 10*time.Second, 0, says(func(now time.Time, o value.Value) expr.Truth {
				if now.Sub(epoch) < time.Hour {
					return expr.True
				}
				return between(24*time.Hour+5*time.Second, 48*time.Hour)(now, o)
			})),
			[]string{"24h0m1s a is waiting", "24h0m13s a do #2", "24h0m14s a is succeeded"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, gated(with(change("a"), retries(3)), c.gate)), 1)
			fails(w, "a", event.Do, sdk.Transient)
			w.until(3 * time.Second)
			w.ask(event.PauseAsked)
			w.now = epoch.Add(24 * time.Hour)
			before := len(w.story())
			w.goesOn(event.ResumeAsked)
			story := w.story()[before:]
			if diff := cmp.Diff(c.want, story[:min(len(story), len(c.want))]); diff != "" {
				t.Errorf("%s\n%q", diff, w.story())
			}
		})
	}
}

// A gate is about the state before the step: its first attempt may well have closed it.
func TestRetryWithoutAPauseIsNotGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, gated(with(change("a"), retries(2)), condition(between(0, time.Second)))), 1)
	fails(w, "a", event.Do, sdk.Transient)
	if result := w.run(); result.Outcome != event.OutcomeSucceeded {
		t.Errorf("%s\n%q", result.Outcome, w.story())
	}
}

func TestAttemptThatACrashCutOffIsGuarded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state sdk.State
		by    string
		open  time.Duration
		want  []string
	}{
		"and not made where its gate is closed by now": {
			state: sdk.Untouched, open: time.Hour,
			want: []string{"24h0m0s a is waiting", "24h0m0s a is failed (gate closed)", "24h0m0s run gate_closed"},
		},
		"and taken back where half of it may be done": {
			state: sdk.NotDone, open: time.Hour,
			want: []string{
				"24h0m0s a is waiting", "24h0m0s a is failed (gate closed)",
				"24h0m0s a is undoing", "24h0m0s a undo #1", "24h0m1s a is undone", "24h0m1s run rolled_back",
			},
		},
		"and not taken back where a person saw that it was not done": {
			state: sdk.NotDone, by: "ann", open: time.Hour,
			want: []string{"24h0m0s a is waiting", "24h0m0s a is failed (gate closed)", "24h0m0s run gate_closed"},
		},
		"and made under its number where its gate is open": {
			state: sdk.NotDone, open: 48 * time.Hour,
			want: []string{"24h0m0s a do #1", "24h0m1s a is succeeded", "24h0m1s run succeeded"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := gated(change("a"), condition(between(0, c.open)))
			w := newWorld(t, planOf(t, a), 1)
			w.until(0)
			w.crashed()
			w.now = epoch.Add(24 * time.Hour)
			before := len(w.story())
			w.happens(event.Event{Type: event.RunResumed})
			op := event.Op{Step: "a", Part: event.Do, Attempt: 1}
			w.inFlight--
			w.happens(event.Event{Type: event.AttemptObserved, Op: &op, State: c.state, By: c.by})
			w.run()
			if diff := cmp.Diff(c.want, w.story()[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What was looked at before the run was at rest is looked at again, even where another
// condition of the same gate was being looked at when it died.
func TestGateThatACrashCutOffIsLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, gated(change("a"), condition(between(0, time.Hour)), polled(0, 0, 0, between(0, 48*time.Hour)))), 1)
	w.until(0)
	w.crashed()
	w.now = epoch.Add(24 * time.Hour)
	w.happens(event.Event{Type: event.RunResumed})
	if result := w.run(); result == nil || result.Outcome != event.OutcomeGateClosed {
		t.Errorf("%+v\n%q", result, w.story())
	}
}

func TestStepThatFailsAsItGetsItsSlotSetsOthersFree(t *testing.T) {
	t.Parallel()
	b := gated(with(read("b"), policy(plan.Continue)), condition(between(0, time.Second)))
	w := newWorld(t, planOf(t, change("a"), b, read("c", "b")), 1)
	if result := w.run(); result.Outcome != event.OutcomeSucceeded || w.statuses()["c"] != event.Succeeded {
		t.Errorf("%s\n%q", result.Outcome, w.story())
	}
}
