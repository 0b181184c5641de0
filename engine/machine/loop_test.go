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

// loopCase is a run of a loop.
type loopCase struct {
	steps []*plan.Step
	slots int // absent: 9
	world func(w *world)
	at    time.Duration // when people ask for something
	asks  []event.Type
	want  []string // from then on
}

func (c loopCase) check(t *testing.T) {
	t.Helper()
	if c.slots == 0 {
		c.slots = 9
	}
	w := newWorld(t, planOf(t, c.steps...), c.slots)
	if c.world != nil {
		c.world(w)
	}
	before := 0
	if c.asks != nil {
		w.until(c.at)
		before = len(w.story())
	}
	for _, ask := range c.asks {
		w.result = nil
		w.ask(ask)
		if ask == event.PauseAsked || ask == event.CancelAsked {
			w.run()
		}
	}
	w.run()
	if diff := cmp.Diff(c.want, w.story()[before:]); diff != "" {
		t.Error(diff)
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	for name, c := range map[string]loopCase{
		"one after the other, if the runbook does not say otherwise": {
			steps: []*plan.Step{l.each(change("a"), "{}", "x", "y"), read("b", "a")},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, "1s a batch 0 is done", `1s a["y"] do #1`,
				`2s a["y"] is succeeded`, "2s a batch 1 is done", "2s a is succeeded", "2s b do #1", "3s b is succeeded", "3s run succeeded",
			},
		},
		"a quarter of three is nobody, of which a batch makes one": {
			steps: []*plan.Step{l.each(change("a"), "{sizes: [25%]}", "x", "y")},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, "1s a batch 0 is done", `1s a["y"] do #1`,
				`2s a["y"] is succeeded`, "2s a batch 1 is done", "2s a is succeeded", "2s run succeeded",
			},
		},
		"sizes grow, and the last holds for what is left": {
			steps: []*plan.Step{l.each(change("a"), "{sizes: [1, 40%]}", "v", "w", "x", "y", "z")},
			want: []string{
				"0s a is running", `0s a["v"] do #1`, `1s a["v"] is succeeded`, "1s a batch 0 is done", `1s a["w"] do #1`, `1s a["x"] do #1`,
				`2s a["w"] is succeeded`, `2s a["x"] is succeeded`, "2s a batch 1 is done", `2s a["y"] do #1`, `2s a["z"] do #1`,
				`3s a["y"] is succeeded`, `3s a["z"] is succeeded`, "3s a batch 2 is done", "3s a is succeeded", "3s run succeeded",
			},
		},
		"all of it at once": {
			steps: []*plan.Step{l.each(change("a"), "{sizes: [100%]}", "x", "y", "z")},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `0s a["z"] do #1`, `1s a["x"] is succeeded`, `1s a["y"] is succeeded`,
				`1s a["z"] is succeeded`, "1s a batch 0 is done", "1s a is succeeded", "1s run succeeded",
			},
		},
		"but no more than may be, and no more than there are slots": {
			steps: []*plan.Step{l.each(change("a"), "{maxParallel: 2}", "x", "y", "z"), l.each(change("b", "a"), "{maxParallel: 2}", "x", "y")},
			slots: 1,
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, `1s a["y"] do #1`, `2s a["y"] is succeeded`, `2s a["z"] do #1`,
				`3s a["z"] is succeeded`, "3s a batch 0 is done", "3s a is succeeded", "3s b is running", `3s b["x"] do #1`,
				`4s b["x"] is succeeded`, `4s b["y"] do #1`, `5s b["y"] is succeeded`, "5s b batch 0 is done", "5s b is succeeded",
				"5s run succeeded",
			},
		},
		"the next begins as one of as many as may be ends": {
			steps: []*plan.Step{l.each(change("a"), "{maxParallel: 2}", "x", "y", "z")},
			world: func(w *world) { lasting(w, 5*time.Second, `a["x"]`) },
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["y"] is succeeded`, `1s a["z"] do #1`, `2s a["z"] is succeeded`,
				`5s a["x"] is succeeded`, "5s a batch 0 is done", "5s a is succeeded", "5s run succeeded",
			},
		},
		"a pause is between two, and not after the last": {
			steps: []*plan.Step{l.each(change("a"), "{pause: 10s}", "x", "y")},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, "1s a batch 0 is done", `11s a["y"] do #1`,
				`12s a["y"] is succeeded`, "12s a batch 1 is done", "12s a is succeeded", "12s run succeeded",
			},
		},
		"a batch of which all is skipped neither pauses nor is looked at": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [1], pause: 10s}", "x", "y", "z"), holding(polled(0, 0, 0, between(5*time.Second, time.Hour))), func(s *plan.Step) {
				s.Loop.LeftOut = map[string]*event.LeftOut{"x": {By: "ann", Cause: "--skip"}, "z": {By: "ann", Cause: "--skip"}}
			})},
			want: []string{
				"0s a is running", `0s a["x"] is skipped, left out by ann (--skip)`, "0s a batch 0 is done", `0s a["y"] do #1`, `1s a["y"] is succeeded`, "1s a batch 1 is done",
				`12s a["z"] is skipped, left out by ann (--skip)`, "12s a batch 2 is done", "12s a is succeeded", "12s run succeeded",
			},
		},
		"what must hold between two is looked at after the pause, after the last too": {
			steps: []*plan.Step{with(l.each(change("a"), "{pause: 10s}", "x", "y"), holding(polled(0, 0, 0, between(5*time.Second, time.Hour))))},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, "1s a batch 0 is done", `12s a["y"] do #1`,
				`13s a["y"] is succeeded`, "13s a batch 1 is done", "24s a is succeeded", "24s run succeeded",
			},
		},
		"and waited for, for as long as it must hold": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y"), holding(polled(time.Minute, 10*time.Second, 20*time.Second, between(25*time.Second, time.Hour))))},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, "1s a batch 0 is done", `56s a["y"] do #1`,
				`57s a["y"] is succeeded`, "57s a batch 1 is done", "1m19s a is succeeded", "1m19s run succeeded",
			},
		},
		"what does not hold fails the step, and nothing more is begun": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y", "z"), holding(polled(0, 0, 0, between(0, 3*time.Second))))},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `1s a["x"] is succeeded`, "1s a batch 0 is done", `2s a["y"] do #1`,
				`3s a["y"] is succeeded`, "3s a batch 1 is done", "4s a is failed (verify failed)", `4s a["y"] is undoing`,
				`4s a["y"] undo #1`, `5s a["y"] is undone`, `5s a["x"] is undoing`, `5s a["x"] undo #1`, `6s a["x"] is undone`,
				`6s a["z"] is not_run`, "6s run rolled_back",
			},
		},
		"after the last one too": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [2]}", "x", "y"), policy(plan.Stop), holding(condition(always(expr.False)))), read("b", "a")},
			want: []string{
				"0s a is running", `0s a["x"] do #1`, `0s a["y"] do #1`, `1s a["x"] is succeeded`, `1s a["y"] is succeeded`,
				"1s a batch 0 is done", "1s a is failed (verify failed)", "1s b is not_run", "1s run failed",
			},
		},
		"what skips an instance skips no other": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y", "z"), func(s *plan.Step) { s.Loop.When = condition(in(expr.False, expr.True, "x", "y")) })},
			want: []string{
				"0s a is running", `0s a["x"] is skipped`, "0s a batch 0 is done", `0s a["y"] is skipped`, "0s a batch 1 is done",
				`0s a["z"] do #1`, `1s a["z"] is succeeded`, "1s a batch 2 is done", "1s a is succeeded", "1s run succeeded",
			},
		},
		"a step is skipped where all that it is done for are": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y"), func(s *plan.Step) { s.Loop.When = condition(in(expr.False, expr.False)) }), read("b", "a")},
			want: []string{
				"0s a is running", `0s a["x"] is skipped`, "0s a batch 0 is done", `0s a["y"] is skipped`, "0s a batch 1 is done",
				"0s a is skipped", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"or where it says so of itself": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "y"), func(s *plan.Step) { s.When = condition(always(expr.False)) }), read("b", "a")},
			want: []string{
				"0s a is skipped", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"a step that is done for nothing succeeds": {
			steps: []*plan.Step{with(l.each(change("a"), "{}"), holding(condition(always(expr.False)))), read("b", "a")},
			want: []string{
				"0s a is running", "0s a is succeeded", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"what it is done for is not known": {
			steps: []*plan.Step{change("o"), with(l.each(change("a", "o"), "{}"), func(s *plan.Step) { s.Loop.Source = outputsOf("p") })},
			want: []string{
				"0s o do #1", "1s o is succeeded", "1s a is failed (invalid)", "1s o is undoing", "1s o undo #1", "2s o is undone",
				"2s run rolled_back",
			},
		},
		"two are called the same": {
			steps: []*plan.Step{with(l.each(change("a"), "{}", "x", "x"), policy(plan.Continue)), read("b", "a")},
			want: []string{
				"0s a is failed (invalid)", "0s b do #1", "1s b is succeeded", "1s run succeeded",
			},
		},
		"each has its gate and its retries": {
			steps: []*plan.Step{with(l.each(change("a"), "{sizes: [2]}", "x", "y"), retries(2), func(s *plan.Step) { s.Gate = conditions(between(0, time.Hour)) })},
			world: func(w *world) { fails(w, `a["y"]`, event.Do, sdk.Transient) },
			want: []string{
				"0s a is running", `0s a["x"] is waiting`, `0s a["y"] is waiting`, `0s a["x"] do #1`, `0s a["y"] do #1`,
				`1s a["x"] is succeeded`, `7.004s a["y"] do #2`, `8.004s a["y"] is succeeded`, "8.004s a batch 0 is done",
				"8.004s a is succeeded", "8.004s run succeeded",
			},
		},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.check(t) })
	}
}
