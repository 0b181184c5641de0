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

// fails makes the attempts at a step's part end in the failures, one after the other;
// further ones succeed.
func fails(w *world, step string, part event.Part, classes ...sdk.Class) {
	others := w.attempts
	w.attempts = func(a machine.Attempt) answer {
		if a.Op.Step == step && a.Op.Part == part && len(classes) > 0 {
			class := classes[0]
			classes = classes[1:]
			return failing(class)
		}
		return others(a)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []*plan.Step
		slots int
		world func(w *world)
		want  []string
	}{
		"a chain runs in order": {
			steps: []*plan.Step{change("a"), change("b", "a")},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s run succeeded",
			},
		},
		"what is independent runs side by side, as many as there are slots": {
			steps: []*plan.Step{read("a"), read("b"), read("c")}, slots: 2,
			want: []string{
				"0s a do #1", "0s b do #1", "1s a is succeeded", "1s c do #1", "1s b is succeeded",
				"2s c is succeeded", "2s run succeeded",
			},
		},
		"a step that is skipped does not stop what needs it": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) { s.When = condition(always(expr.False)) }), change("b", "a")},
			want: []string{
				"0s a is skipped", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"a closed gate before any change is no failure of the system": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) { s.Gate = conditions(always(expr.False)) }), change("b", "a")},
			want: []string{
				"0s a is waiting", "0s a is failed (gate closed)", "0s b is not_run", "0s run gate_closed",
			},
		},
		"a transient failure is tried again after a wait, a permanent one is not": {
			steps: []*plan.Step{with(change("a"), retries(3)), with(change("b", "a"), retries(3))},
			world: func(w *world) {
				fails(w, "a", event.Do, sdk.Transient, sdk.Timeout)
				fails(w, "b", event.Do, sdk.Permanent)
			},
			want: []string{
				"0s a do #1", "6.484s a do #2", "25.257s a do #3", "26.257s a is succeeded",
				"26.257s b do #1", "27.257s b is failed (permanent)",
				"27.257s b is undoing", "27.257s b undo #1", "28.257s b is undone",
				"28.257s a is undoing", "28.257s a undo #1", "29.257s a is undone", "29.257s run rolled_back",
			},
		},
		"a failure takes back what was changed, the last first, and reads stay": {
			steps: []*plan.Step{change("a"), read("r", "a"), change("b", "r"), change("c", "b"), change("d", "c")},
			world: func(w *world) { fails(w, "c", event.Do, sdk.Permanent) },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s r do #1", "2s r is succeeded", "2s b do #1", "3s b is succeeded",
				"3s c do #1", "4s c is failed (permanent)",
				"4s c is undoing", "4s c undo #1", "5s c is undone",
				"5s b is undoing", "5s b undo #1", "6s b is undone",
				"6s a is undoing", "6s a undo #1", "7s a is undone",
				"7s d is not_run", "7s run rolled_back",
			},
		},
		"stop leaves everything as it is": {
			steps: []*plan.Step{change("a"), with(change("b", "a"), policy(plan.Stop))},
			world: func(w *world) { fails(w, "b", event.Do, sdk.Permanent) },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is failed (permanent)", "2s run failed",
			},
		},
		"continue goes on as if nothing had happened": {
			steps: []*plan.Step{with(change("a"), policy(plan.Continue)), change("b", "a")},
			world: func(w *world) { fails(w, "a", event.Do, sdk.Permanent) },
			want: []string{
				"0s a do #1", "1s a is failed (permanent)", "1s b do #1", "2s b is succeeded", "2s run succeeded",
			},
		},
		"pause keeps the run so that it can be resumed": {
			steps: []*plan.Step{with(change("a"), policy(plan.Pause)), change("b", "a")},
			world: func(w *world) { fails(w, "a", event.Do, sdk.Permanent) },
			want:  []string{"0s a do #1", "1s a is failed (permanent)", "1s run paused"},
		},
		"finally runs however it went, and its failures do not stop the rest of it": {
			steps: []*plan.Step{change("a"), finally(read("x")), finally(read("y", "x"))},
			world: func(w *world) {
				fails(w, "a", event.Do, sdk.Permanent)
				fails(w, "x", event.Do, sdk.Permanent)
			},
			want: []string{
				"0s a do #1", "1s a is failed (permanent)", "1s a is undoing", "1s a undo #1", "2s a is undone",
				"2s x do #1", "3s x is failed (permanent)", "3s y do #1", "4s y is succeeded", "4s run stuck",
			},
		},
		"a finally that fails alone is the failure": {
			steps: []*plan.Step{change("a"), finally(read("x"))},
			world: func(w *world) { fails(w, "x", event.Do, sdk.Permanent) },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s x do #1", "2s x is failed (permanent)", "2s run failed",
			},
		},
		"a finally that may fail needs nobody": {
			steps: []*plan.Step{change("a"), finally(with(read("x"), func(s *plan.Step) { s.OnFailure = plan.Continue }))},
			world: func(w *world) {
				fails(w, "a", event.Do, sdk.Permanent)
				fails(w, "x", event.Do, sdk.Permanent)
			},
			want: []string{
				"0s a do #1", "1s a is failed (permanent)", "1s a is undoing", "1s a undo #1", "2s a is undone",
				"2s x do #1", "3s x is failed (permanent)", "3s run rolled_back",
			},
		},
		"what cannot be taken back is said, and so is what it stands on": {
			steps: []*plan.Step{change("a"), change("b", "a"), change("c", "b"), change("d", "c")},
			world: func(w *world) {
				fails(w, "d", event.Do, sdk.Permanent)
				fails(w, "c", event.Undo, sdk.Permanent)
			},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c do #1", "3s c is succeeded",
				"3s d do #1", "4s d is failed (permanent)", "4s d is undoing", "4s d undo #1", "5s d is undone",
				"5s c is undoing", "5s c undo #1", "6s c is left (permanent)",
				"6s b is left (permanent)", "6s a is left (permanent)", "6s run stuck",
			},
		},
		"an undo that fails holds up only what the step was built on by intent": {
			steps: []*plan.Step{change("a"), with(change("b", "a"), inOrder), with(change("c", "b"), inOrder)},
			world: func(w *world) {
				fails(w, "c", event.Do, sdk.Permanent)
				fails(w, "b", event.Undo, sdk.Permanent)
			},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded",
				"2s c do #1", "3s c is failed (permanent)", "3s c is undoing", "3s c undo #1", "4s c is undone",
				"4s b is undoing", "4s b undo #1", "5s b is left (permanent)",
				"5s a is undoing", "5s a undo #1", "6s a is undone", "6s run stuck",
			},
		},
		"an action that does not end is neither repeated nor taken back under its hands": {
			steps: []*plan.Step{change("a"), change("b"), with(with(change("c", "a", "b"), retries(3)), func(s *plan.Step) { s.Needs[1].Reason = plan.InOrder })},
			slots: 2,
			world: func(w *world) { fails(w, "c", event.Do, event.Lost) },
			want: []string{
				"0s a do #1", "0s b do #1", "1s a is succeeded", "1s b is succeeded", "1s c do #1", "2s c is failed (lost)",
				"2s c is left (permanent)", "2s b is undoing", "2s b undo #1", "3s b is undone", "3s a is left (permanent)", "3s run stuck",
			},
		},
		"an action that does not end needs a person, whatever the policy": {
			steps: []*plan.Step{change("a"), with(change("b", "a"), policy(plan.Stop)), finally(read("f"))},
			world: func(w *world) { fails(w, "b", event.Do, event.Lost) },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is failed (lost)",
				"2s f do #1", "3s f is succeeded", "3s run stuck",
			},
		},
		"a failure that changed nothing needs no undo": {
			steps: []*plan.Step{change("a")},
			world: func(w *world) {
				w.attempts = func(machine.Attempt) answer {
					return answer{failure: &event.Failure{Class: sdk.Denied, Unchanged: true}, takes: time.Second}
				}
			},
			want: []string{"0s a do #1", "1s a is failed (denied)", "1s run failed"},
		},
		"what cannot be taken back by its nature is not said to have been": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) { s.Rollback = &plan.Compensation{None: "it is sent"} }), read("b", "a")},
			world: func(w *world) { fails(w, "b", event.Do, sdk.Permanent) },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is failed (permanent)", "2s run failed",
			},
		},
		"a verify that is false fails a step that was done": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) { s.Verify = conditions(always(expr.False)) })},
			want: []string{
				"0s a do #1", "1s a is verifying", "1s a is failed (verify failed)",
				"1s a is undoing", "1s a undo #1", "2s a is undone", "2s run rolled_back",
			},
		},
		"people take a step back, or say that they could not": {
			steps: []*plan.Step{change("a"), byHand(change("b")), byHand(change("c", "a", "b"))},
			world: func(w *world) {
				fails(w, "c", event.Do, sdk.Permanent)
				w.asks = func(a machine.Ask) *sdk.Answer { return &sdk.Answer{By: "bob", Approved: a.Op.Step == "c"} }
			},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c do #1", "3s c is failed (permanent)",
				"3s c is undoing", "4s c is undone", "4s b is undoing", "5s b is left (refused)",
				"5s a is undoing", "5s a undo #1", "6s a is undone", "6s run stuck",
			},
		},
		"a person says no": {
			steps: []*plan.Step{asks("sign_off"), change("a", "sign_off")},
			world: func(w *world) {
				w.asks = func(machine.Ask) *sdk.Answer { return &sdk.Answer{By: "bob"} }
			},
			want: []string{
				"0s sign_off is asking", "1s sign_off is failed (refused)", "1s a is not_run", "1s run gate_closed",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, c.steps...), max(c.slots, 1))
			if c.world != nil {
				c.world(w)
			}
			w.run()
			if diff := cmp.Diff(c.want, w.story()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func with(s *plan.Step, changes ...func(*plan.Step)) *plan.Step {
	for _, change := range changes {
		change(s)
	}
	return s
}

func policy(p plan.Policy) func(*plan.Step) { return func(s *plan.Step) { s.OnFailure = p } }

func inOrder(s *plan.Step) {
	for i := range s.Needs {
		s.Needs[i].Reason = plan.InOrder
	}
}

func retries(n int) func(*plan.Step) {
	return func(s *plan.Step) {
		s.Retry = plan.Retry{Attempts: n, Delay: 10 * time.Second, MaxDelay: time.Minute, Factor: 2}
	}
}

func finally(s *plan.Step) *plan.Step {
	s.Finally = true
	return s
}

// byHand has people take the step back.
func byHand(s *plan.Step) *plan.Step {
	use := read("by hand").Use
	use.Describe = sdk.Description{Asks: true}
	s.Rollback = &plan.Compensation{Use: &use, Retry: plan.Retry{Attempts: 1}}
	return s
}

func asks(id string, needs ...string) *plan.Step {
	s := read(id, needs...)
	s.Describe = sdk.Description{Asks: true}
	return s
}

func condition(p plan.Program) *plan.Condition { return &plan.Condition{Program: p} }

func conditions(programs ...plan.Program) []*plan.Condition {
	var list []*plan.Condition
	for _, p := range programs {
		list = append(list, condition(p))
	}
	return list
}

// polled is a condition over an observation.
func polled(within, every, hold time.Duration, p plan.Program) *plan.Condition {
	return &plan.Condition{
		Program: p, Within: within, Every: every, Hold: hold,
		Observe: &plan.Use{Action: "test.look", Effect: sdk.Read, Source: fixed{value.Object()}},
	}
}

// between is true in a span of the run.
func between(from, to time.Duration) says {
	return func(now time.Time, _ value.Value) expr.Truth {
		if after := now.Sub(epoch); after >= from && after < to {
			return expr.True
		}
		return expr.False
	}
}

func TestPolledConditions(t *testing.T) {
	t.Parallel()
	const long = time.Hour
	for name, c := range map[string]struct {
		gate []*plan.Condition
		want string // the line that decides
	}{
		"opens at the look at which it is true": {
			[]*plan.Condition{polled(time.Minute, 10*time.Second, 0, between(25*time.Second, long))},
			"34s a do #1", // looks at 1, 12, 23, 34
		},
		"closes when it is not true in time": {
			[]*plan.Condition{polled(30*time.Second, 10*time.Second, 0, always(expr.False))},
			"31s a is failed (gate closed)", // the last look begins at 30
		},
		"must stay true": {
			[]*plan.Condition{polled(time.Minute, 10*time.Second, 20*time.Second, between(0, long))},
			"22s a do #1", // true from 1; the look at 21 answers at 22
		},
		"begins to hold anew after a break": {
			[]*plan.Condition{polled(2*time.Minute, 10*time.Second, 20*time.Second, says(func(now time.Time, _ value.Value) expr.Truth {
				if now.Sub(epoch) == 12*time.Second {
					return expr.False
				}
				return expr.True
			}))},
			"44s a do #1", // true from 23; the look at 43 answers at 44
		},
		"all must be true at one moment": {
			[]*plan.Condition{
				polled(time.Minute, 10*time.Second, 0, between(0, 5*time.Second)),
				polled(time.Minute, 10*time.Second, 0, between(10*time.Second, long)),
			},
			"1m1s a is failed (gate closed)", // the last look begins at 60
		},
		"what was judged once is judged again when the others are met": {
			[]*plan.Condition{
				condition(between(0, 20*time.Second)),
				polled(time.Minute, 10*time.Second, 0, between(30*time.Second, long)),
			},
			"34s a is failed (gate closed)",
		},
		"is looked at a last time when its time is over": {
			[]*plan.Condition{polled(30*time.Second, 20*time.Second, 0, between(25*time.Second, long))},
			"31s a do #1",
		},
		"may hold until its time is over": {
			[]*plan.Condition{polled(21*time.Second, 10*time.Second, 20*time.Second, always(expr.True))},
			"22s a do #1", // true from 1
		},
		"an observation that is not polled is made again when the others are met": {
			[]*plan.Condition{
				polled(0, 0, 0, between(0, 20*time.Second)),
				polled(time.Minute, 10*time.Second, 0, between(30*time.Second, long)),
			},
			"35s a is failed (gate closed)",
		},
		"is judged once without within": {
			[]*plan.Condition{polled(0, 0, 0, between(2*time.Second, long))},
			"1s a is failed (gate closed)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, with(change("a"), func(s *plan.Step) { s.Gate = c.gate })), 1)
			w.run()
			story := w.story()
			if len(story) < 2 || story[1] != c.want {
				t.Errorf("story = %q, want %q", story, c.want)
			}
		})
	}
}

