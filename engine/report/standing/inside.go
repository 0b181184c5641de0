package standing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
)

// The steps of a runbook that a step takes in are steps of their own behind it, as instances are.
// Those that stand in a plan for the steps of many instances are none.

// views makes the steps of a plan, or of what a step takes in, with the instances that are known.
func (s *Status) views(steps []*plan.Step, outer *Step) []*Step {
	made := make([]*Step, 0, len(steps))
	owners := map[string]*Step{}
	if outer != nil {
		owners[outer.ID] = outer
	}
	for i := 0; i < len(steps); i++ {
		p := steps[i]
		view := s.view(p, i, idIn(outer, p.ID), owners[idIn(outer, p.Within)])
		made = append(made, view)
		if p.Runbook != nil && p.Loop == nil {
			owners[view.ID] = view
		}
		if p.Runbook != nil && p.Loop != nil {
			end := min(i+1+p.Runbook.Size, len(steps))
			view.each = steps[i+1 : end]
			i = end - 1 // they stand for those of its instances
		}
		if loop, known := foreseen(p); known {
			made = append(made, s.unfold(view, loop)...)
		}
	}
	return made
}

// idIn is the id of a step inside of an instance, by that which its plan knows.
func idIn(outer *Step, id string) string {
	if outer == nil || id == "" {
		return id
	}
	return outer.ID + strings.TrimPrefix(event.Template(id), event.Template(outer.ID))
}

// view makes a step at a place of a plan, or of what an instance takes in.
func (s *Status) view(p *plan.Step, place int, id string, outer *Step) *Step {
	made := &Step{
		ID: id, Status: event.Pending, place: place, Title: p.Title, Action: p.Action, Effect: p.Effect, Finally: p.Finally,
		Attempts: p.Retry.Attempts, policy: p.OnFailure, cleans: p.Cleans(), LeftOut: p.LeftOut, over: p.Loop, takesIn: p.Runbook != nil, outer: outer,
	}
	if p.Rollback != nil {
		made.Stays = p.Rollback.None
	}
	if outer != nil {
		made.Within = outer.ID
		outer.inside = append(outer.inside, made)
	}
	s.closing = s.closing || p.Finally
	s.index[id] = made
	if made.isCounted() {
		s.Counts[event.Pending]++
	}
	return made
}

// takeIn makes the steps of the runbook that an instance takes in: as the plan knows them of it,
// where it does, or else of any.
func (s *Status) takeIn(one *Step) []*Step {
	loop := one.of
	if !one.takesIn || loop.over == nil {
		return nil
	}
	steps := loop.each
	if k := one.nth - 1; k < len(loop.over.Instances) {
		if known := loop.over.Instances[k]; known.Runbook != nil && event.InstanceID(loop.ID, known.Key) == one.ID && len(known.Runbook.Steps) > 0 {
			steps = known.Runbook.Steps
		}
	}
	return s.views(steps, one)
}

// followInside has the steps that never began of what a step takes in stand as it does: no event
// says so of each.
func (s *Status) followInside(step *Step) {
	to := event.NotRun
	switch {
	case step.Status == event.Skipped:
		to = event.Skipped
	case !step.Status.Settled():
		to = event.Pending
	}
	for _, one := range step.inside {
		if to != one.Status && (one.silent || one.Status == event.Pending) {
			s.move(one, to)
			one.silent = to != event.Pending
		}
	}
}

// insideDoing says how far the runbook has come that a step takes in.
func (step *Step) insideDoing() string {
	ended := 0
	for _, one := range step.inside {
		if one.Status.Settled() {
			ended++
		}
	}
	return fmt.Sprintf("%d of %d done", ended, len(step.inside))
}

// Many is the outermost step that is done for many and that this is in, be it as an instance;
// nil: there is none.
func (step *Step) Many() *Step {
	var many *Step
	for at := step; at != nil; at = cmp.Or(at.of, at.outer) {
		if at.of != nil {
			many = at.of
		}
	}
	return many
}

// Depth is in how many others a step is: those of which it is an instance, and those that take it
// in.
func (step *Step) Depth() int {
	depth := 0
	for at := cmp.Or(step.of, step.outer); at != nil; at = cmp.Or(at.of, at.outer) {
		depth++
	}
	return depth
}

// TakesIn reports whether a step takes in a runbook, whose steps are behind it.
func (step *Step) TakesIn() bool { return step.takesIn }

func (step *Step) isUnder(other *Step) bool {
	for at := cmp.Or(step.of, step.outer); at != nil; at = cmp.Or(at.of, at.outer) {
		if at == other {
			return true
		}
	}
	return false
}

// inOrder compares steps by their order in the plan, instances behind their step, and behind each
// what it takes in.
func inOrder(a, b *Step) int { return slices.Compare(a.path(), b.path()) }

// path are the places that lead to a step.
func (step *Step) path() []int {
	switch {
	case step.of != nil:
		return append(step.of.path(), step.nth)
	case step.outer != nil && step.outer.Many() != nil:
		return append(step.outer.path(), step.place)
	default:
		return []int{step.place}
	}
}
