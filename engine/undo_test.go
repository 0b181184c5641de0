package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A way back of which the runbook says no retry bears that what it is about is away for a
// while, as a server is that is being upgraded; what stays away is left to a person soon.
func TestTheWayBackWaitsForAServer(t *testing.T) {
	for name, c := range map[string]struct {
		away        time.Duration
		outcome     event.Outcome
		least, most time.Duration
		undone      []string
	}{
		"that comes back": {80 * time.Second, event.OutcomeRolledBack, 80 * time.Second, 3 * time.Minute, []string{"-b", "-a"}},
		"that stays away": {time.Hour, event.OutcomeStuck, 90 * time.Second, 184 * time.Second, []string{"-b"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				p.on("b", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
					return playOutput{}, sdk.Errorf(sdk.Permanent, "no")
				})
				var left time.Time
				p.on("-a", func(_ context.Context, call *sdk.Call[playInput]) (playOutput, error) {
					if left.IsZero() {
						left = time.Now()
					}
					if time.Since(left) < c.away {
						return playOutput{}, sdk.Errorf(sdk.Transient, "connection refused")
					}
					return playOutput{Said: call.Input.Name}, nil
				})
				p.ends(p.run(twoSteps), c.outcome, append([]string{"a"}, c.undone...)...)
				if took := time.Since(left); took < c.least || took > c.most {
					t.Errorf("the way back was tried for %s", took)
				}
			})
		})
	}
}

// A way back that hangs is tried again, and a person is asked before all the attempts of one
// that fails at once have hung.
func TestAWayBackThatHangsIsLeftAfterThreeAttempts(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			return playOutput{}, sdk.Errorf(sdk.Permanent, "no")
		})
		tries := 0
		p.on("-a", func(ctx context.Context, _ *sdk.Call[playInput]) (playOutput, error) {
			if tries++; tries == 2 {
				return playOutput{}, sdk.Errorf(sdk.Transient, "connection refused") // one that did not hang
			}
			<-ctx.Done()
			return playOutput{}, ctx.Err()
		})
		began := time.Now()
		p.ends(p.run(strings.Replace(twoSteps, "name: a}}", "name: a}, timeout: 10m}", 1)), event.OutcomeStuck, "a", "-b")
		if took := time.Since(began); tries != 4 || took < 30*time.Minute || took > 31*time.Minute {
			t.Errorf("%d attempts in %s", tries, took)
		}
	})
}

// How often, and how long, an action's own undo is tried is the runbook's to say.
func TestTheMannerOfAnOwnUndoIsTheRunbooks(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("b", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			return playOutput{}, sdk.Errorf(sdk.Permanent, "no")
		})
		tries := 0
		p.on("-a", func(ctx context.Context, _ *sdk.Call[playInput]) (playOutput, error) {
			tries++
			<-ctx.Done()
			return playOutput{}, ctx.Err()
		})
		began := time.Now()
		manner := "name: a}, timeout: 1h, rollback: {timeout: 5m, retry: {attempts: 5, delay: 1m, factor: 1}}}"
		p.ends(p.run(strings.Replace(twoSteps, "name: a}}", manner, 1)), event.OutcomeStuck, "a", "-b")
		if took := time.Since(began); tries != 5 || took < 25*time.Minute || took > 30*time.Minute {
			t.Errorf("%d attempts in %s", tries, took)
		}
	})
}
