package machine_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestARunbookThatIsTakenIn(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	no := conditions(always(expr.False))
	for name, c := range map[string]loopCase{
		"begins with its step, and what is behind that waits for all of it": {
			steps: all(one(change("a")), taking(read("web", "a"), change("x"), change("y"), read("z", "x")), one(read("b", "web"))),
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s web is running", "1s web.x do #1", "1s web.y do #1", "2s web.x is succeeded",
				"2s web.z do #1", "2s web.y is succeeded", "3s web.z is succeeded", "3s web is succeeded", "3s b do #1",
				"4s b is succeeded", "4s run succeeded",
			},
		},
		"one in another": {
			steps: all(taking(read("web"), all(one(change("x")), taking(read("db", "x"), change("y")))...), one(read("b", "web"))),
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.db is running", "1s web.db.y do #1",
				"2s web.db.y is succeeded", "2s web.db is succeeded", "2s web is succeeded", "2s b do #1", "3s b is succeeded",
				"3s run succeeded",
			},
		},
		"its finally runs when its steps are done, and before what is behind it": {
			steps: all(taking(read("web"), change("x"), finally(read("tell"))), one(read("b", "web")), one(finally(read("f")))),
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.tell do #1", "2s web.tell is succeeded",
				"2s web is succeeded", "2s b do #1", "3s b is succeeded", "3s f do #1", "4s f is succeeded", "4s run succeeded",
			},
		},
		"a skipped one does nothing": {
			steps: all(taking(with(read("web"), func(s *plan.Step) { s.When = no[0] }), change("x"), finally(read("tell"))), one(read("b", "web"))),
			want: []string{
				"0s web is skipped", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"one that is left out does nothing": {
			steps: all(taking(with(read("web"), out), change("x")), one(read("b", "web"))),
			want: []string{
				"0s web is skipped, left out by ann (--skip): it is done", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"a closed gate keeps all of it from beginning": {
			steps: taking(gated(read("web"), no...), change("x"), finally(read("tell"))),
			want: []string{
				"0s web is waiting", "0s web is failed (gate closed)", "0s run gate_closed",
			},
		},
		"steps in it are skipped, and that is no failure": {
			steps: all(taking(read("web"), with(change("x"), func(s *plan.Step) { s.When = no[0] }), with(change("y", "x"), out)), one(read("b", "web"))),
			want: []string{
				"0s web is running", "0s web.x is skipped", "0s web.y is skipped, left out by ann (--skip): it is done",
				"0s web is succeeded", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"its verify has the last word": {
			steps: taking(with(read("web"), func(s *plan.Step) { s.Verify = no }), change("x"), change("y", "x")),
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.y do #1", "2s web.y is succeeded",
				"2s web is verifying", "2s web is failed (verify failed)", "2s web.y is undoing", "2s web.y undo #1",
				"3s web.y is undone", "3s web.x is undoing", "3s web.x undo #1", "4s web.x is undone", "4s run rolled_back",
			},
		},
		"one of nothing": {
			steps: all(taking(read("web")), one(read("b", "web"))),
			want: []string{
				"0s web is running", "0s web is succeeded", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"for each of many": {
			steps: all(taking(l.each(read("web"), "{}", "a", "b"), change("x"), change("y", "x")), one(read("b", "web"))),
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["a"].x do #1`, `1s web["a"].x is succeeded`, `1s web["a"].y do #1`,
				`2s web["a"].y is succeeded`, `2s web["a"] is succeeded`, "2s web batch 0 is done", `2s web["b"] is running`,
				`2s web["b"].x do #1`, `3s web["b"].x is succeeded`, `3s web["b"].y do #1`, `4s web["b"].y is succeeded`,
				`4s web["b"] is succeeded`, "4s web batch 1 is done", "4s web is succeeded", "4s b do #1", "5s b is succeeded",
				"5s run succeeded",
			},
		},
		"a loop in it": {
			steps: all(taking(read("web"), l.each(change("x"), "{}", "a", "b"), change("y", "x")), one(read("b", "web"))),
			want: []string{
				"0s web is running", "0s web.x is running", `0s web.x["a"] do #1`, `1s web.x["a"] is succeeded`,
				"1s web.x batch 0 is done", `1s web.x["b"] do #1`, `2s web.x["b"] is succeeded`, "2s web.x batch 1 is done",
				"2s web.x is succeeded", "2s web.y do #1", "3s web.y is succeeded", "3s web is succeeded", "3s b do #1",
				"4s b is succeeded", "4s run succeeded",
			},
		},
		"a loop in each of many, and in that one more": {
			steps: taking(l.each(read("web"), "{sizes: [100%]}", "a", "b"),
				all(taking(l.each(read("db"), "{}", "u", "v"), change("x")), one(change("y", "db")))...),
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["b"] is running`, `0s web["a"].db is running`,
				`0s web["a"].db["u"] is running`, `0s web["b"].db is running`, `0s web["b"].db["u"] is running`,
				`0s web["a"].db["u"].x do #1`, `0s web["b"].db["u"].x do #1`, `1s web["a"].db["u"].x is succeeded`,
				`1s web["a"].db["u"] is succeeded`, `1s web["a"].db batch 0 is done`, `1s web["a"].db["v"] is running`,
				`1s web["a"].db["v"].x do #1`, `1s web["b"].db["u"].x is succeeded`, `1s web["b"].db["u"] is succeeded`,
				`1s web["b"].db batch 0 is done`, `1s web["b"].db["v"] is running`, `1s web["b"].db["v"].x do #1`,
				`2s web["a"].db["v"].x is succeeded`, `2s web["a"].db["v"] is succeeded`, `2s web["a"].db batch 1 is done`,
				`2s web["a"].db is succeeded`, `2s web["a"].y do #1`, `2s web["b"].db["v"].x is succeeded`,
				`2s web["b"].db["v"] is succeeded`, `2s web["b"].db batch 1 is done`, `2s web["b"].db is succeeded`,
				`2s web["b"].y do #1`, `3s web["a"].y is succeeded`, `3s web["a"] is succeeded`, `3s web["b"].y is succeeded`,
				`3s web["b"] is succeeded`, "3s web batch 0 is done", "3s web is succeeded", "3s run succeeded",
			},
		},
		"slots are for what is at work": {
			steps: taking(l.each(read("web"), "{sizes: [100%]}", "a", "b"), change("x"), change("y", "x")), slots: 1,
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["b"] is running`, `0s web["a"].x do #1`,
				`1s web["a"].x is succeeded`, `1s web["b"].x do #1`, `2s web["b"].x is succeeded`, `2s web["a"].y do #1`,
				`3s web["a"].y is succeeded`, `3s web["a"] is succeeded`, `3s web["b"].y do #1`, `4s web["b"].y is succeeded`,
				`4s web["b"] is succeeded`, "4s web batch 0 is done", "4s web is succeeded", "4s run succeeded",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

func TestAFailureInARunbookThatIsTakenIn(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	continues := policy(plan.Continue)
	for name, c := range map[string]loopCase{
		"is one of the run, at once": {
			steps: all(taking(read("web"), change("x"), change("y"), change("z", "x"), finally(read("tell"))), one(read("b", "web")), one(finally(read("f")))),
			world: func(w *world) { broken(w, "web.x"); lasting(w, 3*time.Second, "web.y") },
			want: []string{
				"0s web is running", "0s web.x do #1", "0s web.y do #1", "1s web.x is failed (permanent)", "3s web.y is succeeded",
				"3s web is failed (permanent)", "3s web.y is undoing", "3s web.y undo #1", "4s web.y is undone", "4s web.x is undoing",
				"4s web.x undo #1", "5s web.x is undone", "5s web.tell do #1", "6s web.tell is succeeded", "6s f do #1",
				"7s f is succeeded", "7s b is not_run", "7s run rolled_back",
			},
		},
		"is dealt with as the step says": {
			steps: taking(read("web"), with(change("x"), policy(plan.Stop)), change("y", "x")),
			world: func(w *world) { broken(w, "web.x") },
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is failed (permanent)", "1s web is failed (permanent)", "1s run failed",
			},
		},
		"may be one that the step goes on after": {
			steps: taking(read("web"), with(change("x"), continues), change("y", "x")),
			world: func(w *world) { broken(w, "web.x") },
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is failed (permanent)", "1s web.y do #1", "2s web.y is succeeded",
				"2s web is succeeded", "2s run succeeded",
			},
		},
		"ends it, where what takes it in goes on": {
			steps: all(taking(with(read("web"), continues), change("x"), change("y"), change("z", "x"), change("q", "y"), finally(read("tell"))), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.x"); lasting(w, 3*time.Second, "web.y") },
			want: []string{
				"0s web is running", "0s web.x do #1", "0s web.y do #1", "1s web.x is failed (permanent)", "3s web.y is succeeded",
				"3s web.tell do #1", "4s web.tell is succeeded", "4s web is failed (permanent)", "4s b do #1", "5s b is succeeded",
				"5s run succeeded",
			},
		},
		"ends what that is in too, as far as somebody goes on": {
			steps: all(taking(with(read("web"), continues), all(taking(read("db"), change("x"), change("y", "x"), finally(read("tell"))), one(change("z")), one(finally(read("say"))))...), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.db.x"); lasting(w, 3*time.Second, "web.z") },
			want: []string{
				"0s web is running", "0s web.db is running", "0s web.db.x do #1", "0s web.z do #1", "1s web.db.x is failed (permanent)",
				"1s web.db.tell do #1", "2s web.db.tell is succeeded", "2s web.db is failed (permanent)", "3s web.z is succeeded",
				"3s web.say do #1", "4s web.say is succeeded", "4s web is failed (permanent)", "4s b do #1", "5s b is succeeded",
				"5s run succeeded",
			},
		},
		"of a loop in it ends that at once, and it when the others are done": {
			steps: all(taking(with(read("web"), continues), l.each(change("x"), "{sizes: [100%]}", "a", "b"), change("y", "x")), one(read("b", "web"))),
			world: func(w *world) { broken(w, `web.x["a"]`); lasting(w, 3*time.Second, `web.x["b"]`) },
			want: []string{
				"0s web is running", "0s web.x is running", `0s web.x["a"] do #1`, `0s web.x["b"] do #1`,
				`1s web.x["a"] is failed (permanent)`, `3s web.x["b"] is succeeded`, "3s web.x is failed (permanent)",
				"3s web is failed (permanent)", "3s b do #1", "4s b is succeeded", "4s run succeeded",
			},
		},
		"breaks off a loop in it": {
			steps: all(taking(with(read("web"), continues), change("x"), l.each(change("y"), "{}", "a", "b")), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.x"); lasting(w, 3*time.Second, `web.y["a"]`) },
			want: []string{
				"0s web is running", "0s web.y is running", "0s web.x do #1", `0s web.y["a"] do #1`, "1s web.x is failed (permanent)",
				`3s web.y["a"] is succeeded`, "3s web.y is failed (cancelled)", "3s web is failed (permanent)", "3s b do #1",
				"4s b is succeeded", `4s web.y["b"] is not_run`, "4s run succeeded",
			},
		},
		"breaks off what is taken in besides": {
			steps: all(taking(with(read("web"), continues), all(one(change("x")), taking(read("db"), change("y"), change("z", "y"), finally(read("tell"))))...), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.x"); lasting(w, 3*time.Second, "web.db.y") },
			want: []string{
				"0s web is running", "0s web.db is running", "0s web.x do #1", "0s web.db.y do #1", "1s web.x is failed (permanent)",
				"3s web.db.y is succeeded", "3s web.db.tell do #1", "4s web.db.tell is succeeded", "4s web.db is failed (cancelled)",
				"4s web is failed (permanent)", "4s b do #1", "5s b is succeeded", "5s run succeeded",
			},
		},
		"puts back what has done nothing yet": {
			steps: all(taking(with(read("web"), continues), change("x"), change("y"), gated(change("z"), polled(time.Hour, time.Minute, 0, always(expr.False)))), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.x") }, slots: 1,
			want: []string{
				"0s web is running", "0s web.z is waiting", "0s web.x do #1", "1s web.x is failed (permanent)", "1s web.y is pending",
				"1s web.z is pending", "1s web is failed (permanent)", "1s b do #1", "2s b is succeeded", "2s run succeeded",
			},
		},
		"of some of many": {
			steps: all(taking(l.each(read("web"), "{maxFailures: 1}", "a", "b", "c"), change("x"), change("y", "x"), finally(read("tell"))), one(read("b", "web"))),
			world: func(w *world) { broken(w, `web["a"].x`) },
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["a"].x do #1`, `1s web["a"].x is failed (permanent)`,
				`1s web["a"].tell do #1`, `2s web["a"].tell is succeeded`, `2s web["a"] is failed (permanent)`, "2s web batch 0 is done",
				`2s web["b"] is running`, `2s web["b"].x do #1`, `3s web["b"].x is succeeded`, `3s web["b"].y do #1`,
				`4s web["b"].y is succeeded`, `4s web["b"].tell do #1`, `5s web["b"].tell is succeeded`, `5s web["b"] is succeeded`,
				"5s web batch 1 is done", `5s web["c"] is running`, `5s web["c"].x do #1`, `6s web["c"].x is succeeded`,
				`6s web["c"].y do #1`, `7s web["c"].y is succeeded`, `7s web["c"].tell do #1`, `8s web["c"].tell is succeeded`,
				`8s web["c"] is succeeded`, "8s web batch 2 is done", "8s web is succeeded", "8s b do #1", "9s b is succeeded",
				"9s run succeeded",
			},
		},
		"of more than may": {
			steps: taking(l.each(read("web"), "{sizes: [100%], maxFailures: 1}", "a", "b", "c"), change("x"), change("y", "x"), finally(read("tell"))),
			world: func(w *world) { broken(w, `web["a"].x`, `web["b"].y`) },
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["b"] is running`, `0s web["c"] is running`, `0s web["a"].x do #1`,
				`0s web["b"].x do #1`, `0s web["c"].x do #1`, `1s web["a"].x is failed (permanent)`, `1s web["a"].tell do #1`,
				`1s web["b"].x is succeeded`, `1s web["b"].y do #1`, `1s web["c"].x is succeeded`, `1s web["c"].y do #1`,
				`2s web["a"].tell is succeeded`, `2s web["a"] is failed (permanent)`, `2s web["b"].y is failed (permanent)`,
				`2s web["c"].y is succeeded`, `2s web["c"] is failed (cancelled)`, `2s web["b"] is failed (permanent)`,
				"2s web is failed (permanent)", `2s web["c"].y is undoing`, `2s web["c"].y undo #1`, `3s web["c"].y is undone`,
				`3s web["b"].y is undoing`, `3s web["b"].y undo #1`, `4s web["b"].y is undone`, `4s web["c"].x is undoing`,
				`4s web["c"].x undo #1`, `5s web["c"].x is undone`, `5s web["b"].x is undoing`, `5s web["b"].x undo #1`,
				`6s web["b"].x is undone`, `6s web["a"].x is undoing`, `6s web["a"].x undo #1`, `7s web["a"].x is undone`,
				`7s web["c"].tell do #1`, `8s web["c"].tell is succeeded`, `8s web["b"].tell do #1`, `9s web["b"].tell is succeeded`,
				"9s run rolled_back",
			},
		},
		"of more than may at the same time": {
			steps: taking(with(l.each(read("web"), "{sizes: [100%], maxFailures: 1}", "a", "b"), policy(plan.Stop)), with(change("x"), policy(plan.Stop)), change("y", "x"), with(change("z"), policy(plan.Stop))),
			world: func(w *world) {
				broken(w, `web["a"].x`, `web["b"].x`)
				lasting(w, 3*time.Second, `web["a"].z`, `web["b"].z`)
			},
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["b"] is running`, `0s web["a"].x do #1`, `0s web["b"].x do #1`,
				`0s web["a"].z do #1`, `0s web["b"].z do #1`, `1s web["a"].x is failed (permanent)`,
				`1s web["b"].x is failed (permanent)`, `3s web["a"].z is succeeded`, `3s web["b"].z is succeeded`,
				`3s web["b"] is failed (permanent)`, `3s web["a"] is failed (permanent)`, "3s web is failed (permanent)", "3s run failed",
			},
		},
		"of all of many, where the step goes on": {
			steps: all(taking(with(l.each(read("web"), "{}", "a", "b"), continues), change("x"), change("y", "x")), one(read("b", "web"))),
			world: func(w *world) { broken(w, `web["a"].x`) },
			want: []string{
				"0s web is running", `0s web["a"] is running`, `0s web["a"].x do #1`, `1s web["a"].x is failed (permanent)`,
				`1s web["a"] is failed (permanent)`, "1s web is failed (permanent)", "1s b do #1", "2s b is succeeded",
				`2s web["b"] is not_run`, "2s run succeeded",
			},
		},
		"pauses the run, and it goes on there": {
			steps: taking(read("web"), with(change("x"), policy(plan.Pause)), change("y", "x")),
			world: func(w *world) { fails(w, "web.x", event.Do, sdk.Permanent) },
			at:    time.Minute, asks: []event.Type{event.ResumeAsked},
			want: []string{
				"1m0s web.x do #1", "1m1s web.x is succeeded", "1m1s web.y do #1", "1m2s web.y is succeeded", "1m2s web is succeeded",
				"1m2s run succeeded",
			},
		},
		"of its finally": {
			steps: all(taking(with(read("web"), continues), change("x"), finally(read("tell")), finally(read("say", "tell"))), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.tell") },
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.tell do #1", "2s web.tell is failed (permanent)",
				"2s web.say do #1", "3s web.say is succeeded", "3s web is failed (permanent)", "3s b do #1", "4s b is succeeded",
				"4s run succeeded",
			},
		},
		"of its finally has the run react": {
			steps: all(taking(read("web"), change("x"), finally(read("tell"))), one(read("b", "web"))),
			world: func(w *world) { broken(w, "web.tell") },
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.tell do #1", "2s web.tell is failed (permanent)",
				"2s web is failed (permanent)", "2s web.x is undoing", "2s web.x undo #1", "3s web.x is undone", "3s b is not_run",
				"3s run rolled_back",
			},
		},
		"of its finally as the run ends": {
			steps: all(taking(read("web"), change("x"), change("y", "x"), finally(read("tell"))), one(finally(read("f")))),
			world: func(w *world) { broken(w, "web.y", "web.tell") },
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.y do #1", "2s web.y is failed (permanent)",
				"2s web is failed (permanent)", "2s web.y is undoing", "2s web.y undo #1", "3s web.y is undone", "3s web.x is undoing",
				"3s web.x undo #1", "4s web.x is undone", "4s web.tell do #1", "5s web.tell is failed (permanent)", "5s f do #1",
				"6s f is succeeded", "6s run stuck",
			},
		},
		"in finally": {
			steps: all(one(change("a")), taking(finally(read("web")), change("x"), change("y", "x"), finally(read("tell"))), one(finally(read("f", "web")))),
			world: func(w *world) { broken(w, "web.x") },
			want: []string{
				"0s a do #1", "1s a is succeeded", "1s web is running", "1s web.x do #1", "2s web.x is failed (permanent)",
				"2s web.tell do #1", "3s web.tell is succeeded", "3s web is failed (permanent)", "3s f do #1", "4s f is succeeded",
				"4s run failed",
			},
		},
		"of a gate before anything was changed": {
			steps: taking(read("web"), read("x"), gated(change("y", "x"), condition(always(expr.False)))),
			want: []string{
				"0s web is running", "0s web.x do #1", "1s web.x is succeeded", "1s web.y is waiting", "1s web.y is failed (gate closed)",
				"1s web is failed (gate closed)", "1s run gate_closed",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}
