package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// returns is a deed that returns a secret.
func returns(token string) deed {
	return func(context.Context, *sdk.Call[playInput]) (playOutput, error) { return playOutput{Token: token}, nil }
}

// dies makes the latest run one whose process died when so many records were written.
func (p *play) dies(records int) {
	p.tb.Helper()
	path := p.folder().JournalPath()
	text, err := os.ReadFile(path)
	if err != nil {
		p.tb.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	if err := os.WriteFile(path, []byte(strings.Join(lines[:records], "")), 0o600); err != nil {
		p.tb.Fatal(err)
	}
}

// What was decided over a secret that an action returned stands in the next process,
// which does not know it.
func TestDecisionsOverALostSecretStand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps   string
		deeds   map[string]deed
		pause   time.Duration // when somebody asks for a pause; 0: the run pauses by itself
		ask     event.Type
		outcome event.Outcome
	}{
		"a condition that failed": {
			steps: `  - {id: b, uses: play.seen, with: {name: b}, gate: {expr: "int(steps.find.outputs.token) > 0", within: 1h, every: 1m}}`,
			pause: 5 * time.Minute, ask: event.RollbackAsked, outcome: event.OutcomeRolledBack,
		},
		"retry.if": {
			steps: `  - {id: b, uses: play.seen, with: {name: b}, retry: {attempts: 3, delay: 1s, if: "steps.find.outputs.token != ''"}}
  - {id: c, uses: play.seen, with: {name: c}}
  - {id: d, uses: play.seen, with: {name: d}}`,
			deeds: map[string]deed{"b": times(1, sdk.Permanent), "c": after(time.Minute)},
			pause: 5 * time.Second, ask: event.ResumeAsked, outcome: event.OutcomeSucceeded,
		},
		// What to ask is lost, so that the question cannot be put once more.
		"a compensation by hand": {
			steps: `  - {id: b, uses: play.seen, with: {name: b}, rollback: {uses: play.ask, with: {name: back, env: "${{ steps.find.outputs.token }}"}}}
  - {id: c, uses: play.seen, with: {name: c}}`,
			deeds: map[string]deed{"c": fail(sdk.Permanent)},
			ask:   event.ResumeAsked, outcome: event.OutcomeStuck,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("find", returns(found))
				for name, do := range c.deeds {
					p.on(name, do)
				}
				ends := p.start("\nonFailure: rollback\nsteps:\n  - {id: find, uses: play.seen, with: {name: find}}\n" + c.steps + "\n")
				if c.pause > 0 {
					time.Sleep(c.pause)
					p.controls <- event.Event{Type: event.PauseAsked}
				}
				if got := <-ends; got.err != nil || got.Outcome != event.OutcomePaused {
					t.Fatalf("%s, %v", got.Outcome, got.err)
				}
				got := <-p.resume(c.ask)
				if got.err != nil || got.Outcome != c.outcome {
					t.Errorf("%s, %+v, %v; want %s", got.Outcome, got.Failure, got.err, c.outcome)
				}
				// The journal of both processes is replayed.
				if got := <-p.resume(event.RollbackAsked); divergesFrom(got.err) {
					t.Error(got.err)
				}
			})
		})
	}
}

func divergesFrom(err error) bool {
	_, ok := errors.AsType[*run.DivergedError](err)
	return ok
}

// An attempt that a crash cut off cannot be made again with what is lost; it was not
// made, so there is nothing to take back.
func TestAttemptWithLostParametersIsMadeByNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("find", returns(found))
		p.run(`
onFailure: pause
steps:
  - {id: find, uses: play.seen, with: {name: find}}
  - {id: b, uses: play.change, with: {name: b, env: "${{ steps.find.outputs.token }}"}}
`)
		for n, e := range p.events() {
			if e.Type == event.AttemptStarted && e.Op.Step == "b" {
				p.dies(n + 1)
				break
			}
		}
		p.words = map[string]sdk.State{"b": sdk.NotDone}
		for range 4 {
			if got := <-p.resume(event.ResumeAsked); got.err != nil || got.Outcome != event.OutcomePaused || len(got.Changed) != 1 {
				t.Fatalf("%s, changed %q, %v", got.Outcome, got.Changed, got.err)
			}
			p.words = nil // it failed by now
		}
	})
}

// A secret that was given may be another one when the run goes on.
func TestRunGoesOnWithASecretThatWasRotated(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(`
inputs:
  token: {type: string, secret: true}
vars:
  header: "Bearer ${{ inputs.token }}"
steps:
  - {id: a, uses: play.seen, with: {name: a, env: "${{ vars.header }}"}, gate: {expr: "inputs.token.startsWith('hunter') && vars.header != ''"}}
  - {id: b, uses: play.seen, with: {name: b}, gate: {expr: "vars.header.contains('rotated')", within: 1m}}
`, input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"})
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.secret = "rotated-since"
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
	})
}

