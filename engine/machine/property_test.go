package machine_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// plans draws runbooks of up to a dozen steps with every feature of the machine.
func plans(tb testing.TB) *rapid.Generator[*plan.Plan] {
	l := newLoops(tb)
	return rapid.Custom(func(t *rapid.T) *plan.Plan {
		n := rapid.IntRange(1, 9).Draw(t, "steps")
		var steps []*plan.Step
		for i := range n {
			steps = append(steps, drawStep(t, i))
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "finally") {
			steps = append(steps, finally(drawFinally(t, i)))
		}
		p := planOf(tb, drawMore(t, l, steps, 2)...)
		given(p)
		promised(t, p)
		p.OnFailure = rapid.SampledFrom([]plan.Policy{plan.Rollback, plan.Stop, plan.Pause}).Draw(t, "onFailure")
		return p
	})
}

func drawStep(t *rapid.T, i int) *plan.Step {
	var needs []string
	if i > 0 {
		for _, need := range rapid.SliceOfNDistinct(rapid.IntRange(0, i-1), 0, min(i, 3), rapid.ID[int]).Draw(t, "needs") {
			needs = append(needs, fmt.Sprintf("s%d", need))
		}
	}
	id := fmt.Sprintf("s%d", i)
	s := change(id, needs...)
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		s = read(id, needs...)
	case 1:
		s.Rollback = nil
	case 2:
		s.Rollback = &plan.Compensation{None: "it need not be taken back"}
	case 3:
		s = asks(id, needs...)
	case 4:
		s = byHand(s)
	}
	s.OnFailure = rapid.SampledFrom([]plan.Policy{plan.Rollback, plan.Stop, plan.Pause, plan.Continue}).Draw(t, "policy")
	s.Retry = plan.Retry{Attempts: rapid.IntRange(1, 3).Draw(t, "attempts"), Delay: time.Second, Factor: 2}
	truth := rapid.SampledFrom([]expr.Truth{expr.True, expr.True, expr.True, expr.False, expr.Unknown})
	if rapid.Bool().Draw(t, "when") {
		s.When = condition(always(truth.Draw(t, "whenTruth")))
	}
	if rapid.Bool().Draw(t, "gate") {
		s.Gate = append(s.Gate, polled(20*time.Second, 3*time.Second, 4*time.Second, always(truth.Draw(t, "gateTruth"))))
	}
	if rapid.Bool().Draw(t, "fickle gate") {
		fickle := &plan.Condition{Program: offAndOn(rapid.IntRange(1, 9).Draw(t, "off and on"))}
		if rapid.Bool().Draw(t, "waits") {
			fickle.Within, fickle.Every = time.Minute, 2*time.Second
		}
		s.Gate = append(s.Gate, fickle)
	}
	if rapid.IntRange(0, 2).Draw(t, "window") == 0 {
		waits := &plan.Condition{Expr: "window", Program: offHours{rapid.IntRange(1, 20).Draw(t, "hours")}}
		if rapid.Bool().Draw(t, "waits for it") {
			waits.Within, waits.Every = time.Minute, time.Duration(rapid.IntRange(1, 30).Draw(t, "seldom"))*time.Second
		}
		s.Gate = append(s.Gate, waits)
	}
	if rapid.Bool().Draw(t, "verify") {
		s.Verify = conditions(always(truth.Draw(t, "verifyTruth")))
	}
	return s
}

// offAndOn is true and false in turn, for so many seconds each.
func offAndOn(seconds int) says {
	span := time.Duration(seconds) * time.Second
	return func(now time.Time, _ value.Value) expr.Truth {
		if now.Sub(epoch)/span%2 == 0 {
			return expr.True
		}
		return expr.False
	}
}

// offHours is a window that is open and closed in turn, for so many seconds each, unless somebody
// has overridden it.
type offHours struct{ seconds int }

func (o offHours) Eval(scope expr.Scope) expr.Verdict {
	verdict := offAndOn(o.seconds).Eval(scope)
	if over, is := scope.(expr.Overrider); is {
		if _, _, over := over.Overridden("w"); over {
			return expr.Verdict{Truth: expr.True}
		}
	}
	if verdict.Truth == expr.False {
		now, _ := scope.Root(expr.RootNow)
		text, _ := now.AsString()
		at, _ := time.Parse(time.RFC3339Nano, text) // as it was read before
		span := time.Duration(o.seconds) * time.Second
		verdict.Still = epoch.Add((at.Sub(epoch)/span + 1) * span)
	}
	return verdict
}

