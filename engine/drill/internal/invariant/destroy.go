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
			asks, inside := asked(p, step)
			without := slices.DeleteFunc(slices.Clone(asks), func(id string) bool {
				return (answered[id] == event.Succeeded || answered[id] == event.Skipped) && !saidNo(answered, id)
			})
			yes := slices.ContainsFunc(slices.Concat(asks, inside), func(id string) bool { return answered[id] == event.Succeeded })
			switch {
			case len(without) > 0:
				found = append(found, Breach{step.ID, "It destroyed something, and nobody had said yes to " + without[0] + "."})
			case !yes && !isGated(p, step):
				found = append(found, Breach{step.ID, "It destroyed something, and nobody was asked, nor does it have a gate."})
			}
		}
	}
	return found
}

// saidNo reports whether people were asked for many, and a no to one of them was passed over.
func saidNo(answered map[string]event.Status, id string) bool {
	for one, status := range answered {
		if one != id && event.Template(one) == id && status == event.Failed {
			return true
		}
	}
	return false
}

// isGated reports whether a step has a gate, or something has that it is in.
func isGated(p *plan.Plan, step *plan.Step) bool {
	for ok := true; ok; step, ok = p.Step(step.Within) {
		if len(step.Gate) > 0 {
			return true
		}
	}
	return false
}

// asked returns the steps that ask people and that a step waits for, be it through others or
// outside of what it is in, and those inside of runbooks that it waits for.
func asked(p *plan.Plan, step *plan.Step) (asks, inside []string) {
	seen := map[int]bool{}
	stack := slices.Clone(step.Needs)
	for outer, ok := p.Step(step.Within); ok; outer, ok = p.Step(outer.Within) {
		stack = append(stack, outer.Needs...)
	}
	for len(stack) > 0 {
		at := stack[len(stack)-1].From
		stack = stack[:len(stack)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		before := p.Steps[at]
		if before.Describe.Asks {
			asks = append(asks, besides(step.ID, before))
		}
		for _, one := range p.Inside(before) {
			if one.Describe.Asks {
				inside = append(inside, event.InsideID(besides(step.ID, before), one.ID[len(before.ID)+1:]))
			}
		}
		stack = append(stack, before.Needs...)
	}
	slices.Sort(asks)
	return asks, inside
}

// besides is the id of a step of the plan where another is: in the same instances.
func besides(id string, s *plan.Step) string {
	for within, _, ok := event.SplitInside(id); ok; within, _, ok = event.SplitInside(within) {
		if event.Template(within) == s.Within {
			_, own, _ := event.SplitInside(s.ID)
			return event.InsideID(within, own)
		}
	}
	return s.ID
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
