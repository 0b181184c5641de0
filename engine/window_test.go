package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// windowed is a runbook with a window each day from 01:00 to 03:00 UTC. In a bubble a run
// begins at midnight of 1 January 2000.
const windowed = `
windows: {night: {cron: "0 1 * * *", duration: 2h, timezone: UTC}}
steps:
`

// verdicts returns how a window's condition was judged, each with how long after the start.
func verdicts(p *play, step string) []string {
	var found []string
	began := p.events()[0].Time
	for _, e := range p.events() {
		if e.Type == event.ConditionMet && e.Op.Step == step {
			found = append(found, e.Time.Sub(began).String()+" "+e.Verdict.Truth)
		}
	}
	return found
}

// A gate that waits for a window is looked at now and then, and at the moment at which the
// window opens: not every five seconds. What was begun in a window is ended after its end, and
// the next gate is closed.
func TestARunWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		p.on("long", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			time.Sleep(150 * time.Minute)
			return playOutput{}, nil
		})
		result := p.run(windowed + `
  - {id: a, uses: play.change, with: {name: long}, gate: {expr: 'window("night", now)', within: 2h}}
  - {id: b, uses: play.change, with: {name: short}, gate: {expr: 'window("night", now)', message: outside the window}}
`)
		if result.err != nil || result.Outcome != event.OutcomeFailed {
			t.Fatal(result)
		}
		if got := p.did(); !slices.Equal(got, []string{"long"}) {
			t.Errorf("it did %v", got)
		}
		looks := verdicts(p, "a")
		if len(looks) < 10 || len(looks) > 20 || looks[0] != "0s false" || !slices.Contains(looks, "1h0m0s true") {
			t.Errorf("the gate is looked at %d times: %v", len(looks), looks)
		}
		if got := verdicts(p, "b"); !slices.Equal(got, []string{"3h30m0s false"}) {
			t.Errorf("the gate behind it is %v", got)
		}
		for _, e := range p.events() {
			if e.Type != event.ConditionMet || e.Verdict.Truth == "true" {
				continue
			}
			if len(e.Verdict.Closed) != 1 || e.Verdict.Closed[0].Window != "night" || e.Verdict.Closed[0].Opens.Hour() != 1 {
				t.Errorf("the journal says of closed windows: %v", e.Verdict.Closed)
			}
		}
	})
}

// A condition that asks for something else too is looked at as often as it says.
func TestAWindowBesideOtherThings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		if result := p.run(windowed + `
  - {id: a, uses: play.change, with: {name: a}, gate: {expr: 'window("night", now) || now > timestamp("2000-01-01T00:10:00Z")', within: 2h, every: 1m}}
`); result.err != nil {
			t.Fatal(result)
		}
		if got := verdicts(p, "a"); len(got) < 11 || !strings.HasSuffix(got[len(got)-1], "true") {
			t.Errorf("got %v", got)
		}
	})
}
