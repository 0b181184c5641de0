package engine_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// The torn write kept the verdict of the gate and lost the intent of the attempt. Three
// days later the gate is closed.
func TestAttemptThatACrashKeptFromBeginningIsHeldUpByItsGate(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.ends(p.run(`
onFailure: rollback
steps:
  - {id: a, uses: play.change, with: {name: a}}
  - {id: b, uses: play.change, with: {name: b}, gate: {expr: "now < timestamp('2000-01-01T01:00:00Z')"}}
`), event.OutcomeSucceeded, "a", "b")
		intent := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.AttemptStarted && e.Op.Step == "b" })
		p.writeJournal(strings.Join(p.lines()[:intent], "\n") + "\n")
		p.forget()
		time.Sleep(72 * time.Hour)
		got := <-p.resume(event.ResumeAsked)
		p.ends(got, event.OutcomeRolledBack, "-a")
		if got.Step != "b" || got.Failure.Class != event.GateClosed {
			t.Errorf("failed: %s %+v", got.Step, got.Failure)
		}
	})
}

// A word about a step that waits for none would be dropped in silence.
func TestWordThatNobodyWaitsForIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		before := len(p.lines())
		for step, want := range map[string]string{
			"a": "step a: it is succeeded", "b": "step b: it is pending", "c": "it has no step c",
		} {
			p.words = map[string]sdk.State{step: sdk.Done}
			got := <-p.resume(event.ResumeAsked)
			if refused, ok := errors.AsType[*run.RefusedError](got.err); !ok || !strings.Contains(refused.Reason, want) {
				t.Errorf("%s: %+v, %v", step, got.Result, got.err)
			}
		}
		if after := len(p.lines()); after != before {
			t.Errorf("%d lines were written", after-before)
		}
		p.words = nil
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
	})
}

// A cancel that ends the run was asked for before whoever resumes it knew.
func TestResumeDoesNotUndoACancelThatWasAskedBefore(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(strings.Replace(twoSteps, "rollback", "stop", 1))
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.post(run.Request{Type: event.CancelAsked})
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeFailed, "a")
		if asked := p.of(event.ResumeAsked); len(asked) > 0 {
			t.Errorf("asked: %+v", asked)
		}
	})
}

// Who asks for a rollback right behind a cancel that has ended the run gets it whole.
func TestRollbackRightBehindACancelIsCarriedOut(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(strings.Replace(twoSteps, "rollback", "stop", 1))
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.post(run.Request{Type: event.CancelAsked})
		p.ends(<-p.resume(event.RollbackAsked), event.OutcomeRolledBack, "a", "-a")
	})
}

// Between the decision on an attempt and its intent the process dies.
func TestRollbackOfARunThatDiedBeginsNothingNew(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.ends(p.run(twoSteps), event.OutcomeSucceeded, "a", "b")
		begins := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.AttemptStarted && e.Op.Step == "b" })
		p.writeJournal(strings.Join(p.lines()[:begins], "\n") + "\n")
		p.forget()
		p.ends(<-p.resume(event.RollbackAsked), event.OutcomeRolledBack, "-a")
	})
}

// That the plan which a run keeps cannot be read now does not make it another run's.
func TestPlanThatCannotBeReadIsNoOtherPlan(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.run(twoSteps)
		path := filepath.Join(filepath.Dir(p.folder().JournalPath()), "plan.json")
		if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
			t.Fatal(err)
		}
		_, err := p.engine.Planned(p.folder(), nil)
		if _, other := errors.AsType[*engine.OtherPlanError](err); err == nil || other {
			t.Errorf("planned: %v", err)
		}
	})
}
