package machine_test

import (
	"errors"
	"slices"
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

// until lets the run go on up to a time.
func (w *world) until(after time.Duration) {
	w.begin()
	for w.result == nil && len(w.queue) > 0 && w.queue[0].Time.Sub(epoch) <= after {
		w.next()
	}
	w.now = epoch.Add(after)
}

// goesOn asks for something of a run that has paused or ended, and carries it on.
func (w *world) goesOn(t event.Type) *event.Result {
	w.result = nil
	w.ask(t)
	return w.run()
}

func TestRequestsOfPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []*plan.Step
		world func(w *world)
		at    time.Duration
		asks  []event.Type
		want  []string // the story from the first request on
	}{
		"a pause does not wait for a retry, which is made on resume": {
			steps: []*plan.Step{with(change("a"), retries(3))},
			world: func(w *world) { fails(w, "a", event.Do, sdk.Transient) },
			at:    2 * time.Second,
			asks:  []event.Type{event.PauseAsked, event.ResumeAsked},
			want:  []string{"2s a is resting", "2s run paused", "6.484s a do #2", "7.484s a is succeeded", "7.484s run succeeded"},
		},
		"a pause leaves the retry of what fails meanwhile": {
			steps: []*plan.Step{with(change("a"), retries(3))},
			world: func(w *world) { fails(w, "a", event.Do, sdk.Transient) },
			asks:  []event.Type{event.PauseAsked, event.ResumeAsked},
			want:  []string{"1s a is resting", "1s run paused", "6.484s a do #2", "7.484s a is succeeded", "7.484s run succeeded"},
		},
		"a pause in a rollback leaves the compensation that is due": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) {
				s.Rollback.Retry = plan.Retry{Attempts: 2, Delay: 10 * time.Second, Factor: 1}
			}), change("b", "a")},
			world: func(w *world) {
				fails(w, "b", event.Do, sdk.Permanent)
				fails(w, "a", event.Undo, sdk.Transient)
			},
			at:   5 * time.Second,
			asks: []event.Type{event.PauseAsked, event.ResumeAsked},
			want: []string{"5s a is resting", "5s run paused", "13.997s a undo #2", "14.997s a is undone", "14.997s run rolled_back"},
		},
		"cancel of a run that paused in finally ends what is left of it and takes nothing back": {
			steps: []*plan.Step{change("a"), finally(with(read("x"), func(s *plan.Step) {
				s.Gate = []*plan.Condition{polled(time.Hour, time.Second, 0, always(expr.False))}
			}))},
			at:   3 * time.Second,
			asks: []event.Type{event.PauseAsked, event.CancelAsked, event.CancelAsked},
			want: []string{
				"3s x is pending", "3s run paused", "3s x is waiting", "3s x is failed (cancelled)", "3s run failed",
			},
		},
		"cancel ends a gate, a retry and a question in finally at once": {
			steps: []*plan.Step{
				finally(with(read("x"), func(s *plan.Step) {
					s.Gate = []*plan.Condition{polled(time.Hour, 40*time.Second, 0, always(expr.False))}
				})),
				finally(with(read("y"), retries(2))), finally(asks("z")),
			},
			world: func(w *world) { fails(w, "y", event.Do, sdk.Transient) },
			at:    3 * time.Second,
			asks:  []event.Type{event.CancelAsked},
			want: []string{
				"3s x is failed (cancelled)", "3s y is failed (cancelled)", "3s z is failed (cancelled)", "3s run failed",
			},
		},
		"a rollback of an ended run leaves what finally changed, and runs finally again": {
			steps: []*plan.Step{change("a"), finally(change("f")), finally(read("g", "f"))},
			at:    10 * time.Second,
			asks:  []event.Type{event.RollbackAsked, event.RollbackAsked},
			want: []string{
				"10s a is undoing", "10s a undo #1", "11s a is undone",
				"11s f do #1", "12s f is succeeded", "12s g do #1", "13s g is succeeded", "13s run rolled_back",
			},
		},
		"a rollback that is asked for in finally runs the whole of finally after it": {
			steps: []*plan.Step{change("a"), finally(read("x")), finally(read("y", "x")), finally(read("z", "y"))},
			at:    2500 * time.Millisecond,
			asks:  []event.Type{event.RollbackAsked},
			want: []string{
				"2.5s y is failed (cancelled)", "2.5s a is undoing", "2.5s a undo #1", "3.5s a is undone",
				"3.5s x do #1", "4.5s x is succeeded", "4.5s y do #1", "5.5s y is succeeded",
				"5.5s z do #1", "6.5s z is succeeded", "6.5s run rolled_back",
			},
		},
		"a cancel in a rollback gives up the compensation in flight and goes on with the next": {
			steps: []*plan.Step{change("a"), with(change("b", "a"), inOrder), change("c", "b")},
			world: func(w *world) {
				fails(w, "c", event.Do, sdk.Permanent)
				others := w.attempts
				w.attempts = func(a machine.Attempt) answer {
					if a.Undo && a.Op.Step == "b" {
						return answer{takes: 1000 * time.Hour}
					}
					return others(a)
				}
			},
			at:   10 * time.Second,
			asks: []event.Type{event.CancelAsked},
			want: []string{
				"10s b is left (cancelled)", "10s a is undoing", "10s a undo #1", "11s a is undone", "11s run stuck",
			},
		},
		"a cancel in a rollback gives up a compensation that is due, or done by people": {
			steps: []*plan.Step{byHand(change("a")), with(with(change("b", "a"), inOrder), func(s *plan.Step) {
				s.Rollback.Retry = plan.Retry{Attempts: 2, Delay: time.Hour, Factor: 1}
			}), with(change("c", "b"), inOrder)},
			world: func(w *world) {
				fails(w, "c", event.Do, sdk.Permanent)
				fails(w, "b", event.Undo, sdk.Transient)
			},
			at:   10 * time.Second,
			asks: []event.Type{event.CancelAsked, event.CancelAsked},
			want: []string{
				"10s b is left (cancelled)", "10s a is undoing", "10s a is left (cancelled)", "10s run stuck",
			},
		},
		"a cancel of a run that paused in its rollback ends that there": {
			steps: []*plan.Step{change("a"), with(change("b", "a"), inOrder), with(with(change("c", "b"), inOrder), func(s *plan.Step) {
				s.Rollback.Retry = plan.Retry{Attempts: 2, Delay: time.Hour, Factor: 1}
			}), finally(read("f"))},
			world: func(w *world) {
				fails(w, "c", event.Do, sdk.Permanent)
				fails(w, "c", event.Undo, sdk.Transient)
			},
			at:   10 * time.Second,
			asks: []event.Type{event.PauseAsked, event.CancelAsked},
			want: []string{
				"10s c is resting", "10s run paused", "10s c is left (cancelled)", "10s b is left (cancelled)", "10s a is left (cancelled)",
				"10s f do #1", "11s f is succeeded", "11s run stuck",
			},
		},
		"a finally that changes something does not hide that a gate was closed": {
			steps: []*plan.Step{
				with(change("a"), func(s *plan.Step) { s.Gate = conditions(always(expr.False)) }), finally(change("f")),
			},
			want: []string{"1s f is succeeded", "1s run gate_closed"},
		},
		"a finally that fails after a run was let in at last is no rollback": {
			steps: []*plan.Step{
				with(change("a"), func(s *plan.Step) { s.Gate = conditions(between(time.Second, time.Hour)) }),
				finally(with(read("x"), func(s *plan.Step) { s.When = condition(between(time.Second, time.Hour)) })),
			},
			world: func(w *world) { fails(w, "x", event.Do, sdk.Permanent) },
			at:    2 * time.Second,
			asks:  []event.Type{event.ResumeAsked},
			want: []string{
				"2s a is waiting", "2s a do #1", "3s a is succeeded", "3s x do #1", "4s x is failed (permanent)", "4s run failed",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, c.steps...), 4)
			if c.world != nil {
				c.world(w)
			}
			w.until(c.at)
			before := len(w.story())
			for _, ask := range c.asks {
				w.result = nil
				w.ask(ask)
				if ask == event.PauseAsked {
					w.run()
				}
			}
			w.run()
			if diff := cmp.Diff(c.want, w.story()[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What finally was to do about a rollback is missing, though all was taken back.
func TestRollbackWhoseFinallyFailsNeedsAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), finally(read("x"))), 1)
	w.run()
	fails(w, "x", event.Do, sdk.Permanent)
	w.goesOn(event.RollbackAsked)
	if r := w.result; r.Outcome != event.OutcomeStuck || len(r.Changed) > 0 || !slices.Equal(r.Finally, []string{"x"}) {
		t.Errorf("result = %+v\n%q", r, w.story())
	}
	asked := w.result.AskedBack
	w.goesOn(event.ResumeAsked)
	if r := w.result; r.Outcome != event.OutcomeRolledBack || len(r.Finally) > 0 || !r.AskedBack.After(asked) {
		t.Errorf("result = %+v\n%q", r, w.story())
	}
}

