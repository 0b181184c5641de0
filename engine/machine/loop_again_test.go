package machine_test

import (
	"maps"
	"slices"
	"strings"
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

func TestResumeOfALoop(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	const over = 30 * time.Second
	resume := []event.Type{event.ResumeAsked}
	for name, c := range map[string]loopCase{
		"what failed has a new chance, in earlier batches too, and what holds after these is judged again": {
			steps: []*plan.Step{with(l.each(change("a"), "{maxFailures: 1, pause: 5s}", "w", "x", "y", "z"), policy(plan.Stop)), read("b", "a")},
			world: func(w *world) {
				fails(w, `a["w"]`, event.Do, sdk.Permanent)
				fails(w, `a["y"]`, event.Do, sdk.Permanent)
			},
			at: over, asks: resume,
			want: []string{
				"30s a is running", `30s a["w"] do #1`, `31s a["w"] is succeeded`, "31s a batch 0 is done", `36s a["y"] do #1`,
				`37s a["y"] is succeeded`, "37s a batch 2 is done", `42s a["z"] do #1`, `43s a["z"] is succeeded`, "43s a batch 3 is done",
				"43s a is succeeded", "43s b do #1", "44s b is succeeded", "44s run succeeded",
			},
		},
		"what failed before is not counted again": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [2], maxFailures: {total: 2, batch: 1}}", "x", "y"), policy(plan.Stop))},
			world: func(w *world) {
				fails(w, `a["x"]`, event.Do, sdk.Permanent, sdk.Permanent)
				fails(w, `a["y"]`, event.Do, sdk.Permanent)
			},
			at: over, asks: resume,
			want: []string{
				"30s a is running", `30s a["x"] do #1`, `30s a["y"] do #1`, `31s a["x"] is failed (permanent)`, `31s a["y"] is succeeded`,
				"31s a batch 0 is done", "31s a is succeeded", "31s run succeeded",
			},
		},
		"what did not hold is judged anew": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y"), policy(plan.Stop), holding(condition(between(10*time.Second, time.Hour))))},
			at:    over, asks: resume,
			want: []string{
				"30s a is running", "30s a batch 0 is done", `30s a["y"] do #1`, `31s a["y"] is succeeded`, "31s a batch 1 is done",
				"31s a is succeeded", "31s run succeeded",
			},
		},
		"what was put back waits for its batch": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [1, 3], maxFailures: 1}", "w", "x", "y", "z"), policy(plan.Pause))}, slots: 1,
			world: func(w *world) {
				fails(w, `a["w"]`, event.Do, sdk.Permanent)
				fails(w, `a["x"]`, event.Do, sdk.Permanent)
			},
			at: over, asks: resume,
			want: []string{
				"30s a is running", `30s a["w"] do #1`, `31s a["w"] is succeeded`, "31s a batch 0 is done", `31s a["x"] do #1`,
				`32s a["x"] is succeeded`, `32s a["y"] do #1`, `33s a["y"] is succeeded`, `33s a["z"] do #1`, `34s a["z"] is succeeded`,
				"34s a batch 1 is done", "34s a is succeeded", "34s run succeeded",
			},
		},
		"what rested goes on beside an earlier batch, in which no more are under way for that": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [1, 2], maxFailures: 1, maxParallel: 2}", "x", "y", "z"), policy(plan.Pause), retries(2))},
			world: func(w *world) {
				fails(w, `a["x"]`, event.Do, sdk.Permanent)
				fails(w, `a["y"]`, event.Do, sdk.Permanent)
				fails(w, `a["z"]`, event.Do, sdk.Transient)
			},
			at: over, asks: resume,
			want: []string{
				"30s a is running", `30s a["z"] do #2`, `31s a["z"] is succeeded`, `31s a["x"] do #1`, `32s a["x"] is succeeded`,
				"32s a batch 0 is done", `32s a["y"] do #1`, `33s a["y"] is succeeded`, "33s a batch 1 is done", "33s a is succeeded",
				"33s run succeeded",
			},
		},
		"what the end of a run came between goes on": {
			steps: []*plan.Step{with(l.each(read("a"), "{}", "x", "y"), policy(plan.Continue)), read("b", "a")},
			at:    500 * time.Millisecond, asks: []event.Type{event.CancelAsked, event.ResumeAsked},
			want: []string{
				`500ms a["x"] is failed (cancelled)`, "500ms a is failed (cancelled)", "500ms b is not_run", `500ms a["y"] is not_run`,
				"500ms run failed", "500ms a is running", `500ms a["x"] do #1`, `1.5s a["x"] is succeeded`, "1.5s a batch 0 is done",
				`1.5s a["y"] do #1`, `2.5s a["y"] is succeeded`, "2.5s a batch 1 is done", "2.5s a is succeeded", "2.5s b do #1",
				"3.5s b is succeeded", "3.5s run succeeded",
			},
		},
		"as does a step that is done once": {
			steps: []*plan.Step{with(read("a"), policy(plan.Continue)), with(read("b"), policy(plan.Stop)), read("c", "a")},
			world: func(w *world) { fails(w, "b", event.Do, sdk.Permanent); lasting(w, 5*time.Second, "a") },
			at:    over, asks: resume,
			want: []string{
				"30s a do #1", "30s b do #1", "31s b is succeeded", "35s a is succeeded", "35s c do #1", "36s c is succeeded",
				"36s run succeeded",
			},
		},
		"what failed of a loop that goes on was allowed to": {
			steps: []*plan.Step{l.each(change("a"), "{maxFailures: 1}", "x", "y", "z")},
			world: func(w *world) { broken(w, `a["x"]`) },
			at:    1500 * time.Millisecond, asks: []event.Type{event.PauseAsked, event.ResumeAsked},
			want: []string{
				`2s a["y"] is succeeded`, "2s run paused", "2s a batch 1 is done", `2s a["z"] do #1`, `3s a["z"] is succeeded`,
				"3s a batch 2 is done", "3s a is succeeded", "3s run succeeded",
			},
		},
		"a rollback after that takes back what was done last first": {
			steps: []*plan.Step{with(l.each(change("a"), "{maxFailures: 1}", "x", "y"), policy(plan.Stop)), with(change("b", "a"), policy(plan.Stop))},
			world: func(w *world) { broken(w, "b"); fails(w, `a["x"]`, event.Do, sdk.Permanent) },
			at:    over, asks: []event.Type{event.RollbackAsked},
			want: []string{
				"30s b is undoing", "30s b undo #1", "31s b is undone", `31s a["y"] is undoing`, `31s a["y"] undo #1`, `32s a["y"] is undone`,
				`32s a["x"] is undoing`, `32s a["x"] undo #1`, `33s a["x"] is undone`, "33s run rolled_back",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// What `finally` does once more, after a rollback, is done for what it is then.
func TestFinallyIsDoneAgainForWhatItIsThen(t *testing.T) {
	t.Parallel()
	tell := newLoops(t).each(read("tell"), "{sizes: [100%]}")
	tell.Loop.Source = shifting{[]value.Value{listOf("x", "y"), listOf("y", "z"), value.Null()}}
	w := newWorld(t, planOf(t, change("a"), finally(tell)), 9)
	given(w.plan)
	w.run()
	w.now = epoch.Add(7 * time.Second) // it cannot be told at second 8
	w.goesOn(event.RollbackAsked)
	if r := w.result; r.Outcome != event.OutcomeStuck {
		t.Fatalf("result = %+v\n%q", r, w.story())
	}
	w.now = epoch.Add(9 * time.Second)
	w.goesOn(event.ResumeAsked)
	var keys []string
	for _, e := range w.journal {
		if e.Type == event.AttemptStarted && strings.HasPrefix(e.Op.Step, "tell") {
			keys = append(keys, e.Op.Step)
		}
	}
	if want := []string{`tell["y"]`, `tell["z"]`, `tell["x"]`, `tell["y"]`}; !slices.Equal(keys, want) {
		t.Errorf("%q, want %q\n%q", keys, want, w.story())
	}
	if list, _ := w.result.Outputs.Get("tell"); !strings.Contains(list.String(), `"byKey":{"x":{},"y":{}}`) {
		t.Errorf("outputs = %s", list)
	}
	sameAgain(t, w)
}

// sameAgain replays a journal as the next process does.
func sameAgain(t *testing.T, w *world) {
	t.Helper()
	var past machine.Past
	for _, e := range w.journal {
		past.Note(e)
	}
	again := machine.New(w.plan)
	again.Recall(past)
	var want, got []string
	for _, e := range w.journal {
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
		t.Errorf("the replay decides otherwise: %s", diff)
	}
}

// Of a list that came of a secret the journal has the keys. What they stand for is not
// known any more, and what has not begun cannot be done with it.
func TestKeysOfASecretListAreRecalled(t *testing.T) {
	t.Parallel()
	p := func(list plan.Source) *plan.Plan {
		a := newLoops(t).each(change("a"), "{}")
		a.OnFailure, a.Loop.Source, a.Use.Source = plan.Stop, list, eachValue{}
		return planOf(t, a)
	}
	w := newWorld(t, p(fixed{listOf("x", "y").Secret()}), 1)
	w.until(500 * time.Millisecond)
	var past machine.Past
	for _, e := range w.journal {
		past.Note(e)
	}
	again := machine.New(p(fixed{value.Unknown(value.Cause{Reason: "it is a secret"})}))
	again.Recall(past)
	for _, e := range w.facts() {
		again.Next(e)
	}
	if out := again.Outstanding(); len(out) != 1 || out[0].(machine.Attempt).Op.Step != `a["0"]` {
		t.Fatalf("outstanding: %+v", out)
	}
	done := value.Object()
	got := told(again.Next(event.Event{
		Type: event.AttemptFinished, Time: epoch.Add(time.Second), Op: &event.Op{Step: `a["0"]`, Part: event.Do, Attempt: 1}, Outputs: &done,
	}))
	want := []string{`a["0"] is succeeded`, `a["1"] is failed`, "a is failed"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// eachValue are parameters that are the item.
type eachValue struct{}

func (eachValue) Eval(scope expr.Scope) (value.Value, error) {
	each, _ := scope.Root(expr.RootEach)
	item, _ := each.Get("value")
	return item, nil
}

// Wherever a process dies, the next one brings the loop to the same end, and does nothing
// twice that was done.
func TestALoopOutlivesACrashAnywhere(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	begin := func() *world {
		w := newWorld(t, planOf(t,
			with(l.each(change("a"), "{sizes: [1, 2, 100%], maxParallel: 2, maxFailures: 1, pause: 5s}", "u", "v", "w", "x", "y", "z"), retries(2),
				holding(polled(time.Minute, 3*time.Second, 4*time.Second, always(expr.True)), condition(always(expr.True)))),
			change("b", "a"),
			finally(l.each(read("f"), "{pause: 1s}", "x", "y")),
		), 3)
		given(w.plan)
		broken(w, `a["w"]`, "b")
		fails(w, `a["y"]`, event.Do, sdk.Transient)
		return w
	}
	calm := begin()
	want := calm.run()
	if want.Outcome != event.OutcomeRolledBack || len(want.Undone) != 7 {
		t.Fatalf("undisturbed: %+v\n%q", want, calm.story())
	}
	for _, state := range []sdk.State{sdk.Done, sdk.NotDone} {
		for n := 1; n < len(calm.facts()); n++ {
			w := begin()
			w.begin()
			for len(w.facts()) < n && w.result == nil {
				w.next()
			}
			w.dies(func() sdk.State { return state })
			got := w.run()
			if got == nil {
				t.Fatalf("it hangs after a crash at fact %d\n%q", n, w.story())
			}
			// What broke is found to be done where a crash lost its answer.
			if state == sdk.NotDone && got.Outcome != want.Outcome {
				t.Errorf("after a crash at fact %d: %+v\n%q", n, got, w.story())
			}
			for id, status := range w.statuses() {
				if !status.Settled() {
					t.Errorf("after a crash at fact %d, %s is %s\n%q", n, id, status, w.story())
				}
			}
			if missing := missingOf(calm.statuses(), w.statuses()); len(missing) > 0 {
				t.Errorf("after a crash at fact %d nothing is said of %q", n, missing)
			}
		}
	}
}

// missingOf are the steps of one run that another says nothing of.
func missingOf(of, in map[string]event.Status) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(of)), func(id string) bool { _, ok := in[id]; return ok })
}

// Nobody can tell what became of an instance: the run waits for a person, and goes on inside
// the batch with what that person says.
func TestALostInstanceWaitsForAPerson(t *testing.T) {
	t.Parallel()
	for state, want := range map[sdk.State][]string{
		sdk.Done: {
			`0s a["x"] is lost`, `0s a["y"] is pending`, "0s run paused",
			`0s a["x"] is succeeded`, `0s a["y"] do #1`, `1s a["y"] is succeeded`, "1s a batch 0 is done", "1s a is succeeded", "1s run succeeded",
		},
		sdk.NotDone: {
			`0s a["x"] is lost`, `0s a["y"] is pending`, "0s run paused",
			`0s a["x"] do #1`, `1s a["x"] is succeeded`, `1s a["y"] do #1`, `2s a["y"] is succeeded`,
			"2s a batch 0 is done", "2s a is succeeded", "2s run succeeded",
		},
	} {
		w := newWorld(t, planOf(t, newLoops(t).each(change("a"), "{sizes: [2]}", "x", "y")), 1)
		w.until(0)
		w.crashed()
		before := len(w.story())
		w.happens(event.Event{Type: event.RunResumed})
		w.inFlight--
		lost := event.Op{Step: `a["x"]`, Part: event.Do, Attempt: 1}
		w.happens(event.Event{Type: event.AttemptObserved, Op: &lost, State: sdk.CannotTell})
		w.result = nil
		w.happens(event.Event{Type: event.RunResumed, Name: string(event.ResumeAsked)})
		w.ask(event.ResumeAsked)
		w.happens(event.Event{Type: event.AttemptObserved, Op: &lost, State: state, By: "ann"})
		w.run()
		if diff := cmp.Diff(want, w.story()[before:]); diff != "" {
			t.Errorf("%s: %s", state, diff)
		}
	}
}