func TestObservationThatHangsClosesTheGateAtItsTime(t *testing.T) {
	t.Parallel()
	gate := []*plan.Condition{polled(30*time.Second, 10*time.Second, 0, always(expr.True))}
	w := newWorld(t, planOf(t, with(change("a"), func(s *plan.Step) { s.Gate = gate })), 1)
	w.observes = func(machine.Observe) answer { return answer{takes: time.Hour} }
	if result := w.run(); result.Outcome != event.OutcomeGateClosed || w.now.Sub(epoch) != 30*time.Second {
		t.Errorf("%s at %s", result.Outcome, w.now.Sub(epoch))
	}
}

func TestQuestionExpires(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, asks("sign_off")), 1)
	w.begin()
	op := event.Op{Step: "sign_off", Part: event.Do}
	w.happens(event.Event{Type: event.AskOpened, Op: &op, Timer: &event.Timer{
		Op: op, Purpose: event.TimerExpiry, At: epoch.Add(2 * time.Hour),
	}})
	result := w.run()
	if result == nil || result.Failure.Class != event.Refused || w.now.Sub(epoch) != 2*time.Hour {
		t.Errorf("result = %+v at %s", result, w.now.Sub(epoch))
	}
}

// What a connection reached is for who drives the run: the machine goes on as it was.
func TestNothingFollowsFromATarget(t *testing.T) {
	t.Parallel()
	m := machine.New(planOf(t, change("a")))
	m.Next(event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{Parallelism: 1}})
	mode := m.Mode()
	reached := event.Event{Type: event.TargetReached, Time: epoch, Target: &event.Target{Plugin: "k", Target: sdk.Target{ID: "1", Title: "one"}}}
	if commands := m.Next(reached); len(commands) > 0 || m.Mode() != mode {
		t.Errorf("it is %s, and then %s: %v", mode, m.Mode(), commands)
	}
}