func (offHours) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

// drawFinally draws a step of `finally` that nothing keeps from being run.
func drawFinally(t *rapid.T, i int) *plan.Step {
	var needs []string
	if i > 0 && rapid.Bool().Draw(t, "finally needs") {
		needs = append(needs, fmt.Sprintf("f%d", i-1))
	}
	id := fmt.Sprintf("f%d", i)
	if rapid.Bool().Draw(t, "finally changes") {
		return change(id, needs...)
	}
	return read(id, needs...)
}

// fickle makes everything in the world go as drawn, and people ask for things.
func fickle(t *rapid.T, w *world) {
	classes := rapid.SampledFrom([]sdk.Class{"", "", "", "", sdk.Transient, sdk.Permanent, sdk.Timeout, event.Lost})
	outcome := func(what, step string) answer {
		name := what + " " + step
		a := answer{outputs: idOf(step), takes: time.Duration(rapid.IntRange(0, 5).Draw(t, name+" takes")) * time.Second}
		if class := classes.Draw(t, name); class != "" {
			a.failure = &event.Failure{Class: class, Unchanged: rapid.Bool().Draw(t, "unchanged")}
		}
		return a
	}
	w.attempts = func(a machine.Attempt) answer { return outcome("attempt", a.Op.Step) }
	w.observes = func(o machine.Observe) answer { return outcome("observe", o.Op.Step) }
	w.asks = func(machine.Ask) *sdk.Answer {
		return &sdk.Answer{By: "bob", Approved: rapid.IntRange(0, 3).Draw(t, "answer") > 0}
	}
}

// live runs the world, with requests of people in between.
func live(t *rapid.T, w *world) {
	w.begin()
	for steps := 0; w.result == nil && len(w.queue) > 0 && steps < 2000; steps++ {
		if rapid.IntRange(0, 19).Draw(t, "interrupt") == 0 {
			if rapid.IntRange(0, 3).Draw(t, "override") == 0 {
				w.happens(event.Event{Type: event.WindowOverridden, Name: "w", By: "alice", Reason: "it must be now"})
				continue
			}
			w.ask(rapid.SampledFrom([]event.Type{event.PauseAsked, event.CancelAsked, event.RollbackAsked, event.SteppingEnded}).Draw(t, "ask"))
			continue
		}
		w.next()
	}
}

func TestEveryRunEnds(t *testing.T) {
	t.Parallel()
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		w := newWorld(&fatal{TB: nil, t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		fickle(t, w)
		w.stepwise = rapid.Bool().Draw(t, "step by step")
		live(t, w)
		if w.result != nil && w.result.Outcome != event.OutcomePaused && rapid.Bool().Draw(t, "take back") {
			ended := w.result
			if w.goesOn(event.RollbackAsked); w.machine.Mode() == event.Ended && w.result == nil {
				w.result = ended // there was nothing to take back
			}
		}
		// A step that never succeeds pauses again and again; somebody gives it up.
		for resumes := 0; w.result != nil && w.result.Outcome == event.OutcomePaused; resumes++ {
			w.result = nil
			if resumes < 5 {
				w.ask(event.ResumeAsked)
			} else {
				w.ask(event.CancelAsked)
			}
			w.run()
		}
		if w.result == nil {
			t.Fatalf("the run hangs:\n%q\n%v", w.story(), w.statuses())
		}
		checkHistory(t, w)
		checkGates(t, w)
		checkLoops(t, w)
		checkWords(t, w)
		checkMeasures(t, w)
		checkFrames(t, w, told)
	}, "a frame", "a frame of an instance", "a frame in a frame", "a broken frame", "a closing frame that the end came between")
}

