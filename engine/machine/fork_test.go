package machine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
)

// answers are what machines say to the same number of events, each to its own, which they are
// given by turns; and where each of them stands then.
func answers(machines []*machine.Machine, facts ...[]event.Event) [][]string {
	all := make([][]string, len(machines))
	for k := range facts[0] {
		for i, m := range machines {
			for _, c := range m.Next(facts[i][k]) {
				all[i] = append(all[i], words(c))
			}
		}
	}
	for i, m := range machines {
		for _, c := range m.Outstanding() {
			all[i] = append(all[i], "outstanding: "+words(c))
		}
		all[i] = append(all[i], fmt.Sprintf("%s, pausing %t, asking %t: %s", m.Mode(), m.Pausing(), m.Asking(), asJSON(m.Result())))
	}
	return all
}

func words(c machine.Command) string {
	switch c := c.(type) {
	case machine.Attempt:
		return fmt.Sprintf("attempt %v %s %v %v %s %v %s %t", c.Op, c.Key, c.Params, c.Timeout, c.Before, c.Outputs, c.Notes, c.Started)
	case machine.Observe:
		return fmt.Sprintf("observe %v %v %s", c.Op, c.Params, c.Timeout)
	case machine.Ask:
		return fmt.Sprintf("ask %v %s %v", c.Op, c.Key, c.Params)
	case machine.Record:
		return "record " + asJSON(c.Event)
	default:
		return fmt.Sprintf("%T %s", c, asJSON(c))
	}
}

func asJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Wherever a machine is forked, both go on as either would alone, whatever people ask of one.
func TestAForkGoesItsOwnWay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(&fatal{t: t}, plans(&fatal{t: t}).Draw(t, "plan"), rapid.IntRange(1, 4).Draw(t, "parallelism"))
		fickle(t, w)
		w.stepwise = rapid.Bool().Draw(t, "step by step")
		live(t, w)
		facts := w.facts()
		at := rapid.IntRange(1, len(facts)).Draw(t, "where it is forked")
		asked := rapid.SampledFrom([]event.Type{event.PauseAsked, event.CancelAsked, event.RollbackAsked, event.ResumeAsked}).Draw(t, "what people ask of the fork")
		ask := event.Event{Type: asked, By: "bob", Time: facts[at-1].Time}
		ways := [][]event.Event{append(slices.Clone(facts[at:]), ask), append([]event.Event{ask}, facts[at:]...)}

		var want [][]string
		for _, way := range ways {
			alone := machine.New(w.plan)
			answers([]*machine.Machine{alone}, facts[:at])
			want = append(want, answers([]*machine.Machine{alone}, way)...)
		}
		both := []*machine.Machine{machine.New(w.plan)}
		answers(both, facts[:at])
		both = append(both, both[0].Fork())
		if diff := cmp.Diff(want, answers(both, ways...)); diff != "" {
			t.Fatalf("one of them goes on otherwise: %s", diff)
		}
	})
}
