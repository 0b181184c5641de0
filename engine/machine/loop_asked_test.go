package machine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestRequestsInALoop(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	// At 1s the first batch is over, at 11s its pause, at 12s the look after it, at 13s the second.
	loop := func(p plan.Policy) *plan.Step {
		return with(l.each(change("a"), "{sizes: [1, 2], pause: 10s}", "x", "y", "z"), policy(p), holding(polled(0, 0, 0, always(expr.True))))
	}
	wide := func(p plan.Policy) *plan.Step {
		return with(l.each(change("a"), "{sizes: [3]}", "x", "y", "z"), policy(p))
	}
	const inBatch, inPause, looking = 500 * time.Millisecond, 5 * time.Second, 11500 * time.Millisecond
	pauses := []event.Type{event.PauseAsked, event.ResumeAsked}
	cancels, back := []event.Type{event.CancelAsked}, []event.Type{event.RollbackAsked}
	for name, c := range map[string]loopCase{
		"a pause in a batch lets none begin until the run goes on": {
			steps: []*plan.Step{loop(plan.Rollback), read("b", "a")}, at: inBatch, asks: pauses,
			want: []string{
				`1s a["x"] is succeeded`, "1s run paused", "1s a batch 0 is done", `12s a["y"] do #1`, `12s a["z"] do #1`,
				`13s a["y"] is succeeded`, `13s a["z"] is succeeded`, "13s a batch 1 is done", "24s a is succeeded", "24s b do #1",
				"25s b is succeeded", "25s run succeeded",
			},
		},
		"a pause does not hold up the clock of that after a batch": {
			steps: []*plan.Step{loop(plan.Rollback)}, at: inPause, asks: pauses,
			want: []string{
				"5s run paused", `12s a["y"] do #1`, `12s a["z"] do #1`, `13s a["y"] is succeeded`, `13s a["z"] is succeeded`,
				"13s a batch 1 is done", "24s a is succeeded", "24s run succeeded",
			},
		},
		"a pause as it is looked what holds has it looked anew": {
			steps: []*plan.Step{loop(plan.Rollback)}, at: looking, asks: pauses,
			want: []string{
				"11.5s run paused", `12.5s a["y"] do #1`, `12.5s a["z"] do #1`, `13.5s a["y"] is succeeded`, `13.5s a["z"] is succeeded`,
				"13.5s a batch 1 is done", "24.5s a is succeeded", "24.5s run succeeded",
			},
		},
		"a pause puts back what waits for a slot": {
			steps: []*plan.Step{wide(plan.Rollback)}, slots: 1, at: inBatch, asks: pauses,
			want: []string{
				`500ms a["y"] is pending`, `500ms a["z"] is pending`, `1s a["x"] is succeeded`, "1s run paused", `1s a["y"] do #1`,
				`2s a["y"] is succeeded`, `2s a["z"] do #1`, `3s a["z"] is succeeded`, "3s a batch 0 is done", "3s a is succeeded",
				"3s run succeeded",
			},
		},
		"a pause leaves what fails meanwhile to be tried again": {
			steps: []*plan.Step{with(wide(plan.Rollback), retries(2))}, slots: 1, at: inBatch, asks: pauses,
			world: func(w *world) { fails(w, `a["x"]`, event.Do, sdk.Transient) },
			want: []string{
				`500ms a["y"] is pending`, `500ms a["z"] is pending`, `1s a["x"] is resting`, "1s run paused", `1s a["y"] do #1`,
				`2s a["y"] is succeeded`, `2s a["z"] do #1`, `3s a["z"] is succeeded`, `8.618s a["x"] do #2`, `9.618s a["x"] is succeeded`,
				"9.618s a batch 0 is done", "9.618s a is succeeded", "9.618s run succeeded",
			},
		},
		"a pause in which more fail than may": {
			steps: []*plan.Step{wide(plan.Continue), read("b", "a")}, slots: 1, at: inBatch, asks: pauses,
			world: func(w *world) { broken(w, `a["x"]`) },
			want: []string{
				`500ms a["y"] is pending`, `500ms a["z"] is pending`, `1s a["x"] is failed (permanent)`, "1s a is failed (permanent)",
				"1s run paused", "1s b do #1", "2s b is succeeded", `2s a["y"] is not_run`, `2s a["z"] is not_run`, "2s run succeeded",
			},
		},
		"a cancel in a batch takes back what was done": {
			steps: []*plan.Step{loop(plan.Rollback), read("b", "a")}, at: 12500 * time.Millisecond, asks: cancels,
			want: []string{
				`12.5s a["y"] is failed (cancelled)`, `12.5s a["z"] is failed (cancelled)`, "12.5s a is failed (cancelled)",
				`12.5s a["z"] is undoing`, `12.5s a["z"] undo #1`, `13.5s a["z"] is undone`, `13.5s a["y"] is undoing`, `13.5s a["y"] undo #1`,
				`14.5s a["y"] is undone`, `14.5s a["x"] is undoing`, `14.5s a["x"] undo #1`, `15.5s a["x"] is undone`, "15.5s b is not_run",
				"15.5s run rolled_back",
			},
		},
		"a cancel before anything of it was done": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y"), func(s *plan.Step) {
				s.Gate = []*plan.Condition{polled(time.Hour, time.Minute, 0, always(expr.False))}
			})}, at: inPause, asks: cancels,
			want: []string{
				`5s a["x"] is pending`, "5s a is pending", "5s a is not_run", `5s a["x"] is not_run`, `5s a["y"] is not_run`, "5s run failed",
			},
		},
		"a cancel in the pause": {
			steps: []*plan.Step{loop(plan.Rollback), read("b", "a")}, at: inPause, asks: cancels,
			want: []string{
				"5s a is failed (cancelled)", `5s a["x"] is undoing`, `5s a["x"] undo #1`, `6s a["x"] is undone`, "6s b is not_run",
				`6s a["y"] is not_run`, `6s a["z"] is not_run`, "6s run rolled_back",
			},
		},
		"a cancel as it is looked what holds": {
			steps: []*plan.Step{loop(plan.Rollback), read("b", "a")}, at: looking, asks: cancels,
			want: []string{
				"11.5s a is failed (cancelled)", `11.5s a["x"] is undoing`, `11.5s a["x"] undo #1`, `12.5s a["x"] is undone`,
				"12.5s b is not_run", `12.5s a["y"] is not_run`, `12.5s a["z"] is not_run`, "12.5s run rolled_back",
			},
		},
		"a cancel of a run that paused": {
			steps: []*plan.Step{loop(plan.Rollback)}, at: inBatch, asks: []event.Type{event.PauseAsked, event.CancelAsked},
			want: []string{
				`1s a["x"] is succeeded`, "1s run paused", "1s a batch 0 is done", "1s a is failed (cancelled)", `1s a["x"] is undoing`,
				`1s a["x"] undo #1`, `2s a["x"] is undone`, `2s a["y"] is not_run`, `2s a["z"] is not_run`, "2s run rolled_back",
			},
		},
		"a rollback in a batch": {
			steps: []*plan.Step{loop(plan.Stop)}, at: 12500 * time.Millisecond, asks: back,
			want: []string{
				`13s a["y"] is succeeded`, `13s a["z"] is succeeded`, "13s a is failed (cancelled)", `13s a["z"] is undoing`,
				`13s a["z"] undo #1`, `14s a["z"] is undone`, `14s a["y"] is undoing`, `14s a["y"] undo #1`, `15s a["y"] is undone`,
				`15s a["x"] is undoing`, `15s a["x"] undo #1`, `16s a["x"] is undone`, "16s run rolled_back",
			},
		},
		"a rollback in the pause": {
			steps: []*plan.Step{loop(plan.Stop)}, at: inPause, asks: back,
			want: []string{
				"5s a is failed (cancelled)", `5s a["x"] is undoing`, `5s a["x"] undo #1`, `6s a["x"] is undone`, `6s a["y"] is not_run`,
				`6s a["z"] is not_run`, "6s run rolled_back",
			},
		},
		"a rollback as it is looked what holds": {
			steps: []*plan.Step{loop(plan.Stop)}, at: looking, asks: back,
			want: []string{
				"11.5s a is failed (cancelled)", `11.5s a["x"] is undoing`, `11.5s a["x"] undo #1`, `12.5s a["x"] is undone`,
				`12.5s a["y"] is not_run`, `12.5s a["z"] is not_run`, "12.5s run rolled_back",
			},
		},
		"a rollback of a run that paused there": {
			steps: []*plan.Step{loop(plan.Stop)}, at: inPause, asks: []event.Type{event.PauseAsked, event.RollbackAsked},
			want: []string{
				"5s run paused", "5s a is failed (cancelled)", `5s a["x"] is undoing`, `5s a["x"] undo #1`, `6s a["x"] is undone`,
				`6s a["y"] is not_run`, `6s a["z"] is not_run`, "6s run rolled_back",
			},
		},
		"a pause in its rollback": {
			steps: []*plan.Step{wide(plan.Rollback)}, at: 1500 * time.Millisecond, asks: pauses,
			world: func(w *world) { broken(w, `a["z"]`) },
			want: []string{
				`2s a["z"] is undone`, "2s run paused", `2s a["y"] is undoing`, `2s a["y"] undo #1`, `3s a["y"] is undone`,
				`3s a["x"] is undoing`, `3s a["x"] undo #1`, `4s a["x"] is undone`, "4s run rolled_back",
			},
		},
		"a cancel in finally ends what is under way, and begins no other": {
			steps: []*plan.Step{finally(wide(plan.Rollback)), finally(read("b", "a"))}, slots: 1, at: inBatch, asks: cancels,
			want: []string{
				`500ms a["y"] is pending`, `500ms a["z"] is pending`, `500ms a["x"] is failed (cancelled)`, "500ms a is failed (cancelled)",
				"500ms b do #1", "1.5s b is succeeded", `1.5s a["y"] is not_run`, `1.5s a["z"] is not_run`, "1.5s run failed",
			},
		},
		"a cancel in finally ends the pause": {
			steps: []*plan.Step{finally(loop(plan.Rollback)), finally(read("b", "a"))}, at: inPause, asks: cancels,
			want: []string{
				"5s a is failed (cancelled)", "5s b do #1", "6s b is succeeded", `6s a["y"] is not_run`, `6s a["z"] is not_run`,
				"6s run failed",
			},
		},
		"a cancel in finally ends a pause that would go on while others run": {
			steps: []*plan.Step{finally(loop(plan.Rollback)), finally(read("b", "a"))}, at: inPause, asks: cancels,
			world: func(w *world) { lasting(w, 6500*time.Millisecond, "b") },
			want: []string{
				"5s a is failed (cancelled)", "5s b do #1", "11.5s b is succeeded", `11.5s a["y"] is not_run`, `11.5s a["z"] is not_run`,
				"11.5s run failed",
			},
		},
		"a cancel in finally ends the look": {
			steps: []*plan.Step{finally(loop(plan.Rollback)), finally(read("b", "a"))}, at: looking, asks: cancels,
			want: []string{
				"11.5s a is failed (cancelled)", "11.5s b do #1", "12.5s b is succeeded", `12.5s a["y"] is not_run`, `12.5s a["z"] is not_run`,
				"12.5s run failed",
			},
		},
		"a cancel in finally of a run that paused there": {
			steps: []*plan.Step{finally(wide(plan.Rollback)), finally(read("b", "a"))}, slots: 1, at: inBatch,
			asks: []event.Type{event.PauseAsked, event.CancelAsked},
			want: []string{
				`500ms a["y"] is pending`, `500ms a["z"] is pending`, `1s a["x"] is succeeded`, "1s run paused", "1s a is failed (cancelled)",
				"1s b do #1", "2s b is succeeded", `2s a["y"] is not_run`, `2s a["z"] is not_run`, "2s run failed",
			},
		},
		"a rollback in finally does the whole of it again after that": {
			steps: []*plan.Step{change("o"), finally(loop(plan.Rollback)), finally(read("b", "a"))}, at: 3 * time.Second, asks: back,
			want: []string{
				"3s a is failed (cancelled)", "3s o is undoing", "3s o undo #1", "4s o is undone", "4s a is running", `4s a["x"] do #1`,
				`5s a["x"] is succeeded`, "5s a batch 0 is done", `16s a["y"] do #1`, `16s a["z"] do #1`, `17s a["y"] is succeeded`,
				`17s a["z"] is succeeded`, "17s a batch 1 is done", "28s a is succeeded", "28s b do #1", "29s b is succeeded",
				"29s run rolled_back",
			},
		},
		"none of it begins before its loop does": {
			steps: []*plan.Step{change("o"), finally(read("f")), finally(l.each(change("a", "f"), "{sizes: [2], maxParallel: 2}", "x", "y"))},
			slots: 1, at: 2500 * time.Millisecond, asks: back,
			want: []string{
				`2.5s a["y"] is pending`, `3s a["x"] is succeeded`, "3s a is failed (cancelled)", "3s o is undoing", "3s o undo #1",
				"4s o is undone", "4s f do #1", "5s f is succeeded", "5s a is running", `5s a["x"] do #1`, `6s a["x"] is succeeded`,
				`6s a["y"] do #1`, `7s a["y"] is succeeded`, "7s a batch 0 is done", "7s a is succeeded", "7s run rolled_back",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// A pause that was asked for lets nothing begin, and a cancel that comes before it is no
// pause any more: no event would end what is between two instances then.
func TestCancelOnTheWayToAPauseEndsALoopOfFinally(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	w := newWorld(t, planOf(t, finally(l.each(change("a"), "{}", "x", "y")), finally(read("b"))), 2)
	lasting(w, 9*time.Second, "b")
	w.until(0)
	w.ask(event.PauseAsked)
	w.next()
	before := len(w.story())
	w.ask(event.CancelAsked)
	w.run()
	want := []string{
		"1s a is failed (cancelled)", "1s b is failed (cancelled)", `1s a["y"] is not_run`, "1s run failed",
	}
	if diff := cmp.Diff(want, w.story()[before:]); diff != "" {
		t.Error(diff)
	}
}

// Of a run that is given up nothing goes on, wherever its loop was.
func TestGivingUpEndsALoop(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	for _, at := range []time.Duration{500 * time.Millisecond, 5 * time.Second, 11500 * time.Millisecond} {
		w := newWorld(t, planOf(t, with(l.each(read("a"), "{pause: 10s}", "x", "y"), holding(polled(0, 0, 0, always(expr.True))))), 1)
		w.until(at)
		w.happens(event.Event{Type: event.GivenUp, By: "alice"})
		before := len(w.story())
		for len(w.queue) > 0 {
			if e := w.queue[0]; e.Type == event.TimerFired && w.machine.Wants(*e.Timer) {
				t.Errorf("given up at %s, it wants %+v", at, e.Timer)
			}
			w.next()
		}
		if diff := cmp.Diff([]string{}, w.story()[before:]); diff != "" || len(w.machine.Outstanding()) > 0 {
			t.Errorf("given up at %s: %s, and outstanding is %v", at, diff, w.machine.Outstanding())
		}
	}
}