// checkGates holds a journal against what gates promise: all is true as the first attempt
// begins, and was looked at since the run was at rest as any other does.
func checkGates(t *rapid.T, w *world) {
	verdicts := make(map[event.Op]event.Event) // the last, by step and condition
	var resumed time.Time
	for _, e := range w.journal {
		switch {
		case e.Type == event.ResumeAsked:
			resumed = e.Time
		case e.Type == event.ConditionMet && e.Op.Part == event.Gate:
			verdicts[event.Op{Step: e.Op.Step, Index: e.Op.Index}] = e
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do:
			step := stepIn(w.plan, e.Op.Step)
			latest := epoch
			for k := range step.Gate {
				last := verdicts[event.Op{Step: step.ID, Index: k}]
				if e.Op.Attempt == 1 && (last.Verdict == nil || last.Verdict.Truth != expr.True.String()) {
					t.Fatalf("%s began while condition %d of its gate was %+v\n%q", step.ID, k, last.Verdict, w.story())
				}
				if e.Op.Attempt == 1 && step.Gate[k].Observe == nil && last.Time.Before(e.Time) {
					t.Fatalf("%s began at %s over condition %d of its gate as it was at %s\n%q", step.ID, e.Time, k, last.Time, w.story())
				}
				if last.Time.After(latest) {
					latest = last.Time
				}
			}
			if len(step.Gate) > 0 && (latest.Before(resumed) || e.Op.Attempt == 1 && latest.Before(e.Time)) {
				t.Fatalf("%s #%d began at %s over a gate as it was at %s\n%q", step.ID, e.Op.Attempt, e.Time, latest, w.story())
			}
		}
	}
}

// checkHistory holds a journal against what a run must never do.
func checkHistory(t *rapid.T, w *world) {
	settled := make(map[string]event.Status)
	begun := make(map[string]bool)
	var doneOrder []string
	var lastUndone string // of the rollback that goes on
	var mode event.Mode
	changed := make(map[string]bool)
	for _, e := range w.journal {
		switch {
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do:
			step := stepIn(w.plan, e.Op.Step)
			for _, edge := range step.Needs {
				switch settled[sibling(e.Op.Step, edge.Step)] {
				case event.Succeeded, event.Skipped, event.Failed:
				default:
					t.Fatalf("%s began while %s, which it needs, was %q\n%q", e.Op.Step, edge.Step, settled[sibling(e.Op.Step, edge.Step)], w.story())
				}
			}
			begun[e.Op.Step] = true
		case e.Type == event.AttemptStarted && e.Op.Part == event.Undo:
			if !changed[e.Op.Step] {
				t.Fatalf("%s was taken back and had changed nothing\n%q", e.Op.Step, w.story())
			}
			before, this := slices.Index(doneOrder, lastUndone), slices.Index(doneOrder, e.Op.Step)
			if before >= 0 && this > before {
				t.Fatalf("done in order %v, and %s was taken back before %s\n%q", doneOrder, lastUndone, e.Op.Step, w.story())
			}
			lastUndone = e.Op.Step
		case e.Type == event.AttemptFinished && e.Op.Part == event.Do:
			step := stepIn(w.plan, e.Op.Step)
			if step.Changes() && !cleansUp(w.plan, e.Op.Step) && (e.Failure == nil || !e.Failure.Unchanged) {
				changed[e.Op.Step] = true
			}
		case e.Type == event.ModeChanged:
			if e.Mode == event.Closing && mode != event.Paused {
				// What `finally` did before a rollback is done anew after it.
				maps.DeleteFunc(settled, func(id string, _ event.Status) bool { return cleansUp(w.plan, id) })
			}
			if e.Mode == event.Reverse {
				lastUndone = "" // one that begins anew goes through what is left
			}
			mode = e.Mode
		case e.Type == event.StepDecided:
			if step := stepIn(w.plan, e.Op.Step); step.Runbook != nil && step.Loop == nil && e.Status == event.Running {
				// Its finally is done anew with it, where it is.
				maps.DeleteFunc(settled, func(id string, _ event.Status) bool { return isIn(id, e.Op.Step) && cleansUp(w.plan, id) })
			}
			if e.Status == event.Succeeded && begun[e.Op.Step] && settled[e.Op.Step] == event.Succeeded {
				t.Fatalf("%s succeeded twice\n%q", e.Op.Step, w.story())
			}
			settled[e.Op.Step] = e.Status
			if (e.Status == event.Succeeded || e.Status == event.Failed) && changed[e.Op.Step] {
				doneOrder = append(slices.DeleteFunc(doneOrder, func(s string) bool { return s == e.Op.Step }), e.Op.Step)
			}
		}
	}
	checkEnd(t, w, changed)
}

