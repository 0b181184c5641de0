package machine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestPeopleAndARunbookThatIsTakenIn(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	web := func() []*plan.Step {
		return all(taking(read("web"), change("x"), change("y", "x"), finally(read("tell"))), one(change("b", "web")), one(finally(read("f"))))
	}
	many := func() []*plan.Step {
		return all(taking(l.each(read("web"), "{}", "a", "b"), change("x"), change("y", "x"), finally(read("tell"))), one(finally(read("f"))))
	}
	for name, c := range map[string]loopCase{
		"a pause and a resume": {
			steps: web(), at: 500 * time.Millisecond, asks: []event.Type{event.PauseAsked, event.ResumeAsked},
			want: []string{
				"1s web.x is succeeded", "1s run paused", "1s web.y do #1", "2s web.y is succeeded", "2s web.tell do #1",
				"3s web.tell is succeeded", "3s web is succeeded", "3s b do #1", "4s b is succeeded", "4s f do #1", "5s f is succeeded",
				"5s run succeeded",
			},
		},
		"a pause and a cancel": {
			steps: web(), at: 500 * time.Millisecond, asks: []event.Type{event.PauseAsked, event.CancelAsked},
			want: []string{
				"1s web.x is succeeded", "1s run paused", "1s web is failed (cancelled)", "1s web.x is undoing", "1s web.x undo #1",
				"2s web.x is undone", "2s web.tell do #1", "3s web.tell is succeeded", "3s f do #1", "4s f is succeeded",
				"4s b is not_run", "4s run rolled_back",
			},
		},
		"a cancel": {
			steps: web(), at: 500 * time.Millisecond, asks: []event.Type{event.CancelAsked},
			want: []string{
				"500ms web.x is failed (cancelled)", "500ms web is failed (cancelled)", "500ms web.x is undoing", "500ms web.x undo #1",
				"1.5s web.x is undone", "1.5s web.tell do #1", "2.5s web.tell is succeeded", "2.5s f do #1", "3.5s f is succeeded",
				"3.5s b is not_run", "3.5s run rolled_back",
			},
		},
		"a cancel before anything of it was done": {
			steps: all(taking(read("web"), gated(change("x"), polled(time.Hour, time.Minute, 0, always(expr.False))), finally(read("tell"))), one(finally(read("f")))),
			at:    500 * time.Millisecond, asks: []event.Type{event.CancelAsked},
			want: []string{
				"500ms web.x is pending", "500ms web is pending", "500ms f do #1", "1.5s f is succeeded", "1.5s web is not_run",
				"1.5s run failed",
			},
		},
		"a cancel of many": {
			steps: many(), at: 1500 * time.Millisecond, asks: []event.Type{event.CancelAsked},
			want: []string{
				`1.5s web["a"].y is failed (cancelled)`, `1.5s web["a"] is failed (cancelled)`, "1.5s web is failed (cancelled)",
				`1.5s web["a"].y is undoing`, `1.5s web["a"].y undo #1`, `2.5s web["a"].y is undone`, `2.5s web["a"].x is undoing`,
				`2.5s web["a"].x undo #1`, `3.5s web["a"].x is undone`, `3.5s web["a"].tell do #1`, `4.5s web["a"].tell is succeeded`,
				"4.5s f do #1", "5.5s f is succeeded", `5.5s web["b"] is not_run`, "5.5s run rolled_back",
			},
		},
		"a pause of many, and on": {
			steps: many(), at: 1500 * time.Millisecond, asks: []event.Type{event.PauseAsked, event.ResumeAsked},
			want: []string{
				`2s web["a"].y is succeeded`, "2s run paused", `2s web["a"].tell do #1`, `3s web["a"].tell is succeeded`,
				`3s web["a"] is succeeded`, "3s web batch 0 is done", `3s web["b"] is running`, `3s web["b"].x do #1`,
				`4s web["b"].x is succeeded`, `4s web["b"].y do #1`, `5s web["b"].y is succeeded`, `5s web["b"].tell do #1`,
				`6s web["b"].tell is succeeded`, `6s web["b"] is succeeded`, "6s web batch 1 is done", "6s web is succeeded",
				"6s f do #1", "7s f is succeeded", "7s run succeeded",
			},
		},
		"a rollback of many": {
			steps: many(), at: 4 * time.Second, asks: []event.Type{event.RollbackAsked},
			want: []string{
				`5s web["b"].y is succeeded`, `5s web["b"] is failed (cancelled)`, "5s web is failed (cancelled)",
				`5s web["b"].y is undoing`, `5s web["b"].y undo #1`, `6s web["b"].y is undone`, `6s web["b"].x is undoing`,
				`6s web["b"].x undo #1`, `7s web["b"].x is undone`, `7s web["a"].y is undoing`, `7s web["a"].y undo #1`,
				`8s web["a"].y is undone`, `8s web["a"].x is undoing`, `8s web["a"].x undo #1`, `9s web["a"].x is undone`,
				`9s web["b"].tell do #1`, `10s web["b"].tell is succeeded`, "10s f do #1", "11s f is succeeded", "11s run rolled_back",
			},
		},
		"a rollback after the end": {
			steps: many(), at: time.Minute, asks: []event.Type{event.RollbackAsked},
			want: []string{
				`1m0s web["b"].y is undoing`, `1m0s web["b"].y undo #1`, `1m1s web["b"].y is undone`, `1m1s web["b"].x is undoing`,
				`1m1s web["b"].x undo #1`, `1m2s web["b"].x is undone`, `1m2s web["a"].y is undoing`, `1m2s web["a"].y undo #1`,
				`1m3s web["a"].y is undone`, `1m3s web["a"].x is undoing`, `1m3s web["a"].x undo #1`, `1m4s web["a"].x is undone`,
				"1m4s f do #1", "1m5s f is succeeded", "1m5s run rolled_back",
			},
		},
		"a rollback during a finally": {
			steps: web(), at: 2500 * time.Millisecond, asks: []event.Type{event.RollbackAsked},
			want: []string{
				"2.5s web.tell is failed (cancelled)", "2.5s web is failed (cancelled)", "2.5s web.y is undoing", "2.5s web.y undo #1",
				"3.5s web.y is undone", "3.5s web.x is undoing", "3.5s web.x undo #1", "4.5s web.x is undone", "4.5s web.tell do #1",
				"5.5s web.tell is succeeded", "5.5s f do #1", "6.5s f is succeeded", "6.5s b is not_run", "6.5s run rolled_back",
			},
		},
		"a rollback as what was cut off closes": {
			steps: all(taking(with(read("web"), policy(plan.Stop)), change("x"), with(change("y", "x"), policy(plan.Stop)), finally(read("tell"))), one(finally(read("f")))),
			world: func(w *world) { broken(w, "web.y") },
			at:    2500 * time.Millisecond, asks: []event.Type{event.RollbackAsked},
			want: []string{
				"2.5s web.tell is failed (cancelled)", "2.5s web.y is undoing", "2.5s web.y undo #1", "3.5s web.y is undone",
				"3.5s web.x is undoing", "3.5s web.x undo #1", "4.5s web.x is undone", "4.5s web.tell do #1",
				"5.5s web.tell is succeeded", "5.5s f do #1", "6.5s f is succeeded", "6.5s run rolled_back",
			},
		},
		"a pause and a resume as what was cut off closes": {
			steps: all(taking(with(read("web"), policy(plan.Stop)), with(change("x"), policy(plan.Stop)), finally(read("tell")), finally(read("say", "tell"))), one(finally(read("f")))),
			world: func(w *world) { broken(w, "web.x") },
			at:    1500 * time.Millisecond, asks: []event.Type{event.PauseAsked, event.ResumeAsked},
			want: []string{
				"2s web.tell is succeeded", "2s run paused", "2s web.say do #1", "3s web.say is succeeded", "3s f do #1",
				"4s f is succeeded", "4s run failed",
			},
		},
		"a new chance after a stop": {
			steps: all(taking(with(read("web"), policy(plan.Stop)), change("x"), with(change("y", "x"), policy(plan.Stop)), finally(read("tell"))), one(finally(read("f")))),
			world: func(w *world) { fails(w, "web.y", event.Do, sdk.Permanent) },
			at:    time.Minute, asks: []event.Type{event.ResumeAsked},
			want: []string{
				"1m0s web is running", "1m0s web.y do #1", "1m1s web.y is succeeded", "1m1s web.tell do #1", "1m2s web.tell is succeeded",
				"1m2s web is succeeded", "1m2s f do #1", "1m3s f is succeeded", "1m3s run succeeded",
			},
		},
		"a new chance of a loop after a stop": {
			steps: taking(with(l.each(read("web"), "{}", "a", "b"), policy(plan.Stop)), change("x"), with(change("y", "x"), policy(plan.Stop)), finally(read("tell"))),
			world: func(w *world) { fails(w, `web["a"].y`, event.Do, sdk.Permanent) },
			at:    time.Minute, asks: []event.Type{event.ResumeAsked},
			want: []string{
				"1m0s web is running", `1m0s web["a"] is running`, `1m0s web["a"].y do #1`, `1m1s web["a"].y is succeeded`,
				`1m1s web["a"].tell do #1`, `1m2s web["a"].tell is succeeded`, `1m2s web["a"] is succeeded`, "1m2s web batch 0 is done",
				`1m2s web["b"] is running`, `1m2s web["b"].x do #1`, `1m3s web["b"].x is succeeded`, `1m3s web["b"].y do #1`,
				`1m4s web["b"].y is succeeded`, `1m4s web["b"].tell do #1`, `1m5s web["b"].tell is succeeded`,
				`1m5s web["b"] is succeeded`, "1m5s web batch 1 is done", "1m5s web is succeeded", "1m5s run succeeded",
			},
		},
		"a new chance of its verify": {
			steps: taking(with(read("web"), func(s *plan.Step) { s.OnFailure, s.Verify = plan.Stop, conditions(between(time.Minute, time.Hour)) }), change("x"), finally(read("tell"))),
			at:    time.Minute, asks: []event.Type{event.ResumeAsked},
			want: []string{
				"1m0s web is running", "1m0s web is verifying", "1m0s web is succeeded", "1m0s run succeeded",
			},
		},
		"a cancel in finally": {
			steps: all(one(change("a")), taking(finally(read("web")), change("x"), change("y", "x"), finally(read("tell"))), one(finally(read("f", "web")))),
			at:    1500 * time.Millisecond, asks: []event.Type{event.CancelAsked},
			want: []string{
				"1.5s web.x is failed (cancelled)", "1.5s web.tell do #1", "2.5s web.tell is succeeded", "2.5s web is failed (cancelled)",
				"2.5s f do #1", "3.5s f is succeeded", "3.5s run failed",
			},
		},
		"a rollback in finally has all of it done anew": {
			steps: all(one(change("a")), taking(finally(read("web")), change("x"), change("y", "x"), finally(read("tell"))), one(finally(read("f", "web")))),
			at:    2500 * time.Millisecond, asks: []event.Type{event.RollbackAsked},
			want: []string{
				"3s web.y is succeeded", "3s web is failed (cancelled)", "3s a is undoing", "3s a undo #1", "4s a is undone",
				"4s web is running", "4s web.x do #1", "5s web.x is succeeded", "5s web.y do #1", "6s web.y is succeeded",
				"6s web.tell do #1", "7s web.tell is succeeded", "7s web is succeeded", "7s f do #1", "8s f is succeeded",
				"8s run rolled_back",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// What the end of the run came between says how far it came.
func TestWhatTheEndCameBetweenSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		1500 * time.Millisecond: "it came as far as 1 of 2, as the run was ending",
		2500 * time.Millisecond: "its steps had ended, and its finally had not, as the run was ending",
	} {
		w := newWorld(t, planOf(t, taking(with(read("web"), policy(plan.Stop)), with(read("x"), policy(plan.Stop)), read("y", "x"), finally(read("tell")))...), 1)
		w.until(after)
		w.ask(event.CancelAsked)
		w.run()
		for _, e := range w.journal {
			if e.Type == event.StepDecided && e.Op.Step == "web" && e.Status == event.Failed && e.Failure.Message != want {
				t.Errorf("after %s: %q, want %q", after, e.Failure.Message, want)
			}
		}
	}
}

// A question at which the run paused is not asked any more where its runbook was put back, and
// not yet opened again: a cancel by then ends what goes, and the question is asked with the rest.
func TestACancelBeforeAQuestionIsOpenedAgain(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	many := taking(with(finally(l.each(read("web", "f"), "{}", "a", "b")), policy(plan.Continue)), asks("x"))
	w := newWorld(t, planOf(t, all(one(change("a")), one(finally(read("f"))), many)...), 1)
	w.until(2500 * time.Millisecond)
	w.ask(event.PauseAsked)
	w.result = nil
	w.ask(event.RollbackAsked)
	for !strings.HasSuffix(w.story()[len(w.story())-1], "f do #1") {
		w.next()
	}
	w.ask(event.CancelAsked)
	w.run()
	want := []string{"3.5s f is failed (cancelled)", "3.5s web is running", `3.5s web["a"] is running`, `3.5s web["a"].x is asking`}
	if story := w.story(); !slices.Equal(story[len(story)-len(want):], want) {
		t.Errorf("the run goes\n%s\nwant at its end\n%s", strings.Join(story, "\n"), strings.Join(want, "\n"))
	}
}
