package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// drilled is a runbook that is drilled, and which wants a drill of the last 90 days otherwise.
const drilled = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: recover, version: 1.0.0}
objectives: {rto: 1h, dataLoss: "${{ steps.a.outputs.said == '' ? inputs.lost : inputs.lost }}"}
inputs: {lost: {type: string, default: 1s}}
modes: {drill: {}, long: {}}
steps:
  - id: a
    uses: play.change
    with: {name: a}
    gate: {expr: run.mode == "drill" || lastDrill("recover") < duration("2160h"), message: not drilled}
`

// inMode runs a runbook in one of its modes.
func (p *play) inMode(text string, choice *event.Choice) event.Result {
	p.tb.Helper()
	runbook, found := p.engine.Check(source.NewFile("book.yaml", []byte(text)))
	if found.HasErrors() {
		p.tb.Fatal(found)
	}
	pl, found, err := p.engine.PlanPart(runbook, nil, choice)
	if err != nil || found.HasErrors() {
		p.tb.Fatal(err, found)
	}
	result, err := p.engine.Run(context.Background(), pl, p.process, runOptions)
	if err != nil {
		p.tb.Fatal(err)
	}
	return result
}

// The age of a drill is counted from its end to the event at which a gate is judged, and what was
// looked up is in the journal.
func TestAGateAsksHowLongAgoADrillWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		if got := p.inMode(drilled, nil); got.Outcome != event.OutcomeGateClosed {
			t.Errorf("it was never drilled, and ends %s", got.Outcome)
		}
		if got := p.events()[0].Run.LastDrills; len(got) != 1 || got[0].Runbook != "recover" || got[0].At != nil {
			t.Errorf("it looked up %+v", got)
		}
		p.inMode(drilled, &event.Choice{Mode: "drill"})
		drill := p.folder().ID()
		time.Sleep(2160*time.Hour - time.Second)
		if got := p.inMode(drilled, nil); got.Outcome != event.OutcomeSucceeded {
			t.Errorf("a second before it is too long ago it ends %s: %+v", got.Outcome, got.Failure)
		}
		if got := p.events()[0].Run.LastDrills; len(got) != 1 || got[0].Run != drill || got[0].At == nil {
			t.Errorf("it looked up %+v", got)
		}
		time.Sleep(time.Second)
		if got := p.inMode(drilled, nil); got.Outcome != event.OutcomeGateClosed {
			t.Errorf("when it is too long ago it ends %s", got.Outcome)
		}
	})
}

// Only what is all of the runbook, in the mode drill, with what is promised kept, is a good drill.
func TestWhatIsAGoodDrill(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		const plain = `apiVersion: gatebook/v1
kind: Runbook
metadata: {name: NAME, version: 1.0.0}
objectives: {rto: 1h, rpo: 1m, dataLoss: "${{ steps.a.outputs.said == '' ? inputs.lost : inputs.lost }}"}
inputs: {lost: {type: string, default: LOST}}
modes: {drill: {}, long: {}}
steps:
  - {id: a, uses: play.change, with: {name: a}}
  - {id: b, uses: play.change, with: {name: b}}
`
		for name, c := range map[string]struct {
			lost   string
			choice *event.Choice
		}{
			"good":    {"1s", &event.Choice{Mode: "drill"}},
			"whole":   {"1s", nil},
			"other":   {"1s", &event.Choice{Mode: "long"}},
			"part":    {"1s", &event.Choice{Mode: "drill", Skip: []string{"a"}, By: "ann", Reason: "r"}},
			"lossy":   {"2m", &event.Choice{Mode: "drill"}},
			"unclear": {"much", &event.Choice{Mode: "drill"}},
		} {
			p.inMode(strings.NewReplacer("NAME", name, "LOST", c.lost).Replace(plain), c.choice)
			time.Sleep(time.Second)
		}
		if got := p.engine.Drilled(); !slices.Equal(got, []string{"good"}) {
			t.Errorf("good drills are those of %v", got)
		}
	})
}

// A good drill is one while it is taken back, too.
func TestADrillThatIsBeingTakenBackWasGood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPlay(t)
		p.inMode(drilled, &event.Choice{Mode: "drill"})
		back := make(chan struct{})
		p.on("-a", func(context.Context, *sdk.Call[playInput]) (playOutput, error) {
			<-back
			return playOutput{}, nil
		})
		ends := p.resume(event.RollbackAsked)
		if got := p.engine.Drilled(); !slices.Equal(got, []string{"recover"}) {
			t.Errorf("good drills are those of %v", got)
		}
		close(back)
		p.ends(<-ends, event.OutcomeRolledBack, "a", "-a")
		if got := p.engine.Drilled(); !slices.Equal(got, []string{"recover"}) {
			t.Errorf("afterwards good drills are those of %v", got)
		}
	})
}