func checkEnd(t *rapid.T, w *world, changed map[string]bool) {
	for i, s := range w.plan.Steps {
		status := w.machine.Status(i)
		if !status.Settled() && !isTemplate(w.plan, s) {
			t.Fatalf("the run ended and %s is %s\n%q", s.ID, status, w.story())
		}
		if s.Finally && s.Within == "" && status == event.NotRun {
			t.Fatalf("the run ended and %s of finally was not run\n%q", s.ID, w.story())
		}
		if status == event.Undone && !changed[s.ID] {
			t.Fatalf("%s is undone and had changed nothing", s.ID)
		}
	}
	switch w.result.Outcome {
	case event.OutcomeRolledBack:
		if len(w.result.Undone) == 0 {
			t.Fatalf("rolled back, and nothing was taken back\n%q", w.story())
		}
		if len(w.result.Finally) > 0 {
			t.Fatalf("rolled back, and of finally failed %q\n%q", w.result.Finally, w.story())
		}
		for id := range changed {
			step := stepIn(w.plan, id)
			if w.statuses()[id] != event.Undone && (step.Rollback == nil || step.Rollback.None == "") {
				t.Fatalf("rolled back, and %s is %s\n%q", id, w.statuses()[id], w.story())
			}
		}
	case event.OutcomeGateClosed:
		if len(changed) > 0 {
			t.Fatalf("a gate closed before anything was changed, and these were: %v", changed)
		}
	case event.OutcomeStuck:
		if len(w.result.Left) == 0 && len(w.result.Lost) == 0 && len(w.result.Finally) == 0 {
			t.Fatal("a person is needed, and nothing says for what")
		}
	case event.OutcomeSucceeded:
		if w.result.Failure != nil {
			t.Fatalf("succeeded with %v", w.result.Failure)
		}
	}
}

func TestReplayingTheFactsGivesTheSameDecisionsAndTheSameWorkInFlight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(&fatal{t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		fickle(t, w)
		w.stepwise = rapid.Bool().Draw(t, "step by step")
		live(t, w)
		facts := w.facts()
		crash := rapid.IntRange(1, len(facts)).Draw(t, "crash")
		again := machine.New(w.plan)
		open := make(map[string]bool) // commands without an answer
		var decisions []event.Event
		for _, fact := range facts[:crash] {
			for _, c := range again.Next(fact) {
				if r, ok := c.(machine.Record); ok {
					decisions = append(decisions, r.Event)
				}
			}
		}
		want := slices.DeleteFunc(slices.Clone(w.journal), func(e event.Event) bool { return !e.Type.Decision() })
		if diff := cmp.Diff(want[:min(len(decisions), len(want))], decisions, cmp.AllowUnexported()); diff != "" {
			t.Fatalf("the replay decides otherwise: %s", diff)
		}
		// Attempts in flight are exactly those that were started or asked for, and not
		// answered.
		for _, fact := range facts[:crash] {
			switch fact.Type {
			case event.AttemptStarted:
				open[fmt.Sprint(*fact.Op)] = true
			case event.AttemptFinished:
				delete(open, fmt.Sprint(*fact.Op))
			}
		}
		for _, c := range again.Outstanding() {
			if a, ok := c.(machine.Attempt); ok {
				if a.Started != open[fmt.Sprint(a.Op)] {
					t.Fatalf("attempt %v: started is %v", a.Op, a.Started)
				}
				delete(open, fmt.Sprint(a.Op))
			}
		}
		if len(open) > 0 {
			t.Fatalf("the replay forgot %v", open)
		}
	})
}

// fatal lets the world of a test be used under rapid, which has its own Fatalf.
type fatal struct {
	testing.TB
	t *rapid.T
}

func (f *fatal) Helper()                           {}
func (f *fatal) Fatal(args ...any)                 { f.t.Fatal(args...) }
func (f *fatal) Fatalf(format string, args ...any) { f.t.Fatalf(format, args...) }