func TestStepWithANewChanceIsTakenBackWithWhatItKnew(t *testing.T) {
	t.Parallel()
	params := value.Object(value.Member{Name: "node", Value: value.String("a1")})
	outputs := value.Object(value.Member{Name: "revision", Value: value.Int(7)})
	a := with(change("a"), func(s *plan.Step) {
		s.OnFailure = plan.Stop
		s.Use.Source = fixed{params}
		s.Gate = conditions(between(0, 2*time.Second))
		s.Verify = conditions(always(expr.False))
	})
	w := newWorld(t, planOf(t, a), 1)
	var undo machine.Attempt
	w.attempts = func(a machine.Attempt) answer {
		if a.Undo {
			undo = a
		}
		return answer{takes: 3 * time.Second, outputs: outputs}
	}
	w.run()
	w.goesOn(event.ResumeAsked) // its gate is closed by now
	w.goesOn(event.RollbackAsked)
	if !undo.Params.Equal(params) || !undo.Outputs.Equal(outputs) {
		t.Errorf("taken back with params %v and outputs %v\n%q", undo.Params, undo.Outputs, w.story())
	}
}

// A server that honours the key would drop what finally tells of the rollback, were it
// the key under which it told of the success.
func TestFinallyHasAKeyForEachTimeThatItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), finally(with(read("tell"), retries(2)))), 1)
	fails(w, "tell", event.Do, sdk.Transient)
	w.run()
	w.goesOn(event.RollbackAsked)
	var keys []string
	for _, e := range w.journal {
		if e.Type == event.AttemptStarted && e.Op.Step == "tell" {
			keys = append(keys, e.Key)
		}
	}
	if len(keys) != 3 || keys[0] != keys[1] || keys[1] == keys[2] {
		t.Errorf("keys: %q\n%q", keys, w.story())
	}
	last := len(w.journal) - 1
	for last > 0 && (w.journal[last].Type != event.AttemptStarted || w.journal[last].Op.Step != "tell") {
		last--
	}
	w.journal = w.journal[:last+1]
	w.crashed()
	if a := w.machine.Outstanding()[0].(machine.Attempt); a.Key != keys[2] {
		t.Errorf("after a crash its key is %q, and it began with %q", a.Key, keys[2])
	}
}

