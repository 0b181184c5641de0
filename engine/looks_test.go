package engine_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// More gates look at once than there are places, and all are open: none may close
// because it had to wait for its place.
func TestGateDoesNotCloseBecauseOthersLook(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("look", after(4*time.Second))
		var text strings.Builder
		text.WriteString("\nsteps:\n")
		for i := range 300 {
			fmt.Fprintf(&text, "  - {id: s%d, needs: [], uses: play.read, with: {name: s}, gate: {observe: {uses: play.read, with: {name: look}}, expr: 'true'}}\n", i)
		}
		if got := p.run(text.String()); got.err != nil || got.Outcome != event.OutcomeSucceeded {
			t.Errorf("%s: %s %+v, %v", got.Outcome, got.Step, got.Failure, got.err)
		}
	})
}

// Observations that never end must not take the places of the others for good.
func TestObservationsThatDoNotEndKeepNoOtherWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("hang", after(24*time.Hour))
		var text strings.Builder
		text.WriteString("\nsteps:\n")
		for i := range 16 {
			fmt.Fprintf(&text, "  - {id: h%d, needs: [], onFailure: continue, uses: play.read, with: {name: h}, gate: {observe: {uses: play.read, with: {name: hang}}, expr: 'true'}}\n", i)
		}
		text.WriteString("  - {id: a, needs: [], uses: play.read, with: {name: a}, gate: {observe: {uses: play.read, with: {name: look}}, expr: 'true'}}\n")
		got := p.run(text.String())
		if did := p.did(); got.err != nil || !slices.Equal(did, []string{"look", "a"}) {
			t.Errorf("done %q, %v", did, got.err)
		}
		time.Sleep(25 * time.Hour)
	})
}

func TestCancelReachesAnObservationThatWaitsForItsPlace(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("look", waits)
		var text strings.Builder
		text.WriteString("\nsteps:\n")
		for i := range 20 {
			fmt.Fprintf(&text, "  - {id: s%d, needs: [], uses: play.read, with: {name: s}, gate: {observe: {uses: play.read, with: {name: look}}, expr: 'true'}}\n", i)
		}
		ends := p.start(text.String())
		began := time.Now()
		p.controls <- event.Event{Type: event.CancelAsked}
		p.ends(<-ends, event.OutcomeFailed)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// A look after a crash that never answers leaves it to a person.
func TestLookAfterACrashIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.ends(p.run(strings.ReplaceAll(twoSteps, "play.change", "play.seen")), event.OutcomeSucceeded, "a", "b")
		begun := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.AttemptStarted && e.Op.Step == "b" })
		p.writeJournal(strings.Join(p.lines()[:begun+1], "\n") + "\n") // the process died here
		p.on("?b", waits)
		began := time.Now()
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused, "a", "b")
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("it took %s", took)
		}
		if found := p.of(event.AttemptObserved); len(found) != 1 || found[0].State != sdk.CannotTell {
			t.Errorf("found %+v", found)
		}
	})
}

// A cancel that ends the look at a compensation that may still run begins no second one.
func TestCancelledLookAtACompensationBeginsNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", fail(sdk.Permanent))
		p.ends(p.run(strings.ReplaceAll(twoSteps, "play.change", "play.seen")), event.OutcomeRolledBack, "a", "-b", "-a")
		begun := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.AttemptStarted && e.Op.Part == event.Undo })
		p.writeJournal(strings.Join(p.lines()[:begun+1], "\n") + "\n") // the process died here
		p.on("?b", waits)
		p.forget()
		p.ends(<-p.resume(event.CancelAsked), event.OutcomeStuck, "-a")
		begins := slices.DeleteFunc(p.of(event.AttemptStarted), func(e event.Event) bool { return e.Op.Step != "b" || e.Op.Part != event.Undo })
		if looked := p.of(event.AttemptObserved); len(looked) != 1 || looked[0].Failure == nil || len(begins) != 1 {
			t.Errorf("looked at %+v, begun %+v", looked, begins)
		}
	})
}

// What a note is for is the death of this process right after it.
func TestNoteIsInTheFileWhenItReturns(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		missing := 0
		p.on("a", func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
			for i := range 100 {
				if err := call.Note("n", map[string]int{"pid": i}); err != nil {
					return playOutput{}, err
				}
				text, err := os.ReadFile(p.folder().JournalPath())
				if err != nil {
					return playOutput{}, err
				}
				if strings.Count(string(text), `"`+string(event.AttemptNoted)+`"`) < i+1 {
					missing++
				}
			}
			return playOutput{}, nil
		})
		p.ends(p.run(twoSteps), event.OutcomeSucceeded, "a", "b")
		if missing > 0 {
			t.Errorf("%d of 100 notes were not in the file when Note returned", missing)
		}
	})
}
