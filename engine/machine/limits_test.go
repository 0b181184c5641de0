package machine_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// limited is a plan with limits.
func limited(tb testing.TB, limits event.Limits, steps ...*plan.Step) *plan.Plan {
	tb.Helper()
	p := planOf(tb, steps...)
	p.Limits = &limits
	return p
}

// destroy is a step that destroys something.
func destroy(id string, needs ...string) *plan.Step {
	s := change(id, needs...)
	s.Effect = sdk.Destroy
	return s
}

// costing has the attempts at steps cost so much, in usd.
func costing(w *world, costs map[string]float64) {
	others := w.attempts
	w.attempts = func(a machine.Attempt) answer {
		answer := others(a)
		if usd, ok := costs[a.Op.Step]; ok {
			answer.cost = sdk.Cost{"usd": usd}
		}
		return answer
	}
}

func TestNothingIsBegunThatGoesOverALimit(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	stops := policy(plan.Stop)
	for name, c := range map[string]struct {
		limits   event.Limits
		steps    []*plan.Step
		slots    int
		foreseen *event.Foreseen
		world    func(*world)
		want     []string
		why      string
	}{
		"what fits is begun, and what was changed is taken back": {
			limits: event.Limits{Changes: new(2)},
			steps:  []*plan.Step{change("a"), read("b", "a"), change("c", "b"), change("d", "c")},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c do #1", "3s c is succeeded",
				"3s d is failed (over the limit)", "3s c is undoing", "3s c undo #1", "4s c is undone", "4s a is undoing", "4s a undo #1", "5s a is undone", "5s run rolled_back",
			},
			why: "that makes 3 changes, and maxChanges is 2",
		},
		"of steps side by side no two take the last room": {
			limits: event.Limits{Changes: new(2)}, slots: 4,
			steps: []*plan.Step{with(change("a"), stops), with(change("b"), stops), with(change("c"), stops)},
			want: []string{
				"0s c is failed (over the limit)", "0s a do #1", "0s b do #1", "1s a is succeeded", "1s b is succeeded", "1s run failed",
			},
			why: "that makes 3 changes, and maxChanges is 2",
		},
		"an instance opens where there is room for its finally": {
			limits: event.Limits{Changes: new(4)},
			steps:  taking(l.each(with(read("web"), stops), "{sizes: [1]}", "x", "y"), with(change("one"), stops), finally(change("clean"))),
			want: []string{
				"0s web is running", `0s web["x"] is running`, `0s web["x"].one do #1`, `1s web["x"].one is succeeded`,
				`1s web["x"].clean do #1`, `2s web["x"].clean is succeeded`, `2s web["x"] is succeeded`, "2s web batch 0 is done",
				`2s web["y"] is running`, `2s web["y"].one do #1`, `3s web["y"].one is succeeded`, `3s web["y"].clean do #1`,
				`4s web["y"].clean is succeeded`, `4s web["y"] is succeeded`, "4s web batch 1 is done", "4s web is succeeded", "4s run succeeded",
			},
		},
		"what an instance needs to clean up is not taken by its own steps": {
			limits: event.Limits{Changes: new(3)},
			steps:  taking(l.each(with(read("web"), stops), "{sizes: [1]}", "x", "y"), with(change("one"), stops), finally(change("clean"))),
			want: []string{
				"0s web is running", `0s web["x"] is running`, `0s web["x"].one do #1`, `1s web["x"].one is succeeded`,
				`1s web["x"].clean do #1`, `2s web["x"].clean is succeeded`, `2s web["x"] is succeeded`, "2s web batch 0 is done",
				`2s web["y"] is running`, `2s web["y"].one is failed (over the limit)`,
				`2s web["y"] is failed (over the limit)`, "2s web is failed (over the limit)", `2s web["y"].clean do #1`,
				`3s web["y"].clean is succeeded`, "3s run failed",
			},
			why: "that makes 4 changes, and maxChanges is 3, with what finally needs",
		},
		"an instance for whose finally there is no room does not open": {
			limits: event.Limits{Changes: new(2)},
			steps:  taking(l.each(with(read("web"), stops), "{sizes: [1]}", "x", "y"), with(change("one"), stops), finally(change("clean"))),
			want: []string{
				"0s web is running", `0s web["x"] is running`, `0s web["x"].one do #1`, `1s web["x"].one is succeeded`,
				`1s web["x"].clean do #1`, `2s web["x"].clean is succeeded`, `2s web["x"] is succeeded`, "2s web batch 0 is done",
				`2s web["y"] is failed (over the limit)`, "2s web is failed (over the limit)", "2s run failed",
			},
			why: "y: with what its finally needs, that makes 3 changes, and maxChanges is 2",
		},
		"a step that is tried again counts once": {
			limits: event.Limits{Changes: new(1)},
			steps:  []*plan.Step{with(change("a"), func(s *plan.Step) { s.Retry = plan.Retry{Attempts: 3} })},
			world:  func(w *world) { fails(w, "a", event.Do, sdk.Transient, sdk.Transient) },
			want:   []string{"0s a do #1", "1s a do #2", "2s a do #3", "3s a is succeeded", "3s run succeeded"},
		},
		"where nothing was changed the run was not let in": {
			limits: event.Limits{Changes: new(0)},
			steps:  []*plan.Step{read("a"), change("b", "a"), finally(read("f"))},
			want:   []string{"0s a do #1", "1s a is succeeded", "1s b is failed (over the limit)", "1s f do #1", "2s f is succeeded", "2s run gate_closed"},
			why:    "that makes 1 change, and maxChanges is 0",
		},
		"what destroys is a change too": {
			limits: event.Limits{Changes: new(5), Destroys: new(1)},
			steps:  []*plan.Step{destroy("a"), change("b", "a"), with(destroy("c", "b"), stops)},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c is failed (over the limit)", "2s run failed",
			},
			why: "that makes 2 destroys, and maxDestroys is 1",
		},
		"a loop ends there, whatever its budget": {
			limits: event.Limits{Changes: new(2)},
			steps:  []*plan.Step{with(l.each(change("a"), "{maxFailures: 100%}", "w", "x", "y", "z"), stops)},
			world:  func(w *world) { broken(w, `a["w"]`) },
			want: []string{
				"0s a is running", `0s a["w"] do #1`, `1s a["w"] is failed (permanent)`, "1s a batch 0 is done",
				`1s a["x"] do #1`, `2s a["x"] is succeeded`, "2s a batch 1 is done", `2s a["y"] is failed (over the limit)`,
				"2s a is failed (over the limit)", `2s a["z"] is not_run`, "2s run failed",
			},
			why: "y: that makes 3 changes, and maxChanges is 2 (2 of 4 failed)",
		},
		"room is kept for finally, which nothing prevents": {
			limits: event.Limits{Changes: new(2), Duration: time.Second},
			steps:  []*plan.Step{with(change("a"), stops), with(change("b", "a"), stops), finally(change("f"))},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b is failed (over the limit)", "1s f do #1", "2s f is succeeded", "2s run failed",
			},
			why: "that makes 3 changes, and maxChanges is 2, with what finally needs",
		},
		"finally takes no time away": {
			limits: event.Limits{Duration: time.Second},
			steps:  []*plan.Step{with(change("a"), stops), with(change("b", "a"), stops), with(change("c", "b"), stops), finally(change("f"))},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c is failed (over the limit)", "2s f do #1", "3s f is succeeded", "3s run failed",
			},
			why: "the run began 2s ago, and maxDuration is 1s",
		},
		"nobody is asked step by step about what may not begin": {
			limits: event.Limits{Changes: new(1)},
			steps:  []*plan.Step{with(change("a"), stops), with(change("b", "a"), stops)},
			world:  word(true, true),
			want:   []string{"0s a is asking", "1s a do #1", "2s a is succeeded", "2s b is failed (over the limit)", "2s run failed"},
			why:    "that makes 2 changes, and maxChanges is 1",
		},
		"a thing counts once, and a step that cannot tell as one": {
			limits:   event.Limits{Targets: new(3)},
			foreseen: &event.Foreseen{Targets: map[string][]int{"a": {0, 1}, "b": {1}, "d": {}, "e": {0, 2}}},
			steps:    []*plan.Step{change("a"), change("b", "a"), change("c", "b"), change("d", "c"), with(change("e", "d"), stops)},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c do #1", "3s c is succeeded",
				"3s d do #1", "4s d is succeeded", "4s e is failed (over the limit)", "4s run failed",
			},
			why: "that touches 4 targets, and maxTargets is 3",
		},
		"what it cost counts in place of what was foreseen": {
			limits:   event.Limits{Cost: sdk.Cost{"usd": 0.3}},
			foreseen: &event.Foreseen{Cost: map[string]sdk.Cost{"a": {"usd": 5}, "b": {"usd": 0.2}, "c": {"usd": 0.1}}},
			steps:    []*plan.Step{with(change("b"), stops), with(change("c", "b"), stops), with(change("d", "c"), stops)},
			world:    func(w *world) { costing(w, map[string]float64{"b": 0.1, "c": 0.2, "d": 0}) },
			want: []string{
				"0s b do #1", "1s b is succeeded", "1s c do #1", "2s c is succeeded", "2s d do #1", "3s d is succeeded", "3s run succeeded",
			},
		},
		"what costs more than was foreseen ends the run behind it": {
			limits:   event.Limits{Cost: sdk.Cost{"usd": 3}},
			foreseen: &event.Foreseen{Cost: map[string]sdk.Cost{"a": {"usd": 1}, "c": {"usd": 1}}},
			steps:    []*plan.Step{with(change("a"), stops), read("b", "a"), with(change("c", "b"), stops)},
			world:    func(w *world) { costing(w, map[string]float64{"a": 2.5}) },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c is failed (over the limit)", "2s run failed",
			},
			why: "that costs 3.5 usd, and maxCost is 3 usd",
		},
		"what reads may go on for ever": {
			limits: event.Limits{Duration: 2 * time.Second},
			steps:  []*plan.Step{read("a"), change("b", "a"), read("c", "b"), with(read("d", "c"), stops), with(change("e", "d"), stops)},
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c do #1", "3s c is succeeded",
				"3s d do #1", "4s d is succeeded", "4s e is failed (over the limit)", "4s run failed",
			},
			why: "the run began 4s ago, and maxDuration is 2s",
		},
		"what failed is not tried once more when its time is over": {
			limits: event.Limits{Duration: 5 * time.Second},
			steps:  []*plan.Step{with(change("a"), stops, retries(3))},
			world:  func(w *world) { fails(w, "a", event.Do, sdk.Transient, sdk.Transient) },
			want:   []string{"0s a do #1", "6.484s a is failed (over the limit)", "6.484s run failed"},
			why:    "the run began 6.484s ago, and maxDuration is 5s; before that it had failed: it is broken",
		},
		"what people do is not asked for": {
			limits: event.Limits{Changes: new(0)},
			steps:  []*plan.Step{with(asks("a"), func(s *plan.Step) { s.Effect = sdk.Change })},
			want:   []string{"0s a is failed (over the limit)", "0s run gate_closed"},
			why:    "that makes 1 change, and maxChanges is 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, limited(t, c.limits, c.steps...), max(c.slots, 1))
			w.foreseen = c.foreseen
			if c.world != nil {
				c.world(w)
			}
			result := w.run()
			if diff := cmp.Diff(c.want, w.story()); diff != "" {
				t.Error(diff)
			}
			why := ""
			if result.Failure != nil {
				why = result.Failure.Message
			}
			if diff := cmp.Diff(c.why, why); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What failed over a limit did nothing itself, and a run that is resumed is refused again.
func TestResumeDoesNotGetPastALimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, limited(t, event.Limits{Changes: new(1)}, with(change("a"), policy(plan.Pause)), with(change("b", "a"), policy(plan.Pause))), 1)
	if result := w.run(); result.Outcome != event.OutcomePaused || !result.Failure.Unchanged {
		t.Fatalf("got %+v", result)
	}
	result := w.goesOn(event.ResumeAsked)
	if result.Outcome != event.OutcomePaused || result.Step != "b" {
		t.Errorf("got %+v\n%q", result, w.story())
	}
	if result := w.goesOn(event.RollbackAsked); result.Outcome != event.OutcomeRolledBack {
		t.Errorf("got %+v\n%q", result, w.story())
	}
}

