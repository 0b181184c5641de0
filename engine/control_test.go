package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// inBubble runs a test whose time costs none.
func inBubble(t *testing.T, test func(t *testing.T, p *play)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newPlay(t)) })
}

// after is a deed that takes a while.
func after(d time.Duration) deed {
	return func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
		time.Sleep(d)
		return playOutput{Said: call.Input.Name}, nil
	}
}

const twoSteps = `
onFailure: rollback
steps:
  - {id: a, uses: play.change, with: {name: a}}
  - {id: b, uses: play.change, with: {name: b}}
`

func TestPauseLetsWhatRunsFinish(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.PauseAsked, By: "alice"}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b")
	})
}

func TestPauseWhilePollingAGate(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("look", times(3, sdk.Transient))
		ends := p.start(`
steps:
  - id: a
    uses: play.change
    with: {name: a}
    gate: {observe: {uses: play.read, with: {name: look}}, expr: "true", within: 1h, every: 1m}
`)
		time.Sleep(90 * time.Second)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused)
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "look", "a")
	})
}

func TestPauseWhileARetryIsDue(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", times(1, sdk.Transient))
		ends := p.start(`
steps:
  - {id: a, uses: play.change, with: {name: a}, retry: {attempts: 2, delay: 1h, maxDelay: 1h}}
`)
		began := time.Now()
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused)
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("the pause took %s", waited)
		}
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a")
		if attempts := p.of(event.AttemptStarted); len(attempts) != 2 || attempts[1].Op.Attempt != 2 || attempts[0].Key != attempts[1].Key {
			t.Errorf("attempts: %+v", attempts)
		}
	})
}

func TestPauseDuringRollback(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", fail(sdk.Permanent))
		p.on("-b", after(time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a", "-b")
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeRolledBack, "a", "-b", "-a")
	})
}

func TestPauseDuringFinally(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("x", after(time.Minute))
		ends := p.start(twoSteps + `
finally:
  - {id: x, uses: play.read, with: {name: x}}
  - {id: y, uses: play.read, with: {name: "${{ run.outcome }}"}}
`)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a", "b", "x")
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "b", "x", "succeeded")
	})
}

func TestCancelEndsWhatRunsAndDoesAsTheRunbookSays(t *testing.T) {
	t.Parallel()
	for policy, want := range map[string]struct {
		outcome event.Outcome
		did     []string
	}{
		"rollback": {event.OutcomeRolledBack, []string{"a", "-b", "-a"}},
		"stop":     {event.OutcomeFailed, []string{"a"}},
		"pause":    {event.OutcomeFailed, []string{"a"}},
	} {
		t.Run(policy, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("b", waits)
				ends := p.start("\nonFailure: " + policy + twoSteps[len("\nonFailure: rollback"):])
				p.controls <- event.Event{Type: event.PauseAsked}
				synctest.Wait()
				began := time.Now()
				p.controls <- event.Event{Type: event.CancelAsked, By: "alice"}
				p.ends(<-ends, want.outcome, want.did...)
				if waited := time.Since(began); waited > time.Second {
					t.Errorf("the cancel took %s", waited)
				}
				finished := p.of(event.AttemptFinished)
				if i := slices.IndexFunc(finished, func(e event.Event) bool { return e.Op.Step == "b" }); finished[i].Failure.Class != sdk.Cancelled {
					t.Errorf("b: %+v", finished[i].Failure)
				}
			})
		})
	}
}

func TestCancelOfAPausedRun(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", after(time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a")
		p.ends(<-p.resume(event.CancelAsked), event.OutcomeRolledBack, "a", "-a")
	})
}

func TestCancelDuringRollbackLeavesTheStepAndTakesBackTheRest(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", fail(sdk.Permanent))
		p.on("-b", waits)
		ends := p.start(twoSteps)
		id := p.post(run.Request{Type: event.CancelAsked})
		got := <-ends
		p.ends(got, event.OutcomeStuck, "a", "-a")
		if !slices.Equal(got.Left, []string{"b"}) {
			t.Errorf("left: %q", got.Left)
		}
		if asked := p.of(event.CancelAsked); asked[0].Request != id {
			t.Errorf("asked: %+v, want request %s", asked, id)
		}
	})
}

