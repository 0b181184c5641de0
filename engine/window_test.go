package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/run"
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

// A run that waits for its window and is interrupted goes on to wait, and a window that a
// person overrides then is not waited for.
func TestARunThatWaitsForItsWindowIsTakenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		overrides []event.Override
		opened    string // how long after the start
	}{
		"to wait":     {nil, "1h0m0s true"},
		"to override": {[]event.Override{{Window: "night", By: "bob", Reason: "it burns"}}, "30m0s true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := newPlay(t)
				ends := p.start(windowed + `
  - {id: a, uses: play.change, with: {name: a}, gate: {expr: 'window("night", now)', within: 2h}}
`)
				time.Sleep(30 * time.Minute)
				p.controls <- event.Event{Type: event.PauseAsked, By: "ann"}
				if paused := <-ends; paused.Outcome != event.OutcomePaused {
					t.Fatal(paused)
				}
				folder := p.folder()
				planned, err := p.engine.Planned(folder, func(string, string) (string, error) { return "", nil })
				if err != nil {
					t.Fatal(err)
				}
				result, err := p.engine.Resume(context.Background(), folder, planned, p.process, run.Resumption{Ask: event.ResumeAsked, By: "bob", Overrides: c.overrides})
				if err != nil || result.Outcome != event.OutcomeSucceeded {
					t.Fatal(result, err)
				}
				if looks := verdicts(p, "a"); looks[len(looks)-1] != c.opened {
					t.Errorf("the gate was %v, want it to end with %s", looks, c.opened)
				}
			})
		})
	}
}

// Nothing is begun where a window is overridden that is not there, by nobody, or for no reason.
func TestOverridesAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		pl := plannedWhole(t, p.engine, locking("")+windowed+`
  - {id: a, uses: play.change, with: {name: a}, gate: {expr: 'window("night", now)'}}
`)
		for _, o := range []event.Override{{Window: "nigth", By: "ann", Reason: "why"}, {Window: "night", Reason: "why"}, {Window: "night", By: "ann", Reason: " "}} {
			options := runOptions
			options.Overrides = []event.Override{o}
			_, err := p.engine.Run(context.Background(), pl, p.process, options)
			if refused, is := errors.AsType[*engine.OverrideError](err); !is || refused.Window != o.Window {
				t.Errorf("%+v: %v", o, err)
			}
		}
		if _, err := p.engine.Store().Open(journal.Latest); err == nil {
			t.Error("a run was begun")
		}
	})
}
