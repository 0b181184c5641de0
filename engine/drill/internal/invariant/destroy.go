package invariant

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// destroys finds steps that destroy something though nobody approved of it: of those that ask
// people and that they wait for, each that was not skipped must have been answered with a yes.
// One that waits for nobody must have a gate.
func destroys(s *rehearsal.Story) []Breach {
	p := s.World.Plan()
	var found []Breach
	approved := make(map[string]bool)
	for _, e := range s.Journal {
		switch {
		case e.Type == event.StepDecided && e.Op.Part == event.Do:
			approved[e.Op.Step] = e.Status == event.Succeeded
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do:
			step := s.Step(e.Op.Step)
			if step.Effect != sdk.Destroy {
				continue
			}
			asks := asked(p, step)
			without := slices.DeleteFunc(slices.Clone(asks), func(id string) bool { return approved[id] })
			switch {
			case len(without) > 0:
				found = append(found, Breach{step.ID, "It destroyed something, and nobody had said yes to " + without[0] + "."})
			case len(asks) == 0 && len(step.Gate) == 0:
				found = append(found, Breach{step.ID, "It destroyed something, and has neither a gate nor an approval before it."})
			}
		}
	}
	return found
}

// asked returns the steps that ask people and that a step waits for, be it through others.
func asked(p *plan.Plan, step *plan.Step) []string {
	var asks []string
	seen := map[int]bool{}
	stack := slices.Clone(step.Needs)
	for len(stack) > 0 {
		at := stack[len(stack)-1].From
		stack = stack[:len(stack)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		if before := p.Steps[at]; before.Describe.Asks {
			asks = append(asks, before.ID)
		}
		stack = append(stack, p.Steps[at].Needs...)
	}
	slices.Sort(asks)
	return asks
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
