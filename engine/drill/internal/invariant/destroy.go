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
// Where nobody was asked there must be a gate.
func destroys(s *rehearsal.Story) []Breach {
	p := s.World.Plan()
	var found []Breach
	answered := make(map[string]event.Status)
	for _, e := range s.Journal {
		switch {
		case e.Type == event.StepDecided && e.Op.Part == event.Do:
			answered[e.Op.Step] = e.Status
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do:
			step := s.Step(e.Op.Step)
			if step.Effect != sdk.Destroy {
				continue
			}
			asks := asked(p, step)
			without := slices.DeleteFunc(slices.Clone(asks), func(id string) bool {
				return (answered[id] == event.Succeeded || answered[id] == event.Skipped) && !saidNo(answered, id)
			})
			yes := slices.ContainsFunc(asks, func(id string) bool { return answered[id] == event.Succeeded })
			switch {
			case len(without) > 0:
				found = append(found, Breach{step.ID, "It destroyed something, and nobody had said yes to " + without[0] + "."})
			case !yes && len(step.Gate) == 0:
				found = append(found, Breach{step.ID, "It destroyed something, and nobody was asked, nor does it have a gate."})
			}
		}
	}
	return found
}

// saidNo reports whether people were asked for many, and a no to one of them was passed over.
func saidNo(answered map[string]event.Status, id string) bool {
	for one, status := range answered {
		if one != id && event.StepOf(one) == id && status == event.Failed {
			return true
		}
	}
	return false
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
