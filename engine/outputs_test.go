package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// faulty outputs break their schema twice, and show what is secret where nobody knows it
// to be one.
var (
	faulty    = []byte(`{"said":7,"token":"` + found + `","extra":true}`)
	whyFaulty = "the outputs of play.%s break their schema, which is a fault of its program: said must be a string, got an integer; extra is not a known field; known are said and token"
)

// A runbook was checked by what an action says of its outputs, and goes by that. The
// secrets among them are known all the same.
func TestOutputsThatBreakTheirSchemaAreAFault(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.rubbish = faulty
		p.on("-b", func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
			return playOutput{}, sdk.Errorf(sdk.Permanent, "%s is not taken back", found)
		})
		p.ends(p.run(`
onFailure: rollback
steps:
  - {id: b, uses: play.raw, with: {name: b}}
`), event.OutcomeStuck)
		finished := p.of(event.AttemptFinished)
		want := strings.ReplaceAll(whyFaulty, "%s", "raw")
		if len(finished) != 2 || finished[0].Failure == nil || finished[0].Failure.Message != want || finished[0].Failure.Class != sdk.Permanent ||
			finished[0].Failure.Unchanged || finished[1].Failure.Message != "(secret) is not taken back" {
			t.Errorf("got %+v", finished)
		}
		if text := strings.Join(p.lines(), "\n"); strings.Contains(text, found) {
			t.Error(text)
		}
	})
}

// No answer of people mends what the action makes of each. What they did is done.
func TestAnswerOfWhichAnActionMakesNoOutputsIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rubbish []byte
		why     string
	}{
		"faulty":    {faulty, strings.ReplaceAll(whyFaulty, "%s", "hand")},
		"too large": {[]byte(`{"said":"` + strings.Repeat("x", 8<<20) + `"}`), "the action returned 8388619 bytes; the limit is 8388608"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.process.Wait = true
				p.rubbish = c.rubbish
				ends := p.start("\nonFailure: rollback\nsteps:\n  - {id: a, uses: play.hand, with: {name: a}, rollback: {uses: play.change, with: {name: back}}}\n")
				p.post(yes("a", `{"said":"x"}`))
				got := <-ends
				p.ends(got, event.OutcomeRolledBack, "back")
				if got.Failure.Message != c.why || len(p.of(event.AnswerRefused)) != 0 {
					t.Errorf("got %+v", got.Failure)
				}
			})
		})
	}
}

// Nobody reads what a compensation returns: once it is done, it is done.
func TestFaultyOutputsOfACompensationLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"raw", "hand"} {
		t.Run(way, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.process.Wait = true
				p.rubbish = faulty
				ends := p.start("\nonFailure: rollback\nsteps:\n  - {id: a, uses: play.change, with: {name: a}, rollback: {uses: play." + way +
					", with: {name: back}}}\n  - {id: b, uses: assert, with: {that: false}}\n")
				if way == "hand" {
					p.post(yes("a", `{"said":"x"}`))
				}
				p.ends(<-ends, event.OutcomeRolledBack, "a")
				if text := strings.Join(p.lines(), "\n"); strings.Contains(text, found) {
					t.Error(text)
				}
			})
		})
	}
}

// Whether it was done, nobody can tell by what is no output.
func TestLookThatFindsFaultyOutputsCannotTell(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.rubbish = []byte(`{"said":"x","token":""}`)
		p.ends(p.run(strings.ReplaceAll(twoSteps, "play.change", "play.raw")), event.OutcomeSucceeded)
		begun := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.AttemptStarted && e.Op.Step == "b" })
		p.dies(begun + 1)
		p.rubbish = faulty
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomePaused)
		if looked := p.of(event.AttemptObserved); len(looked) != 1 || looked[0].State != sdk.CannotTell || !strings.Contains(looked[0].Reason, whyFaulty[len("the outputs of play.%s "):]) {
			t.Errorf("looked at %+v", looked)
		}
	})
}