// Each of several results fits into a record, and all of them together do not.
func TestWhatDoesNotFitIntoARecordEndsNoRun(t *testing.T) {
	t.Parallel()
	var steps, outputs, with strings.Builder
	for i := range 6 {
		fmt.Fprintf(&steps, "  - {id: s%d, uses: play.seen, with: {name: big}}\n", i)
		fmt.Fprintf(&outputs, "  o%d: ${{ steps.s%d.outputs.said }}\n", i, i)
		fmt.Fprintf(&with, "${{ steps.s%d.outputs.said }}", i)
	}
	big := func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
		return playOutput{Said: strings.Repeat("x", 3<<20)}, nil
	}
	t.Run("parameters", func(t *testing.T) {
		inBubble(t, func(t *testing.T, p *play) {
			p.on("big", big)
			got := p.run("\nonFailure: stop\nsteps:\n" + steps.String() +
				"  - {id: last, uses: play.change, with: {name: last, with: \"" + with.String() + "\"}}\n")
			if got.err != nil || got.Outcome != event.OutcomeFailed || got.Failure.Class != event.Invalid || len(got.Changed) != 6 {
				t.Errorf("%s, %+v, %v", got.Outcome, got.Failure, got.err)
			}
		})
	})
	t.Run("outputs", func(t *testing.T) {
		inBubble(t, func(t *testing.T, p *play) {
			p.on("big", big)
			got := p.run("\nsteps:\n" + steps.String() + "outputs:\n" + outputs.String())
			if got.err != nil || got.Outcome != event.OutcomeSucceeded || len(got.Missing) != 5 || got.Missing["outputs.o5"] == "" {
				t.Fatalf("%s, missing %q, %v", got.Outcome, got.Missing, got.err)
			}
			if first, _ := got.Outputs.Get("o0"); first.IsNull() {
				t.Error("what fits is not there")
			}
		})
	})
}

// manifold decides over all that a journal does not hold as it was: secrets, whole
// numbers that are no integers, and foreign data that looks like gatebook's own marks.
const manifold = `
inputs:
  token: {type: string, secret: true}
  ratio: {type: number, default: 2.0}
onFailure: rollback
steps:
  - {id: find, uses: play.seen, with: {name: find}, verify: {expr: "steps.find.outputs.token.startsWith('sword')"}}
  - {id: data, uses: play.data, with: {name: data}}
  - id: half
    uses: play.seen
    with: {name: half, with: "at ${{ inputs.ratio / 4 }}", env: "${{ inputs.token }}"}
    gate:
      - expr: "steps.data.outputs.data.healthy * 100.0 > 95.0 && inputs.ratio == 2.0"
      - expr: "steps.data.outputs.data.foreign['$secret'] == false"
  - {id: skipped, uses: play.change, with: {name: skipped}, when: "steps.find.outputs.token == ''"}
  - id: closed
    uses: play.change
    with: {name: closed}
    gate: {expr: "int(steps.find.outputs.token) > 0", within: 4s, every: 1s}
    onFailure: continue
  - id: again
    uses: play.seen
    with: {name: again, env: "${{ steps.find.outputs.token }}"}
    retry: {attempts: 2, delay: 1s, if: "steps.find.outputs.token != '' && attempt == 1"}
    rollback: {uses: play.change, with: {name: "again-back", env: "${{ steps.find.outputs.token }}"}}
  - id: look
    uses: play.read
    with: {name: look}
    gate: {observe: {uses: play.read, with: {name: watch, env: "${{ steps.find.outputs.token }}"}}, expr: "observed.said == 'watch' && steps.find.outputs.token != ''"}
  - {id: broken, uses: play.change, with: {name: broken}}
finally:
  - {id: tell, uses: play.read, with: {name: tell}}
outputs:
  healthy: ${{ steps.data.outputs.data.healthy }}
`

// Wherever a run dies, every decision in its journal is made again from what the journal
// holds, by the process that takes it up and by the one after that.
func TestReplayDecidesAsTheRunDidWhereverItDied(t *testing.T) {
	t.Parallel()
	given := input.Given{Name: "token", Text: secret, By: input.ByFlag, Origin: "-i token", SecretSource: "env:TOKEN"}
	set := func(p *play) {
		p.on("find", returns(found))
		p.on("again", times(1, sdk.Permanent))
		p.on("broken", fail(sdk.Permanent))
		p.data = json.RawMessage(`{"data":{"healthy":1.0,"foreign":{"$secret":false},"more":[{"$unknown":[]},3.0]}}`)
	}
	records := 0
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		set(p)
		if got := p.run(manifold, given); got.err != nil || got.Outcome != event.OutcomeRolledBack || got.Step != "broken" {
			t.Fatalf("%s of %s, %+v, %v", got.Outcome, got.Step, got.Failure, got.err)
		}
		records = len(p.events())
	})
	for n := 1; n <= records; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				set(p)
				p.run(manifold, given)
				p.dies(n)
				if n%2 == 0 {
					p.forget() // what was in flight had not been done
				}
				for _, ask := range []event.Type{event.ResumeAsked, event.RollbackAsked, event.ResumeAsked, event.CancelAsked} {
					got := <-p.resume(ask)
					if divergesFrom(got.err) {
						t.Fatalf("%s: %v", ask, got.err)
					}
					// What is over a lost secret cannot go on; what is over data must.
					if got.Step == "half" {
						t.Fatalf("%s: %+v", ask, got.Failure)
					}
				}
			})
		})
	}
}
