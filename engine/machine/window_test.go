package machine_test

import (
	"encoding/json"
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
	var looks []string
	for _, e := range w.journal {
		if e.Type == event.ConditionMet {
			looks = append(looks, e.Time.Sub(epoch).String()+" "+e.Verdict.Truth)
		}
	}
	if diff := cmp.Diff([]string{"0s false", "5m0s false", "10m0s false", "12m0s true"}, looks); diff != "" {
		t.Errorf("the looks (-want +got):\n%s", diff)
	}
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
