package engine_test

import (
	"context"
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
