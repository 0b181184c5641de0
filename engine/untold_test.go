package engine_test

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
)

// A run whose process died before it could write down its end is ended by the next one,
// which tells so as any other.
func TestAnEndThatWasLostIsToldWhenTheRunIsTakenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.ends(p.run(twoSteps), event.OutcomeSucceeded, "a", "b")
		path := p.folder().JournalPath()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
		if err := os.WriteFile(path, text[:last], 0o600); err != nil {
			t.Fatal(err)
		}
		p.watch.events = nil
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
		for _, want := range []event.Type{event.RunResumed, event.RunFinished} {
			if !slices.ContainsFunc(p.watch.events, func(e event.Event) bool { return e.Type == want }) {
				t.Errorf("nobody is told of %s; told: %+v", want, p.watch.events)
			}
		}
	})
}
