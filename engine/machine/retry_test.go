package machine_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// However fast the delays grow, and from whatever: each is a time to come, and within its
// bound.
func TestDelaysOfRetriesAreBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		retry       plan.Retry
		least, most time.Duration // of the tenth
	}{
		"no delay":          {plan.Retry{Factor: 1e300}, 0, 0},
		"beyond all bounds": {plan.Retry{Delay: time.Second, Factor: 1e300}, 50 * 365 * 24 * time.Hour, 200 * 365 * 24 * time.Hour},
		"up to a bound":     {plan.Retry{Delay: time.Second, MaxDelay: time.Minute, Factor: 2}, 30 * time.Second, time.Minute},
		"below the bound":   {plan.Retry{Delay: time.Second, MaxDelay: time.Hour, Factor: 2}, 256 * time.Second, 512 * time.Second},
		"always the same":   {plan.Retry{Delay: time.Minute, Factor: 0}, 30 * time.Second, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.retry.Attempts = 20
			m := machine.New(planOf(t, with(change("a"), func(s *plan.Step) { s.Retry = c.retry })))
			m.Next(event.Event{Type: event.RunStarted, Time: epoch, Run: &event.Run{ID: "r", Seed: 7}})
			now := epoch
			for attempt := 1; ; attempt++ {
				commands := m.Next(event.Event{
					Type: event.AttemptFinished, Time: now, Op: &event.Op{Step: "a", Part: event.Do, Attempt: attempt},
					Failure: &event.Failure{Class: sdk.Transient},
				})
				timer := commands[0].(machine.SetTimer).Timer
				wait := timer.At.Sub(now)
				switch {
				case wait < 0, attempt == 10 && (wait < c.least || wait > c.most):
					t.Fatalf("after attempt %d it waits %s, want %s to %s", attempt, wait, c.least, c.most)
				case attempt == 10:
					return
				}
				now = timer.At
				m.Next(event.Event{Type: event.TimerFired, Time: now, Timer: &timer})
			}
		})
	}
}
