package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

const polled = `
steps:
  - {id: a, uses: play.change, with: {name: a}, gate: {observe: {uses: play.read, with: {name: look}}, expr: "observed.said == 'ok'", within: 5m, every: 10s}}
`

// The clock is set while a gate is polled. It opens after forty seconds all the same.
func TestClockThatIsSetHoldsNothingUp(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]time.Duration{"back": -time.Hour, "forward by less than the gate waits": time.Minute} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, p *play) {
				began := time.Now()
				p.process.Now = func() time.Time {
					now := time.Now()
					if now.Sub(began) > 30*time.Second {
						now = now.Add(set)
					}
					return now
				}
				p.on("look", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
					if time.Since(began) < 40*time.Second {
						return playOutput{Said: "no"}, nil
					}
					return playOutput{Said: "ok"}, nil
				})
				got := p.run(polled)
				if took := time.Since(began); got.Outcome != event.OutcomeSucceeded || took > time.Minute {
					t.Errorf("%s, %v, after %s", got.Outcome, got.err, took)
				}
				var last time.Time
				for _, e := range p.events() {
					if e.Time.Before(last) {
						t.Errorf("%s goes back from %s to %s", e.Type, last, e.Time)
					}
					last = e.Time
				}
			})
		})
	}
}

// A run is taken up on a computer whose clock is behind that of the first.
func TestClockThatIsBehindTheJournalHoldsNothingUp(t *testing.T) {
	inBubble(t, func(t *testing.T, p *play) {
		p.on("look", waits)
		ends := p.start(polled)
		p.controls <- event.Event{Type: event.PauseAsked}
		p.ends(<-ends, event.OutcomePaused)
		p.process.Now = func() time.Time { return time.Now().Add(-time.Hour) }
		began := time.Now()
		p.on("look", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			if time.Since(began) < 40*time.Second {
				return playOutput{Said: "no"}, nil
			}
			return playOutput{Said: "ok"}, nil
		})
		got := <-p.resume(event.ResumeAsked)
		if took := time.Since(began); got.Outcome != event.OutcomeSucceeded || took > time.Minute {
			t.Errorf("%s, %v, after %s", got.Outcome, got.err, took)
		}
	})
}
