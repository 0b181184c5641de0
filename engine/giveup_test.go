package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// giveUp cancels the latest run from its journal alone.
func (p *play) giveUp() end {
	p.tb.Helper()
	result, err := p.engine.GiveUp(context.Background(), p.folder(), p.process, run.Resumption{Ask: event.CancelAsked, By: "bob", Reason: "no plugin"})
	return end{result, err}
}

const looksFirst = `
onFailure: rollback
steps:
  - id: look
    uses: play.read
    with: {name: look}
    gate: {observe: {uses: play.read, with: {name: first}}, expr: "true"}
    verify: {observe: {uses: play.read, with: {name: then}}, expr: "true"}
  - {id: skip, uses: play.change, with: {name: skip}, when: "false"}
  - {id: again, uses: play.read, with: {name: again}, retry: {attempts: 2, delay: 1m}}
  - {id: a, uses: play.change, with: {name: a}}
finally:
  - {id: x, uses: play.read, with: {name: x}}
`

// Wherever a run died, it can be given up as long as it has changed nothing, and what is
// written then is what the next process decides too.
func TestRunThatDiedIsGivenUpWhereItHasChangedNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("again", times(1, sdk.Transient))
		if got := p.run(looksFirst); got.Outcome != event.OutcomeSucceeded {
			t.Fatalf("ended %q, %v", got.Outcome, got.err)
		}
		lines, events := p.lines(), p.events()
		changes := slices.IndexFunc(events, func(e event.Event) bool { return e.Type == event.AttemptStarted && e.Op.Step == "a" })
		for kept := 1; kept < len(lines); kept++ {
			p.writeJournal(strings.Join(lines[:kept], "\n") + "\n" + lines[kept][:9])
			got := p.giveUp()
			if kept > changes {
				if !errors.Is(got.err, run.ErrMayHaveChanged) {
					t.Errorf("after %s: %+v, %v", events[kept-1].Type, got.Result, got.err)
				}
				continue
			}
			if f := got.Failure; got.err != nil || got.Outcome != event.OutcomeFailed || f.Message != "cancel asked by bob: no plugin" || got.Elapsed != p.process.Now().Sub(events[0].Time) {
				t.Fatalf("after %s: %+v, %v", events[kept-1].Type, got.Result, got.err)
			}
			p.forget()
			got = <-p.resume(event.ResumeAsked)
			if did := p.did(); got.err != nil || got.Outcome != event.OutcomeSucceeded || !slices.Equal(did[len(did)-2:], []string{"a", "x"}) {
				t.Errorf("gone on with after %s: %+v, %v, done %q", events[kept-1].Type, got.Result, got.err, did)
			}
		}
	})
}

func TestRunIsGivenUpOnlyWhereItsJournalSaysThatNothingChanged(t *testing.T) {
	t.Parallel()
	const pausing = "\nonFailure: pause\nsteps:\n"
	for name, c := range map[string]struct {
		text  string
		on    deed
		given bool
	}{
		"a step that only reads failed":  {pausing + "  - {id: s, uses: play.read, with: {name: s}}\n", fail(sdk.Permanent), true},
		"a step failed half-way":         {pausing + "  - {id: s, uses: play.change, with: {name: s}}\n", fail(sdk.Permanent), false},
		"a step knows it did nothing":    {pausing + "  - {id: s, uses: play.change, with: {name: s}}\n", unchanged, true},
		"a retry may have changed more":  {pausing + "  - {id: s, uses: play.change, with: {name: s}, retry: {attempts: 2, delay: 1s}}\n", unchangedAtLast(), false},
		"its gate is closed":             {pausing + "  - {id: s, uses: play.change, with: {name: s}, gate: {expr: \"false\"}}\n", nil, true},
		"a person says that it was done": {pausing + "  - {id: s, uses: manual, with: {instructions: do}}\n  - {id: no, uses: assert, with: {that: false}}\n", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.lock = "web"
				p.on("s", c.on)
				p.process.Asker = asker(func(context.Context, sdk.Question) (sdk.Answer, error) {
					return sdk.Answer{Approved: true, By: "ann", Fields: json.RawMessage("{}")}, nil
				})
				if got := p.run(c.text); got.err != nil || got.Outcome != event.OutcomePaused {
					t.Fatalf("%+v, %v", got.Result, got.err)
				}
				before := len(p.lines())
				got := p.giveUp()
				if c.given != (got.err == nil) || !c.given && !errors.Is(got.err, run.ErrMayHaveChanged) {
					t.Errorf("given up: %+v, %v", got.Result, got.err)
				}
				if after := len(p.lines()); !c.given && after != before {
					t.Errorf("%d lines were written", after-before)
				}
				next := p.run("\nsteps:\n  - {id: next, uses: play.read, with: {name: next}}\n")
				if free := next.err == nil; free != c.given {
					t.Errorf("the next run: %+v, %v", next.Result, next.err)
				}
			})
		})
	}
}