// An attempt whose intent never came into the journal was not begun. What takes the run up
// later looks at the limits anew.
func TestAnAttemptWhoseIntentWasLostIsHeldAgainstTheLimitsAnew(t *testing.T) {
	t.Parallel()
	begin := event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Parallelism: 1}}
	for after, want := range map[time.Duration][]string{
		time.Minute:    {"attempt a do"},
		24 * time.Hour: {"a is failed", "b is not_run"},
	} {
		m := machine.New(limited(t, event.Limits{Changes: new(1), Duration: time.Hour}, with(change("a"), policy(plan.Stop)), with(change("b", "a"), policy(plan.Stop))))
		m.Next(begin)
		got := told(m.Next(event.Event{Type: event.RunResumed, Time: epoch.Add(after)}))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s: %s", after, diff)
		}
	}
}

// One that was begun before is not made again either when the time is over, and may have
// changed something.
func TestAnAttemptThatACrashCutOffIsNotMadeAgainWhenTheTimeIsOver(t *testing.T) {
	t.Parallel()
	for state, want := range map[sdk.State]event.Outcome{sdk.Done: event.OutcomeSucceeded, sdk.NotDone: event.OutcomeRolledBack, sdk.Untouched: event.OutcomeGateClosed} {
		w := newWorld(t, limited(t, event.Limits{Duration: time.Hour}, change("a")), 1)
		w.until(0)
		w.now = epoch.Add(2 * time.Hour)
		w.dies(func() sdk.State { return state })
		if result := w.run(); result.Outcome != want {
			t.Errorf("%s: got %+v, want %s\n%s", state, result, want, strings.Join(w.story(), "\n"))
		}
	}
}