// crashed replays the facts into a new machine, which is in the same world.
func (w *world) crashed() {
	again := machine.New(w.plan)
	for _, fact := range w.facts() {
		again.Next(fact)
	}
	w.machine = again
	w.queue = slices.DeleteFunc(w.queue, func(e event.Event) bool { return e.Type == event.AttemptFinished })
}

func TestResumeOfARunThatDiedOnTheWayToAPauseGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), change("b", "a")), 1)
	w.until(0)
	w.ask(event.PauseAsked)
	w.crashed()
	w.ask(event.ResumeAsked)
	op := event.Op{Step: "a", Part: event.Do, Attempt: 1}
	w.inFlight--
	w.happens(event.Event{Type: event.AttemptObserved, Op: &op, State: sdk.Done})
	if result := w.run(); result == nil || result.Outcome != event.OutcomeSucceeded {
		t.Errorf("result = %+v\n%q", result, w.story())
	}
}

// A cancel ends what a crash cut off also where nothing else ends with it.
func TestCancelIsNotForgottenWhenALookSaysNotDone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		part  event.Part
		dies  time.Duration
		steps []*plan.Step
		want  []string
	}{
		"in finally": {
			part: event.Do, dies: 0, steps: []*plan.Step{finally(change("a"))},
			want: []string{"0s a is failed (cancelled)", "0s run failed"},
		},
		"in a rollback": {
			part: event.Undo, dies: time.Second, steps: []*plan.Step{with(change("a"), func(s *plan.Step) { s.Rollback.Retry.Attempts = 3 })},
			want: []string{"1s a is left (cancelled)", "1s run stuck"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, c.steps...), 1)
			fails(w, "a", event.Do, sdk.Permanent)
			w.until(c.dies)
			w.crashed()
			before := len(w.story())
			w.happens(event.Event{Type: event.RunResumed})
			w.ask(event.CancelAsked)
			w.inFlight--
			w.happens(event.Event{Type: event.AttemptObserved, Op: &event.Op{Step: "a", Part: c.part, Attempt: 1}, State: sdk.NotDone})
			w.run()
			if diff := cmp.Diff(c.want, w.story()[before:]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// outputsOf are parameters that are the outputs of a step.
type outputsOf string

func (o outputsOf) Eval(scope expr.Scope) (value.Value, error) {
	step, _ := scope.Step(string(o))
	outputs, ok := step.Get("outputs")
	if !ok {
		return value.Value{}, errors.New("it has no outputs")
	}
	return outputs, nil
}

func TestCompensationSeesWhatWasDoneBeforeANewChance(t *testing.T) {
	t.Parallel()
	back := read("back").Use
	back.Source = outputsOf("a")
	a := with(change("a"), func(s *plan.Step) {
		s.OnFailure = plan.Stop
		s.Verify = conditions(always(expr.False))
		s.Rollback = &plan.Compensation{Use: &back, Retry: plan.Retry{Attempts: 1}}
	})
	w := newWorld(t, planOf(t, a), 1)
	outputs := value.Object(value.Member{Name: "id", Value: value.String("i-1")})
	var undo machine.Attempt
	w.attempts = func(a machine.Attempt) answer {
		if a.Op.Part == event.Undo {
			undo = a
		}
		return answer{takes: time.Second, outputs: outputs}
	}
	w.run()
	fails(w, "a", event.Do, sdk.Permanent)
	w.goesOn(event.ResumeAsked)
	if result := w.goesOn(event.RollbackAsked); result.Outcome != event.OutcomeRolledBack || !undo.Params.Equal(outputs) {
		t.Errorf("%s, taken back with params %v\n%q", result.Outcome, undo.Params, w.story())
	}
}

func TestResumedRunTakesBackWhatWasAtWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a")), 1)
	fails(w, "a", event.Do, event.Lost)
	if result := w.run(); result.Outcome != event.OutcomeStuck {
		t.Fatalf("%s\n%q", result.Outcome, w.story())
	}
	if result := w.goesOn(event.ResumeAsked); result.Outcome != event.OutcomeRolledBack {
		t.Errorf("%s\n%q", result.Outcome, w.story())
	}
}
