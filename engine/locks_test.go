package engine_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

const locked = `
steps:
  - {id: a, uses: play.change, with: {name: a}}
`

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