func TestCancelOfARunThatPausedInRollbackEndsTheRollbackThere(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", fail(sdk.Permanent))
		p.on("-b", after(time.Minute))
		ends := p.start(twoSteps + `
finally:
  - {id: x, uses: play.read, with: {name: "${{ run.outcome }}"}}
`)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused, "a", "-b")
		got := <-p.resume(event.CancelAsked)
		p.ends(got, event.OutcomeStuck, "a", "-b", "stuck")
		if !slices.Equal(got.Left, []string{"a"}) || !slices.Equal(got.Undone, []string{"b"}) || got.Step != "b" {
			t.Errorf("left %q, undone %q, failed %q", got.Left, got.Undone, got.Step)
		}
		// The next process decides the same over the journal of all this.
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeRolledBack, "a", "-b", "stuck", "-a", "rolled_back")
	})
}

// ignores is a deed that goes on for so long, whoever cancels it.
func ignores(d time.Duration) deed {
	return func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
		time.Sleep(d)
		return playOutput{}, nil
	}
}

func TestStepWhoseActionIgnoresTheCancelIsLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", ignores(10*time.Minute))
		ends := p.start(twoSteps)
		p.controls <- event.Event{Type: event.CancelAsked}
		got := <-ends
		p.ends(got, event.OutcomeStuck, "a", "-a")
		if !slices.Equal(got.Left, []string{"b"}) {
			t.Errorf("left: %q", got.Left)
		}
		time.Sleep(time.Hour)
	})
}

// endsIn is a deed whose end takes so long.
func endsIn(d time.Duration) deed {
	return func(ctx context.Context, _ *sdk.Call[playInput]) (playOutput, error) {
		<-ctx.Done()
		time.Sleep(d)
		return playOutput{}, ctx.Err()
	}
}

func TestActionIsGivenTheTimeThatItsEndTakes(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", endsIn(2*time.Minute))
		ends := p.start(strings.Replace(twoSteps, "name: b", "name: b, grace: 2m", 1))
		began := time.Now()
		p.controls <- event.Event{Type: event.CancelAsked}
		p.ends(<-ends, event.OutcomeRolledBack, "a", "-b", "-a")
		if took := time.Since(began); took != 2*time.Minute {
			t.Errorf("it took %s", took)
		}
	})
}

func TestStepThatMayStillBeAtWorkNeedsAPerson(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", ignores(10*time.Minute))
		stopping := strings.Replace(twoSteps, "rollback", "stop", 1)
		ends := p.start(stopping + `
finally:
  - {id: x, uses: play.read, with: {name: "${{ run.outcome }}"}}
`)
		p.controls <- event.Event{Type: event.CancelAsked}
		got := <-ends
		p.ends(got, event.OutcomeStuck, "a", "stuck")
		if !slices.Equal(got.Lost, []string{"b"}) || len(got.Left) > 0 || !slices.Equal(got.Changed, []string{"a", "b"}) {
			t.Errorf("lost %q, left %q, changed %q", got.Lost, got.Left, got.Changed)
		}
		time.Sleep(time.Hour)
		// Whoever saw that it has ended may go on.
		p.on("b", nil)
		p.ends(<-p.resume(event.ResumeAsked), event.OutcomeSucceeded, "a", "stuck", "b", "b", "succeeded")
	})
}

func TestStepWhoseActionIgnoresItsTimeoutIsLeft(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", ignores(10*time.Minute))
		got := p.run(`
onFailure: rollback
steps:
  - {id: a, uses: play.change, with: {name: a}}
  - {id: b, uses: play.change, with: {name: b}, timeout: 1m, retry: {attempts: 3}}
`)
		p.ends(got, event.OutcomeStuck, "a", "-a")
		if !slices.Equal(got.Left, []string{"b"}) || got.Failure.Class != event.Lost {
			t.Errorf("left: %q, failure %+v", got.Left, got.Failure)
		}
		time.Sleep(time.Hour)
	})
}

func TestRetryAfterAPauseIsHeldUpByTheGate(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("a", times(1, sdk.Transient))
		ends := p.start(`
onFailure: rollback
steps:
  - id: a
    uses: play.change
    with: {name: a}
    retry: {attempts: 2, delay: 1m}
    gate: {expr: "now < timestamp('2000-01-01T01:00:00Z')"}
`)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused)
		time.Sleep(72 * time.Hour)
		got := <-p.resume(event.ResumeAsked)
		p.ends(got, event.OutcomeRolledBack, "-a")
		if got.Failure.Class != event.GateClosed {
			t.Errorf("failure: %+v", got.Failure)
		}
		// The next process decides the same over the journal of all this.
		got = <-p.resume(event.ResumeAsked)
		if _, ok := errors.AsType[*run.RefusedError](got.err); !ok {
			t.Errorf("%+v, %v", got.Result, got.err)
		}
	})
}
