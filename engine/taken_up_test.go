package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run"
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
