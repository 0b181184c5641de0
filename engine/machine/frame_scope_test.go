package machine_test

import (
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

// params are those of the first attempt at each step, as text.
func paramsOf(w *world) map[string]string {
	params := make(map[string]string)
	others := w.attempts
	w.attempts = func(a machine.Attempt) answer {
		if _, ok := params[a.Op.Step]; !ok {
			params[a.Op.Step] = a.Params.String()
		}
		answer := others(a)
		answer.outputs = idOf(a.Op.Step)
		return answer
	}
	return params
}

func TestExpressionsOfARunbookThatIsTakenInSeeWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	const inputs, vars, each = expr.RootInputs, expr.RootVars, expr.RootEach
	x := with(read("x"), func(s *plan.Step) {
		s.Use.Source = object{"in": sees{root: inputs, path: []string{"of"}}, "held": sees{root: vars, path: []string{"twice"}}}
	})
	y := with(read("y", "x"), func(s *plan.Step) { s.Use.Source = sees{step: "x", path: []string{"outputs", "of"}} })
	tell := with(finally(read("tell")), func(s *plan.Step) { s.Use.Source = sees{root: expr.RootRun, path: []string{"actor"}} })
	steps := taking(newLoops(t).each(read("web"), "{}", "a", "b"), x, y, tell)
	taken := steps[0].Runbook
	taken.Source = object{"of": sees{root: each, path: []string{"key"}}}
	taken.Held = []plan.Binding{
		{Name: "once", Source: sees{root: inputs, path: []string{"of"}}},
		{Name: "twice", Source: sees{root: vars, path: []string{"once"}}},
	}
	taken.Outputs = []plan.Binding{{Name: "y", Source: sees{step: "y", path: []string{"outputs", "of"}}}}
	after := with(read("after", "web"), func(s *plan.Step) { s.Use.Source = sees{step: "web", path: []string{"outputs", "byKey"}} })
	w := newWorld(t, planOf(t, all(steps, one(after))...), 1)
	got := paramsOf(w)
	if result := w.run(); result.Outcome != event.OutcomeSucceeded {
		t.Fatalf("%+v\n%q", result, w.story())
	}
	want := map[string]string{
		`web["a"].x`: `{"held":"a","in":"a"}`, `web["a"].y`: `web["a"].x`, `web["a"].tell`: "alice",
		`web["b"].x`: `{"held":"b","in":"b"}`, `web["b"].y`: `web["b"].x`, `web["b"].tell`: "alice",
		"after": `{"a":{"y":"web[\"a\"].y"},"b":{"y":"web[\"b\"].y"}}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What cannot be told when a runbook is opened fails the step that takes it in, and nothing of it
// begins.
func TestARunbookIsNotTakenInWithInputsThatNobodyKnows(t *testing.T) {
	t.Parallel()
	unknown := fixed{value.Object(value.Member{Name: "in", Value: value.Unknown(value.Cause{Step: "a", Reason: "it was lost"})})}
	broken := sees{root: expr.RootEach}
	for name, c := range map[string]struct {
		change func(taken *plan.Inclusion)
		want   string
	}{
		"unknown":               {func(taken *plan.Inclusion) { taken.Source = unknown }, "its inputs are not known: step a: it was lost"},
		"not computed":          {func(taken *plan.Inclusion) { taken.Source = broken }, `its inputs cannot be computed: nothing is called "each"`},
		"a var is not computed": {func(taken *plan.Inclusion) { taken.Held = []plan.Binding{{Name: "v", Source: broken}} }, `its var v cannot be computed: nothing is called "each"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := taking(read("web"), change("x"), finally(read("tell")))
			c.change(steps[0].Runbook)
			w := newWorld(t, planOf(t, steps...), 1)
			result := w.run()
			want := []string{"0s web is failed (invalid)", "0s run failed"}
			if diff := cmp.Diff(want, w.story()); diff != "" {
				t.Error(diff)
			}
			if f := result.Failure; f == nil || f.Message != c.want || !f.Unchanged {
				t.Errorf("%+v", f)
			}
		})
	}
}

// An output that cannot be computed is unknown to what asks for it, and to nothing else.
func TestAnOutputOfARunbookThatCannotBeComputedIsUnknown(t *testing.T) {
	t.Parallel()
	skipped := with(read("x"), func(s *plan.Step) { s.When = condition(always(expr.False)) })
	steps := taking(read("web"), skipped)
	steps[0].Runbook.Outputs = []plan.Binding{{Name: "of", Source: sees{step: "x", path: []string{"outputs", "of"}}}}
	asks := with(read("asks", "web"), func(s *plan.Step) {
		s.OnFailure, s.Use.Source = plan.Continue, sees{step: "web", path: []string{"outputs"}}
	})
	w := newWorld(t, planOf(t, all(steps, one(asks), one(read("b", "asks")))...), 1)
	w.run()
	want := []string{
		"0s web is running", "0s web.x is skipped", "0s web is succeeded", "0s asks is failed (invalid)", "0s b do #1", "1s b is succeeded", "1s run succeeded",
	}
	if diff := cmp.Diff(want, w.story()); diff != "" {
		t.Error(diff)
	}
}

