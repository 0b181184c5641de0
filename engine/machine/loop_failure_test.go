package machine_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func TestBudgets(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	for name, c := range map[string]loopCase{
		"none may fail, if the runbook does not say otherwise": {
			steps: []*plan.Step{l.each(change("a"), "{sizes: [1, 2]}", "x", "y", "z"), read("b", "a")},
			world: func(w *world) { broken(w, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is failed (permanent)`, "1s a is failed (permanent)", `1s a["x"] is undoing`,
				`1s a["x"] undo #1`, `2s a["x"] is undone`, "2s b is not_run", `2s a["y"] is not_run`, `2s a["z"] is not_run`,
				"2s run rolled_back",
			},
		},
		"as many as may fail do no harm": {
			steps: []*plan.Step{l.each(change("a"), "{maxFailures: 1}", "x", "y"), read("b", "a")},
			world: func(w *world) { broken(w, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is failed (permanent)`, "1s a batch 0 is done", `1s a["y"] do #1`,
				`2s a["y"] is succeeded`, "2s a batch 1 is done", "2s a is succeeded", "2s b do #1", "3s b is succeeded", "3s run succeeded",
			},
		},
		"one more than may": {
			steps: []*plan.Step{l.each(change("a"), "{maxFailures: 1}", "w", "x", "y", "z")},
			world: func(w *world) { broken(w, `a["w"]`, `a["y"]`) },
			want: []string{
				"0s a is running", `0s a["w"] do #1`, `1s a["w"] is failed (permanent)`, "1s a batch 0 is done", `1s a["x"] do #1`,
				`2s a["x"] is succeeded`, "2s a batch 1 is done", `2s a["y"] do #1`, `3s a["y"] is failed (permanent)`,
				"3s a is failed (permanent)", `3s a["y"] is undoing`, `3s a["y"] undo #1`, `4s a["y"] is undone`, `4s a["x"] is undoing`,
				`4s a["x"] undo #1`, `5s a["x"] is undone`, `5s a["w"] is undoing`, `5s a["w"] undo #1`, `6s a["w"] is undone`,
				`6s a["z"] is not_run`, "6s run rolled_back",
			},
		},
		"half of three is one": {
			steps: []*plan.Step{l.each(change("a"), "{maxFailures: 50%}", "x", "y", "z")},
			world: func(w *world) { broken(w, `a["x"]`, `a["y"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is failed (permanent)`, "1s a batch 0 is done", `1s a["y"] do #1`,
				`2s a["y"] is failed (permanent)`, "2s a is failed (permanent)", `2s a["y"] is undoing`, `2s a["y"] undo #1`,
				`3s a["y"] is undone`, `3s a["x"] is undoing`, `3s a["x"] undo #1`, `4s a["x"] is undone`, `4s a["z"] is not_run`,
				"4s run rolled_back",
			},
		},
		"a quarter of three is none": {
			steps: []*plan.Step{with(l.each(change("a"), "{maxFailures: 25%}", "x", "y", "z"), policy(plan.Stop))},
			world: func(w *world) { broken(w, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is failed (permanent)`, "1s a is failed (permanent)", `1s a["y"] is not_run`,
				`1s a["z"] is not_run`, "1s run failed",
			},
		},
		"a tenth of five is none": {
			steps: []*plan.Step{with(l.each(change("a"), "{maxFailures: 10%}", "v", "w", "x", "y", "z"), policy(plan.Stop))},
			world: func(w *world) { broken(w, `a["v"]`) },
			want: []string{
				"0s a is running", `0s a["v"] do #1`, `1s a["v"] is failed (permanent)`, "1s a is failed (permanent)", `1s a["w"] is not_run`,
				`1s a["x"] is not_run`, `1s a["y"] is not_run`, `1s a["z"] is not_run`, "1s run failed",
			},
		},
		"all may": {
			steps: []*plan.Step{l.each(change("a"), "{maxFailures: 100%}", "x", "y"), read("b", "a")},
			world: func(w *world) { broken(w, `a["x"]`, `a["y"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is failed (permanent)`, "1s a batch 0 is done", `1s a["y"] do #1`,
				`2s a["y"] is failed (permanent)`, "2s a batch 1 is done", "2s a is succeeded", "2s b do #1", "3s b is succeeded",
				"3s run succeeded",
			},
		},
		"fewer may of one batch than of all": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [2], maxFailures: {total: 3, batch: 50%}}", "v", "w", "x", "y", "z"), policy(plan.Stop))},
			world: func(w *world) { broken(w, `a["v"]`, `a["x"]`, `a["y"]`) },
			want: []string{
				"0s a is running", `0s a["v"] do #1`, `0s a["w"] do #1`, `1s a["v"] is failed (permanent)`, `1s a["w"] is succeeded`,
				"1s a batch 0 is done", `1s a["x"] do #1`, `1s a["y"] do #1`, `2s a["x"] is failed (permanent)`,
				`2s a["y"] is failed (permanent)`, "2s a is failed (permanent)", `2s a["z"] is not_run`, "2s run failed",
			},
		},
		"of each batch anew": {
			steps: []*plan.Step{l.each(change("a"), "{sizes: [2], maxFailures: {total: 3, batch: 1}}", "v", "w", "x", "y", "z")},
			world: func(w *world) { broken(w, `a["v"]`, `a["x"]`, `a["z"]`) },
			want: []string{
				"0s a is running", `0s a["v"] do #1`, `0s a["w"] do #1`, `1s a["v"] is failed (permanent)`, `1s a["w"] is succeeded`,
				"1s a batch 0 is done", `1s a["x"] do #1`, `1s a["y"] do #1`, `2s a["x"] is failed (permanent)`, `2s a["y"] is succeeded`,
				"2s a batch 1 is done", `2s a["z"] do #1`, `3s a["z"] is failed (permanent)`, "3s a batch 2 is done", "3s a is succeeded",
				"3s run succeeded",
			},
		},
		"a failure within what may is no reason to hold up the batch": {
			steps: []*plan.Step{l.each(change("a"), "{maxParallel: 1, maxFailures: 1}", "x", "y", "z")},
			world: func(w *world) { broken(w, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is failed (permanent)`, `1s a["y"] do #1`, `2s a["y"] is succeeded`,
				`2s a["z"] do #1`, `3s a["z"] is succeeded`, "3s a batch 0 is done", "3s a is succeeded", "3s run succeeded",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}

// What has begun when more failed than may is treated as what stands beside any step that
// failed; what waits has not begun.
func TestWhatASpentBudgetMeansForTheRest(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	slow := func(w *world) { broken(w, `a["x"]`); lasting(w, 5*time.Second, `a["y"]`) }
	loop := func(p plan.Policy) *plan.Step {
		return with(l.each(change("a"), "{sizes: [4]}", "x", "y", "z"), policy(p))
	}
	for name, c := range map[string]loopCase{
		"rollback takes back what was done, the last first": {
			steps: []*plan.Step{change("o"), with(l.each(change("a", "o"), "{sizes: [1, 2]}", "x", "y", "z"))},
			world: func(w *world) { broken(w, `a["z"]`) },
			want: []string{
				"0s o do #1", "1s o is succeeded", "1s a is running", `1s a["x"] do #1`, `2s a["x"] is succeeded`, "2s a batch 0 is done",
				`2s a["y"] do #1`, `2s a["z"] do #1`, `3s a["y"] is succeeded`, `3s a["z"] is failed (permanent)`,
				"3s a is failed (permanent)", `3s a["z"] is undoing`, `3s a["z"] undo #1`, `4s a["z"] is undone`, `4s a["y"] is undoing`,
				`4s a["y"] undo #1`, `5s a["y"] is undone`, `5s a["x"] is undoing`, `5s a["x"] undo #1`, `6s a["x"] is undone`,
				"6s o is undoing", "6s o undo #1", "7s o is undone", "7s run rolled_back",
			},
		},
		"rollback waits for what is being changed": {
			steps: []*plan.Step{loop(plan.Rollback), read("b", "a")}, slots: 2, world: slow,
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is failed (permanent)`, "1s a is failed (permanent)",
				`1s a["z"] is pending`, `5s a["y"] is succeeded`, `5s a["y"] is undoing`, `5s a["y"] undo #1`, `6s a["y"] is undone`,
				`6s a["x"] is undoing`, `6s a["x"] undo #1`, `7s a["x"] is undone`, "7s b is not_run", `7s a["z"] is not_run`,
				"7s run rolled_back",
			},
		},
		"stop leaves everything as it is": {
			steps: []*plan.Step{loop(plan.Stop), read("b", "a")}, slots: 2, world: slow,
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is failed (permanent)`, "1s a is failed (permanent)",
				`1s a["z"] is pending`, `5s a["y"] is succeeded`, "5s b is not_run", `5s a["z"] is not_run`, "5s run failed",
			},
		},
		"pause keeps the run": {
			steps: []*plan.Step{loop(plan.Pause), read("b", "a")}, slots: 2, world: slow,
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is failed (permanent)`, "1s a is failed (permanent)",
				`1s a["z"] is pending`, `5s a["y"] is succeeded`, "5s run paused",
			},
		},
		"continue waits for what is under way, and then goes on": {
			steps: []*plan.Step{loop(plan.Continue), read("b", "a")}, slots: 2, world: slow,
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is failed (permanent)`, `1s a["z"] is pending`,
				`5s a["y"] is succeeded`, "5s a is failed (permanent)", "5s b do #1", "6s b is succeeded", `6s a["z"] is not_run`,
				"6s run succeeded",
			},
		},
		"finally does too": {
			steps: []*plan.Step{finally(loop(plan.Rollback)), finally(read("b", "a"))}, slots: 2, world: slow,
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is failed (permanent)`, `1s a["z"] is pending`,
				`5s a["y"] is succeeded`, "5s a is failed (permanent)", "5s b do #1", "6s b is succeeded", `6s a["z"] is not_run`,
				"6s run failed",
			},
		},
		"what waits for its gate has not begun": {
			steps: []*plan.Step{with(loop(plan.Continue), func(s *plan.Step) {
				s.Gate = []*plan.Condition{polled(time.Hour, time.Minute, 0, in(expr.True, expr.False, "x"))}
			})},
			world: func(w *world) { broken(w, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] is waiting`, `0s a["y"] is waiting`, `0s a["z"] is waiting`, `1s a["x"] do #1`,
				`2s a["x"] is failed (permanent)`, `2s a["y"] is pending`, `2s a["z"] is pending`, "2s a is failed (permanent)",
				`2s a["y"] is not_run`, `2s a["z"] is not_run`, "2s run succeeded",
			},
		},
		"nor has what has its slot and looks at its gate once more": {
			steps: []*plan.Step{with(loop(plan.Continue), func(s *plan.Step) { s.Gate = []*plan.Condition{polled(0, 0, 0, always(expr.True))} })},
			slots: 2,
			world: func(w *world) { broken(w, `a["x"]`); lasting(w, 1500*time.Millisecond, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] is waiting`, `0s a["y"] is waiting`, `0s a["z"] is waiting`, `1s a["x"] do #1`,
				`1s a["y"] do #1`, `2s a["y"] is succeeded`, `2.5s a["x"] is failed (permanent)`, `2.5s a["z"] is pending`,
				"2.5s a is failed (permanent)", `2.5s a["z"] is not_run`, "2.5s run succeeded",
			},
		},
		"nor has what failed before its attempt let any other": {
			steps: []*plan.Step{with(loop(plan.Continue), func(s *plan.Step) { s.Loop.When = condition(in(expr.Unknown, expr.True, "x")) })},
			want: []string{
				"0s a is running", `0s a["x"] is failed (invalid)`, "0s a is failed (invalid)", `0s a["y"] is not_run`, `0s a["z"] is not_run`,
				"0s run succeeded",
			},
		},
		"a question that is open is withdrawn": {
			steps: []*plan.Step{with(l.each(asks("a"), "{sizes: [4]}", "x", "y"), policy(plan.Continue))},
			world: func(w *world) {
				w.asks = func(a machine.Ask) *sdk.Answer {
					if a.Op.Step == `a["x"]` {
						return &sdk.Answer{By: "bob"}
					}
					return nil
				}
			},
			want: []string{
				"0s a is running", `0s a["x"] is asking`, `0s a["y"] is asking`, `1s a["x"] is failed (refused)`, `1s a["y"] is pending`,
				"1s a is failed (refused)", `1s a["y"] is not_run`, "1s run succeeded",
			},
		},
		"what is tried again is under way": {
			steps: []*plan.Step{with(loop(plan.Continue), retries(2))}, slots: 2,
			world: func(w *world) { broken(w, `a["x"]`); fails(w, `a["y"]`, event.Do, sdk.Transient) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is failed (permanent)`, `1s a["z"] is pending`,
				`7.004s a["y"] do #2`, `8.004s a["y"] is succeeded`, "8.004s a is failed (permanent)", `8.004s a["z"] is not_run`,
				"8.004s run succeeded",
			},
		},
		"what cannot be taken back does not hold up its neighbours, but what they stand on": {
			steps: []*plan.Step{change("o"), l.each(change("a", "o"), "{}", "x", "y", "z")},
			world: func(w *world) { broken(w, `a["z"]`); fails(w, `a["y"]`, event.Undo, sdk.Permanent) },
			want: []string{
				"0s o do #1", "1s o is succeeded", "1s a is running", `1s a["x"] do #1`, `2s a["x"] is succeeded`, "2s a batch 0 is done",
				`2s a["y"] do #1`, `3s a["y"] is succeeded`, "3s a batch 1 is done", `3s a["z"] do #1`, `4s a["z"] is failed (permanent)`,
				"4s a is failed (permanent)", `4s a["z"] is undoing`, `4s a["z"] undo #1`, `5s a["z"] is undone`, `5s a["y"] is undoing`,
				`5s a["y"] undo #1`, `6s a["y"] is left (permanent)`, `6s a["x"] is undoing`, `6s a["x"] undo #1`, `7s a["x"] is undone`,
				"7s o is left (permanent)", "7s run stuck",
			},
		},
		"what stands on all of them holds all of them": {
			steps: []*plan.Step{l.each(change("a"), "{sizes: [2]}", "x", "y"), change("b", "a"), change("c", "b")},
			world: func(w *world) { broken(w, "c"); fails(w, "b", event.Undo, sdk.Permanent) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is succeeded`, `1s a["y"] is succeeded`,
				"1s a batch 0 is done", "1s a is succeeded", "1s b do #1", "2s b is succeeded", "2s c do #1", "3s c is failed (permanent)",
				"3s c is undoing", "3s c undo #1", "4s c is undone", "4s b is undoing", "4s b undo #1", "5s b is left (permanent)",
				`5s a["y"] is left (permanent)`, `5s a["x"] is left (permanent)`, "5s run stuck",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}