// What a step did is not forgotten for a later try that changes nothing, which may have the
// same number.
func TestALaterTryMakesNoChangeUndone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step string
		on   []deed
		died bool // the first try is cut off by a crash
	}{
		"a step failed half-way, and its connection is gone": {"{id: s, uses: play.change, with: {name: s}}", []deed{fail(sdk.Permanent), unchanged}, false},
		"a verify failed, and its connection is gone":        {"{id: s, uses: play.change, with: {name: s}, verify: {expr: \"false\"}}", []deed{nil, unchanged}, false},
		"a try was cut off, and the next changed nothing":    {"{id: s, uses: play.change, with: {name: s}}", []deed{nil, unchanged}, true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("s", c.on[0])
				p.run("\nonFailure: pause\nsteps:\n  - " + c.step + "\n")
				if c.died {
					began := slices.IndexFunc(p.events(), func(e event.Event) bool { return e.Type == event.AttemptStarted })
					p.writeJournal(strings.Join(p.lines()[:began+1], "\n") + "\n")
				}
				p.on("s", c.on[1])
				if got := <-p.resume(event.ResumeAsked); got.err != nil || got.Outcome != event.OutcomePaused {
					t.Fatalf("%+v, %v", got.Result, got.err)
				}
				if got := p.giveUp(); !errors.Is(got.err, run.ErrMayHaveChanged) {
					t.Errorf("given up: %+v, %v", got.Result, got.err)
				}
			})
		})
	}
}

// What only reads is known by the plan that the first record vouches for.
func TestNobodysPlanSaysThatAStepOnlyReads(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("s", fail(sdk.Permanent))
		p.run("\nonFailure: pause\nsteps:\n  - {id: s, uses: play.change, with: {name: s}}\n")
		path := filepath.Join(filepath.Dir(p.folder().JournalPath()), "plan.json")
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(strings.ReplaceAll(string(text), `"effect":"change"`, `"effect":"read"`)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := p.giveUp(); !errors.Is(got.err, run.ErrMayHaveChanged) {
			t.Errorf("%+v, %v", got.Result, got.err)
		}
	})
}

// The lock of a run that died is another run's by now.
func TestGivingUpLeavesTheLockThatAnotherRunHas(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.lock = "web"
		p.on("s", fail(sdk.Permanent))
		p.run("\nonFailure: pause\nsteps:\n  - {id: s, uses: play.read, with: {name: s}}\n")
		died := p.folder()
		locks := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(died.JournalPath()))), "locks", "web.lock.json")
		if err := os.Remove(locks); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		p.run("\nonFailure: pause\nsteps:\n  - {id: s, uses: play.read, with: {name: s}}\n")
		if _, err := p.engine.GiveUp(context.Background(), died, p.process, run.Resumption{By: "bob"}); err != nil {
			t.Fatal(err)
		}
		if got := p.run("\nsteps:\n  - {id: next, uses: play.read, with: {name: next}}\n"); got.err == nil {
			t.Errorf("the lock was let go of: %+v", got.Result)
		}
	})
}

// A run that died on another host has its lock in its own name: it would be kept for ever.
func TestGivingUpLeavesNoLockOfItsOwnBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.lock = "web"
		p.on("s", fail(sdk.Permanent))
		p.run("\nonFailure: pause\nsteps:\n  - {id: s, uses: play.read, with: {name: s}}\n")
		path := filepath.Join(filepath.Dir(filepath.Dir(filepath.Dir(p.folder().JournalPath()))), "locks", "web.lock.json")
		elsewhere, err := json.Marshal(journal.Owner{Run: p.folder().ID(), PID: 7, Host: "ops2", User: "ann"})
		if err == nil {
			err = os.WriteFile(path, elsewhere, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		var held *journal.HeldError
		if got := p.giveUp(); !errors.As(got.err, &held) || !held.Elsewhere {
			t.Errorf("%+v, %v", got.Result, got.err)
		}
	})
}

// unchanged is a deed that fails and knows that it did nothing.
func unchanged(context.Context, *sdk.Call[playInput]) (playOutput, error) {
	return playOutput{}, sdk.Errorf(sdk.Permanent, "it is not to be").NothingChanged()
}

// unchangedAtLast is a deed that first fails half-way.
func unchangedAtLast() deed {
	half := times(1, sdk.Transient)
	return func(ctx context.Context, call *sdk.Call[playInput]) (playOutput, error) {
		if out, err := half(ctx, call); err != nil {
			return out, err
		}
		return unchanged(ctx, call)
	}
}