// The failure says on which way it came.
func TestTheFailureOfARunbookNamesWhatFailedInIt(t *testing.T) {
	t.Parallel()
	l := newLoops(t)
	for name, c := range map[string]struct {
		steps []*plan.Step
		world func(w *world)
		step  string // that the run says
		of    map[string]string
	}{
		"of the run": {
			steps: taking(read("web"), taking(read("db"), change("x"))...),
			world: func(w *world) { broken(w, "web.db.x") },
			step:  "web.db.x",
			of:    map[string]string{"web.db.x": "it is broken", "web.db": "x: it is broken", "web": "db: x: it is broken"},
		},
		"of a loop": {
			steps: taking(l.each(read("web"), "{sizes: [100%], maxFailures: 1}", "a", "b"), change("x"), change("y", "x")),
			world: func(w *world) { broken(w, `web["a"].x`, `web["b"].y`) },
			step:  `web["b"].y`,
			of:    map[string]string{`web["a"]`: "x: it is broken", `web["b"]`: "y: it is broken", "web": "a: x: it is broken (2 of 2 failed, the first of them so)"},
		},
		"of a loop in it": {
			steps: taking(with(read("web"), policy(plan.Continue)), l.each(change("x"), "{}", "a", "b")),
			world: func(w *world) { broken(w, `web.x["a"]`) },
			of:    map[string]string{"web.x": "a: it is broken", "web": "x: a: it is broken"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, c.steps...), 9)
			c.world(w)
			result := w.run()
			if result.Step != c.step {
				t.Errorf("the run says that %q failed", result.Step)
			}
			for id, want := range c.of {
				got := ""
				for _, e := range w.journal {
					if e.Type == event.StepDecided && e.Op.Step == id && e.Status == event.Failed {
						got = e.Failure.Message
					}
				}
				if got != want {
					t.Errorf("%s: %q, want %q", id, got, want)
				}
			}
		})
	}
}

// What a step in a runbook could not be taken back from under stays, be it in the runbook or what
// that was built on.
func TestWhatAStepInARunbookWasBuiltOnStays(t *testing.T) {
	t.Parallel()
	steps := all(one(change("a")), taking(read("web", "a"), change("x"), change("y", "x"), change("z")), taking(read("top", "web"), change("q")))
	w := newWorld(t, planOf(t, all(steps, one(gated(read("last", "top"), condition(always(expr.False)))))...), 1)
	fails(w, "web.y", event.Undo, sdk.Permanent)
	w.run()
	want := map[string]event.Status{
		"a": event.LeftOver, "web.x": event.LeftOver, "web.y": event.LeftOver, "web.z": event.Undone, "top.q": event.Undone,
	}
	for id, status := range want {
		if got := w.statuses()[id]; got != status {
			t.Errorf("%s is %s, want %s\n%q", id, got, status, w.story())
		}
	}
}

// What was told to a runbook in an earlier process may be a secret that this one does not know.
func TestARunbookThatWasTakenInIsRecalled(t *testing.T) {
	t.Parallel()
	p := func(told plan.Source) *plan.Plan {
		steps := taking(with(read("web"), policy(plan.Stop)), with(change("x"), func(s *plan.Step) { s.Use.Source = sees{root: expr.RootInputs} }))
		steps[0].Runbook.Source = told
		return planOf(t, steps...)
	}
	w := newWorld(t, p(fixed{value.String("s3cret").Secret()}), 1)
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
	if out := again.Outstanding(); len(out) != 1 || out[0].(machine.Attempt).Op.Step != "web.x" {
		t.Errorf("outstanding: %+v", out)
	}
}

// A question in a runbook is known by its id before it is asked, and after.
func TestQuestionsInARunbookAreKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, taking(newLoops(t).each(read("web"), "{}", "a", "b"), asks("sign_off"), change("x", "sign_off"))...), 1)
	w.until(time.Second)
	const asked, ahead, none = `web["a"].sign_off`, `web["b"].sign_off`, `web["a"].x`
	if !w.machine.Asks(asked) || !w.machine.MayAsk(asked) || !w.machine.WillAsk(asked) {
		t.Errorf("%s is not asked\n%q", asked, w.story())
	}
	if w.machine.Asks(ahead) || !w.machine.MayAsk(ahead) || w.machine.MayAsk(none) {
		t.Errorf("%s is ahead, and %s asks nobody", ahead, none)
	}
	w.happens(event.Event{Type: event.Answered, Op: &event.Op{Step: asked, Part: event.Do}, Answer: &sdk.Answer{By: "bob"}})
	w.run()
	if w.machine.MayAsk(asked) || !strings.Contains(w.result.Failure.Message, "bob said no") {
		t.Errorf("%+v", w.result)
	}
}
