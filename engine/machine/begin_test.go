package machine_test

import (
	"slices"
	"strings"
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

// out is how a step is left out.
func out(s *plan.Step) { s.LeftOut = &event.LeftOut{By: "ann", Cause: "--skip", Reason: "it is done"} }

// drawLeftOut leaves a step out, or some of its instances.
func drawLeftOut(t *rapid.T, s *plan.Step) {
	if rapid.IntRange(0, 7).Draw(t, "left out") == 0 {
		out(s)
	}
	if s.Loop != nil && rapid.IntRange(0, 3).Draw(t, "instance left out") == 0 {
		s.Loop.LeftOut = map[string]*event.LeftOut{rapid.SampledFrom([]string{"y", "z"}).Draw(t, "key"): {By: "ann", Cause: "--skip"}}
	}
}

// checkWords holds a journal against what people were promised: nothing of what is left out is
// done, and in a run that goes step by step no change is tried without a yes to that very
// attempt, nor asked about while another is at work.
func checkWords(t *rapid.T, w *world) {
	yes := make(map[string]int) // by step, the attempt that may begin
	atWork := make(map[string]bool)
	stepwise := w.stepwise
	for _, e := range w.journal {
		stepwise = stepwise && e.Type != event.SteppingEnded
		if e.Op == nil {
			continue
		}
		step := stepIn(w.plan, e.Op.Step)
		asks := stepwise && step.Changes() && !step.Describe.Asks
		switch {
		case e.Type == event.Answered && e.Op.Part == event.Begin && e.Answer.Approved:
			yes[e.Op.Step] = e.Op.Attempt
		case e.Type == event.AskOpened && e.Op.Part == event.Begin:
			if !asks || len(atWork) > 0 {
				t.Fatalf("it is asked whether %s may begin, while %v are at work\n%q", e.Op.Step, atWork, w.story())
			}
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do:
			if isLeftOut(w.plan, e.Op.Step) {
				t.Fatalf("%s began, and is left out\n%q", e.Op.Step, w.story())
			}
			if asks && yes[e.Op.Step] != e.Op.Attempt {
				t.Fatalf("%s #%d began, and nobody said that it may\n%q", e.Op.Step, e.Op.Attempt, w.story())
			}
			delete(yes, e.Op.Step)
			if asks {
				atWork[e.Op.Step] = true
			}
		case e.Type == event.AttemptFinished && e.Op.Part == event.Do:
			delete(atWork, e.Op.Step)
		}
	}
}

// Whatever goes wrong and whatever people ask for, a run that goes step by step begins no change
// that nobody let begin.
func TestNoChangeBeginsThatNobodyLetBegin(t *testing.T) {
	t.Parallel()
	tally.Check(t, func(t *rapid.T, told tally.Tally) {
		w := newWorld(&fatal{t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		fickle(t, w)
		w.stepwise = true
		answers := w.asks
		w.asks = func(a machine.Ask) *sdk.Answer {
			if rapid.IntRange(0, 3).Draw(t, "nobody is there") == 0 {
				return nil
			}
			return answers(a)
		}
		live(t, w)
		for range 5 {
			if w.result == nil && w.machine.Asking() {
				w.ask(event.PauseAsked)
			}
			if w.result == nil || w.result.Outcome != event.OutcomePaused {
				break
			}
			checkAsking(t, w, told)
			w.goesOn(event.ResumeAsked)
		}
		checkWords(t, w)
		for _, e := range w.journal {
			count(told, e)
		}
	}, "asked", "asked about a retry", "left out by a flag", "an instance left out by a flag", "left out by an answer", "paused at a question", "a retry may be answered while it is paused")
}

// checkAsking holds the result of a run that has paused against what people may answer while it is:
// of a question that nobody is told of nobody knows the answer.
func checkAsking(t *rapid.T, w *world, told tally.Tally) {
	for id, status := range w.statuses() {
		if !w.machine.WillAsk(id) {
			continue
		}
		if status == event.Resting {
			told["a retry may be answered while it is paused"]++
		}
		if !slices.Contains(w.result.Asking, id) {
			t.Fatalf("%s may be answered, and %q ask\n%q", id, w.result.Asking, w.story())
		}
	}
}

// count takes down what has come up.
func count(told tally.Tally, e event.Event) {
	switch {
	case e.Type == event.AskOpened && e.Op.Part == event.Begin:
		told["asked"]++
		if e.Op.Attempt > 1 {
			told["asked about a retry"]++
		}
	case e.Type == event.StepDecided && e.LeftOut != nil && e.LeftOut.By == "bob":
		told["left out by an answer"]++
	case e.Type == event.StepDecided && e.LeftOut != nil:
		told["left out by a flag"]++
		if _, _, isInstance := event.SplitInstance(e.Op.Step); isInstance {
			told["an instance left out by a flag"]++
		}
	case e.Type == event.RunFinished && len(e.Result.Asking) > 0:
		told["paused at a question"]++
	}
}

// word answers in turn whether steps may begin; nil: nobody is there.
func word(yes ...bool) func(w *world) {
	return func(w *world) {
		w.stepwise = true
		w.asks = func(a machine.Ask) *sdk.Answer {
			if a.Op.Part != event.Begin || len(yes) == 0 {
				return nil
			}
			said := yes[0]
			yes = yes[1:]
			return &sdk.Answer{By: "bob", Approved: said}
		}
	}
}

func TestARunStepByStep(t *testing.T) {
	t.Parallel()
	loop := newLoops(t)
	for name, c := range map[string]struct {
		steps []*plan.Step
		world func(w *world)
		want  string
	}{
		"each change is asked about, what reads is not, and no change while another goes on": {
			steps: []*plan.Step{read("r"), change("a"), change("b"), change("c", "a")},
			world: word(true, true, true),
			want: "0s a is asking; 0s r do #1; 1s a do #1; 1s r is succeeded; 2s a is succeeded; 2s b is asking; " +
				"3s b do #1; 4s b is succeeded; 4s c is asking; 5s c do #1; 6s c is succeeded; 6s run succeeded",
		},
		"a no leaves the change out, and what needs it goes on": {
			steps: []*plan.Step{change("a"), change("b", "a")},
			world: word(false, true),
			want: "0s a is asking; 1s a is skipped, left out by bob (asked step by step); " +
				"1s b is asking; 2s b do #1; 3s b is succeeded; 3s run succeeded",
		},
		"a verify belongs to its change": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) {
				s.Verify = []*plan.Condition{polled(time.Minute, 5*time.Second, 0, since(4*time.Second))}
			}), change("b")},
			world: word(true, true),
			want: "0s a is asking; 1s a do #1; 2s a is verifying; 9s a is succeeded; " +
				"9s b is asking; 10s b do #1; 11s b is succeeded; 11s run succeeded",
		},
		"a retry is asked about, and a no to it is the end of the step": {
			steps: []*plan.Step{with(change("a"), retries(3))},
			world: func(w *world) {
				word(true, false)(w)
				fails(w, "a", event.Do, sdk.Transient)
			},
			want: "0s a is asking; 1s a do #1; 7.484s a is asking; 8.484s a is failed (transient); " +
				"8.484s a is undoing; 8.484s a undo #1; 9.484s a is undone; 9.484s run rolled_back",
		},
		"the gate is looked at once more after the yes, and a step whose gate closed is asked about anew": {
			steps: []*plan.Step{with(change("a"), func(s *plan.Step) {
				s.Gate = []*plan.Condition{{Within: 4 * time.Second, Every: 3 * time.Second, Program: offAndOn(1)}}
			})},
			world: word(true, true, true),
			want:  "0s a is waiting; 0s a is asking; 1s a is waiting; 4s a is asking; 5s a is waiting; 8s a is asking; 9s a is waiting; 12s a is asking",
		},
		"each instance of a loop is asked about, and one that is left out is not": {
			steps: []*plan.Step{with(loop.each(change("a"), "{sizes: [100%]}", "x", "y", "z"), func(s *plan.Step) {
				s.Loop.LeftOut = map[string]*event.LeftOut{"y": {By: "ann", Cause: "--skip"}}
			})},
			world: word(true, false),
			want: `0s a is running; 0s a["y"] is skipped, left out by ann (--skip); 0s a["x"] is asking; 1s a["x"] do #1; 2s a["x"] is succeeded; ` +
				`2s a["z"] is asking; 3s a["z"] is skipped, left out by bob (asked step by step); 3s a batch 0 is done; 3s a is succeeded; 3s run succeeded`,
		},
		"what is left out keeps its place, and what it needs": {
			steps: []*plan.Step{change("a"), with(change("b", "a"), out), change("c", "b"), finally(with(change("f"), out))},
			world: func(*world) {},
			want: "0s a do #1; 1s a is succeeded; 1s b is skipped, left out by ann (--skip): it is done; 1s c do #1; 2s c is succeeded; " +
				"2s f is skipped, left out by ann (--skip): it is done; 2s run succeeded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, planOf(t, c.steps...), 4)
			c.world(w)
			w.run()
			if diff := cmp.Diff(strings.Split(c.want, "; "), w.story()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// since is true from a time on.
func since(begin time.Duration) says {
	return func(now time.Time, _ value.Value) expr.Truth {
		if now.Sub(epoch) < begin {
			return expr.False
		}
		return expr.True
	}
}

func TestAPauseTakesTheQuestionBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), change("b"), read("r")), 4)
	word()(w)
	w.run()
	if !w.machine.Asking() {
		t.Fatal("a run of which one change is asked about, and the other waits for that, goes on only when people answer")
	}
	w.ask(event.PauseAsked)
	if w.result == nil || w.result.Outcome != event.OutcomePaused || !slices.Equal(w.result.Asking, []string{"a"}) {
		t.Fatalf("%+v", w.result)
	}
	if !w.machine.WillAsk("a") || w.machine.WillAsk("b") {
		t.Error("the question is put again when the run goes on, and only this may be answered until then")
	}
	word(true, true)(w)
	if result := w.goesOn(event.ResumeAsked); result == nil || result.Outcome != event.OutcomeSucceeded {
		t.Errorf("%+v\n%q", result, w.story())
	}
}