// A run that goes longer than it may is told of once, with the end of the attempt that was at work
// then, also where nothing begins behind it; one that waits does not end by that.
func TestARunThatIsOverItsTimeIsToldOf(t *testing.T) {
	t.Parallel()
	late := func(w *world) (at []time.Duration) {
		for _, e := range w.journal {
			if e.Type == event.OverTime {
				at = append(at, e.Time.Sub(epoch))
			}
		}
		return at
	}
	w := newWorld(t, limited(t, event.Limits{Duration: 500 * time.Millisecond}, change("a"), finally(change("f"))), 1)
	if result := w.run(); result.Outcome != event.OutcomeSucceeded {
		t.Fatalf("%+v\n%q", result, w.story())
	}
	if diff := cmp.Diff([]time.Duration{time.Second}, late(w)); diff != "" {
		t.Error(diff)
	}
	waits := with(change("b"), func(s *plan.Step) {
		s.Gate = []*plan.Condition{polled(time.Hour, 10*time.Second, 0, since(30*time.Second))}
	})
	w = newWorld(t, limited(t, event.Limits{Duration: 5 * time.Second}, waits), 1)
	if result := w.run(); result.Outcome != event.OutcomeGateClosed || result.Failure.Class != event.OverLimit {
		t.Fatalf("%+v\n%q", result, w.story())
	}
	if diff := cmp.Diff(1, len(late(w))); diff != "" {
		t.Error(diff)
	}
}
