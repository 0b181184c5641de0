package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

const locked = `
steps:
  - {id: a, uses: play.change, with: {name: a}}
`

func TestPausedRunKeepsItsLock(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.lock = "web"
		p.on("a", after(time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a") // half-way through
		paused := p.folder().ID()
		second := p.run(locked)
		held, ok := errors.AsType[*journal.HeldError](second.err)
		if !ok || held.Owner.Run != paused || !strings.Contains(second.err.Error(), "gatebook resume "+paused) {
			t.Errorf("another run with the lock: %s, %v", second.Outcome, second.err)
		}
		if latest := p.folder().ID(); latest != paused {
			t.Errorf("the run that was refused is listed, as %s", latest)
		}
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
		if taken := p.of(event.LockTaken); len(taken) > 0 {
			t.Errorf("it took its own lock over: %+v", taken)
		}
		p.ends(p.run(locked), event.OutcomeSucceeded, "a", "b", "a")
	})
}

func TestRunsThatShareALockExcludeEachOther(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.lock = "web"
		p.on("a", waits)
		first := p.start(locked)
		owner := p.folder().ID()
		second := p.run(locked)
		held, ok := errors.AsType[*journal.HeldError](second.err)
		if !ok || held.Name != "web" || held.Owner.Run != owner || held.Owner.User != "alice" {
			t.Errorf("got %v", second.err)
		}
		if !strings.Contains(second.err.Error(), owner) {
			t.Errorf("it does not say who has it: %v", second.err)
		}
		if latest := p.folder().ID(); latest != owner {
			t.Errorf("the run that was refused is listed, as %s", latest)
		}
		p.controls <- event.Event{Type: event.CancelAsked}
		p.ends(<-first, event.OutcomeFailed)
		p.on("a", nil)
		p.ends(p.run(locked), event.OutcomeSucceeded, "a")
	})
}