// Who has said that a change may begin, after the run paused at the question, is not asked about
// another one first.
func TestTheQuestionThatAPauseTookBackIsPutFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), change("b"), change("c")), 4)
	word()(w)
	w.run()
	for range 3 {
		w.ask(event.PauseAsked)
		if !slices.Equal(w.result.Asking, []string{"a"}) {
			t.Fatalf("asking %q\n%q", w.result.Asking, w.story())
		}
		w.result = nil
		w.ask(event.ResumeAsked)
	}
}

// What was asked before the run was to end is not asked any more, and who cancels once more gives
// up what finally asks.
func TestACancelEndsTheQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), finally(change("f")), finally(change("g"))), 4)
	word()(w)
	w.run()
	for range 2 { // the question of a, and then that of f
		w.ask(event.PauseAsked)
		w.result = nil
		w.ask(event.CancelAsked)
	}
	w.ask(event.PauseAsked)
	if w.machine.WillAsk("a") || w.machine.WillAsk("f") || !slices.Equal(w.result.Asking, []string{"g"}) {
		t.Errorf("asking %q\n%q", w.result.Asking, w.story())
	}
	if states := w.statuses(); states["f"] != event.Failed {
		t.Errorf("f is %s, and was given up", states["f"])
	}
}

// A question that cannot be put is no answer: nobody has left the change out.
func TestAChangeThatCannotBeAskedAboutFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, planOf(t, change("a"), change("b", "a")), 4)
	word()(w)
	w.run()
	w.happens(event.Event{
		Type: event.Answered, Op: &event.Op{Step: "a", Part: event.Begin, Attempt: 1}, Answer: &sdk.Answer{},
		Failure: &event.Failure{Class: sdk.Permanent, Message: "the connection was given up", Unchanged: true},
	})
	want := []string{"0s a is asking", "0s a is failed (permanent)", "0s b is not_run", "0s run failed"}
	if diff := cmp.Diff(want, w.story()); diff != "" {
		t.Error(diff)
	}
}

func TestAnInstanceThatIsLeftOutMustBeThere(t *testing.T) {
	t.Parallel()
	s := newLoops(t).each(change("a"), "{sizes: [1]}", "x", "y")
	s.Loop.LeftOut = map[string]*event.LeftOut{"yy": {By: "ann", Cause: "--skip"}}
	w := newWorld(t, planOf(t, s), 4)
	if result := w.run(); result.Outcome != event.OutcomeFailed || !strings.Contains(result.Failure.Message, `"yy"`) || len(result.Changed) > 0 {
		t.Errorf("%+v\n%q", result, w.story())
	}
}
