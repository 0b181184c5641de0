package machine_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// closedUntil is a condition that asks for a window which opens some time after the start.
type closedUntil time.Duration

func (c closedUntil) Eval(scope expr.Scope) expr.Verdict {
	opens := epoch.Add(time.Duration(c))
	truth := says(func(now time.Time, _ value.Value) expr.Truth {
		if now.Before(opens) {
			return expr.False
		}
		return expr.True
	})
	verdict := truth.Eval(scope)
	if verdict.Truth == expr.False {
		verdict.Still = opens
	}
	return verdict
}

func (c closedUntil) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

func waitsFor(window closedUntil) *plan.Step {
	s := change("up")
	s.Gate = []*plan.Condition{{Expr: "window", Within: time.Hour, Every: 5 * time.Second, Program: window}}
	return s
}

// A closed window is looked at when it opens, and now and then until it does.
func TestAClosedWindowIsNotLookedAtAllTheTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, waitsFor(closedUntil(12*time.Minute))), 1)
	if result := w.run(); result == nil || result.Outcome != event.OutcomeSucceeded {
		t.Fatal(result)
	}
	if diff := cmp.Diff([]string{"0s false", "5m0s false", "10m0s false", "12m0s true"}, w.looks()); diff != "" {
		t.Errorf("the looks (-want +got):\n%s", diff)
	}
}

// looks are the times at which conditions were judged, and what they came to.
func (w *world) looks() []string {
	var looks []string
	for _, e := range w.journal {
		if e.Type == event.ConditionMet {
			looks = append(looks, e.Time.Sub(epoch).String()+" "+e.Verdict.Truth)
		}
	}
	return looks
}

// When a window was looked at follows from the journal: another time zone would have it open at
// another time by now.
func TestAReplayLooksAtAWindowAsTheRunDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, waitsFor(closedUntil(12*time.Minute))), 1)
	w.run()
	for _, other := range []time.Duration{0, 11 * time.Minute, 13 * time.Minute, 2 * time.Hour} {
		var past machine.Past
		again := machine.New(planOf(t, waitsFor(closedUntil(other))))
		written := make([]event.Event, len(w.journal))
		for i, e := range w.journal {
			text, err := json.Marshal(e)
			if err == nil {
				err = json.Unmarshal(text, &written[i])
			}
			if err != nil {
				t.Fatal(err)
			}
			past.Note(written[i])
		}
		again.Recall(past)
		want, got := []string{}, []string{}
		for _, e := range written {
			if e.Type.Decision() {
				want = append(want, decided(e))
			}
			for _, c := range again.Next(e) {
				if r, ok := c.(machine.Record); ok {
					got = append(got, decided(r.Event))
				}
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("with a window that opens after %s the decisions are others (-want +got):\n%s", other, diff)
		}
	}
}

// A window is looked at when it opens, however seldom its condition is looked at.
func TestAWindowIsLookedAtWhenItOpens(t *testing.T) {
	t.Parallel()
	step := waitsFor(closedUntil(12 * time.Minute))
	step.Gate[0].Every = 20 * time.Minute
	w := newWorld(t, planOf(t, step), 1)
	w.run()
	if got := w.looks(); !slices.Equal(got, []string{"0s false", "12m0s true"}) {
		t.Errorf("the looks: %q", got)
	}
}

// What has been waited for by another condition may be over: a window is looked at once more.
func TestAWindowThatCloses(t *testing.T) {
	t.Parallel()
	step := change("up")
	step.Gate = []*plan.Condition{
		{Expr: "window", Within: time.Hour, Every: 10 * time.Minute, Program: says(func(now time.Time, _ value.Value) expr.Truth {
			if minute := now.Sub(epoch) / time.Minute; minute >= 3 && minute < 15 {
				return expr.False
			}
			return expr.True
		})},
		polled(time.Hour, time.Second, 0, between(4*time.Minute, time.Hour)),
	}
	w := newWorld(t, planOf(t, step), 1)
	if result := w.run(); result == nil || result.Outcome != event.OutcomeSucceeded {
		t.Fatal(result)
	}
	for _, e := range w.journal {
		if e.Type == event.AttemptStarted && e.Time.Sub(epoch) < 15*time.Minute {
			t.Errorf("it began at %s", e.Time.Sub(epoch))
		}
	}
}

// Whoever overrides a window does not wait until it would have been looked at.
func TestAnOverrideIsTakenAtOnce(t *testing.T) {
	t.Parallel()
	m := machine.New(planOf(t, waitsFor(closedUntil(12*time.Minute))))
	m.Next(event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Parallelism: 1}})
	m.Next(event.Event{Type: event.RunResumed, Time: epoch.Add(time.Minute)})
	for _, c := range m.Next(event.Event{Type: event.WindowOverridden, Time: epoch.Add(time.Minute), Name: "w", By: "ann", Reason: "now"}) {
		if set, is := c.(machine.SetTimer); is && set.Timer.Purpose == event.TimerPoll && set.Timer.At.Equal(epoch.Add(time.Minute)) {
			return
		}
	}
	t.Error("nothing is looked at")
}

// remaining notes what run.remaining is each time that it is asked for.
type remaining struct{ seen *[]string }

func (r remaining) Eval(scope expr.Scope) expr.Verdict {
	run, _ := scope.Root(expr.RootRun)
	for _, m := range run.Members() {
		if m.Name == "remaining" {
			text, _ := m.Value.AsString()
			*r.seen = append(*r.seen, text)
		}
	}
	return expr.Verdict{Truth: expr.True}
}

func (remaining) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

// The less of a loop is left, the less time it takes to the end of the run.
func TestWhatIsLeftOfALoopTakesLess(t *testing.T) {
	t.Parallel()
	var left []string
	step := newLoops(t).each(change("up"), "{sizes: [1]}", "a", "b", "c", "d")
	step.Gate = []*plan.Condition{{Expr: "fits", Program: remaining{&left}}}
	w := newWorld(t, planOf(t, step), 1)
	w.happens(event.Event{Type: event.RunStarted, Run: &event.Run{
		ID: "20261121-030000-test", Parallelism: 1, Remaining: map[string]event.Left{"up": {Step: 8 * time.Minute, After: time.Minute}},
	}})
	w.run()
	if !slices.Equal(left, []string{"9m0s", "7m0s", "5m0s", "3m0s"}) {
		t.Errorf("got %q", left)
	}
}
