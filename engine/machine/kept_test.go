package machine_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// keeping has every attempt save the state before it, and holds every own Undo to being
// given that and the parameters of the step.
func keeping(w *world, params value.Value) {
	for _, s := range w.plan.Steps {
		s.Use.Source = fixed{params}
	}
	saved := make(map[string]bool)
	answers := w.attempts
	w.attempts = func(a machine.Attempt) answer {
		if a.Undo && (!a.Params.Equal(params) || saved[a.Op.Step] && a.Before == nil) {
			w.tb.Fatalf("%s is taken back with params %v and state %q\n%q", a.Op.Step, a.Params, a.Before, w.story())
		}
		if a.Op.Part == event.Do {
			saved[a.Op.Step] = true
			op := a.Op
			w.happens(event.Event{Type: event.AttemptSaved, Op: &op, Data: json.RawMessage(`{"was":1}`)})
		}
		return answers(a)
	}
}

var path = value.Object(value.Member{Name: "path", Value: value.String("/data")})

// A step that did something, was given a new chance and has waited for its gate since is
// taken back with what it knew.
func TestStepThatIsPutBackIsTakenBackWithWhatItKnew(t *testing.T) {
	t.Parallel()
	a := with(change("a"), func(s *plan.Step) {
		s.OnFailure = plan.Stop
		s.Gate = []*plan.Condition{polled(time.Hour, 10*time.Second, 0, between(0, 2*time.Second))}
		s.Verify = conditions(always(expr.False))
	})
	w := newWorld(t, planOf(t, a), 1)
	keeping(w, path)
	w.run()
	w.now = epoch.Add(time.Minute)
	w.result = nil
	w.ask(event.ResumeAsked)
	w.ask(event.PauseAsked)
	w.run()
	before := len(w.story())
	w.goesOn(event.RollbackAsked)
	want := []string{"1m0s a is undoing", "1m0s a undo #1", "1m1s a is undone", "1m1s run rolled_back"}
	if diff := cmp.Diff(want, w.story()[before:]); diff != "" {
		t.Error(diff)
	}
}

// dies has the process die and another take the run up, which finds out what became of
// each attempt in flight.
func (w *world) dies(found func() sdk.State) {
	w.crashed()
	outstanding := w.machine.Outstanding()
	w.happens(event.Event{Type: event.RunResumed})
	for _, c := range outstanding {
		if a, ok := c.(machine.Attempt); ok && a.Started {
			w.inFlight--
			w.happens(event.Event{Type: event.AttemptObserved, Op: &a.Op, State: found()})
			continue
		}
		w.carryOut(c)
	}
}

// Whatever comes between a change and the rollback, be it pauses, crashes and new
// chances, taking it back is given all that it needs.
func TestNothingThatTakingBackNeedsIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(&fatal{t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		for _, s := range w.plan.Steps {
			s.Use.Describe.Idempotent = rapid.Bool().Draw(t, "idempotent")
		}
		fickle(t, w)
		keeping(w, path)
		w.begin()
		atRest := rapid.SampledFrom([]event.Type{event.ResumeAsked, event.ResumeAsked, event.ResumeAsked, event.RollbackAsked})
		atWork := rapid.SampledFrom([]event.Type{event.PauseAsked, event.PauseAsked, event.PauseAsked, event.CancelAsked})
		for range 200 {
			if w.result == nil && len(w.queue) == 0 {
				break // it waits for people who say nothing
			}
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what == 0:
				w.dies(func() sdk.State {
					return rapid.SampledFrom([]sdk.State{sdk.Done, sdk.NotDone, sdk.Untouched, sdk.CannotTell}).Draw(t, "found")
				})
			case w.result != nil:
				w.result = nil
				w.ask(atRest.Draw(t, "request"))
			case what <= 2:
				w.ask(atWork.Draw(t, "request"))
			default:
				w.next()
			}
			if w.result == nil && (w.machine.Mode() == event.Paused || w.machine.Mode() == event.Ended) {
				result := w.machine.Result()
				w.result = &result
			}
		}
		checkLoops(t, w)
	})
}
