package plan

import (
	"iter"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
)

// The steps of a runbook that a step takes in stand right behind it, be it in the plan or among
// those of an instance further out. So the place of a step tells where those inside of it are.

// takeIn gives the steps of a plan, or of what an instance takes in, their places, of which the
// first is given, and finds those outside of them and the instances among them.
func (p *Plan) takeIn(steps []*Step, first int) {
	for i, s := range steps {
		s.Index = first + i
		if s.Runbook != nil {
			for _, inside := range steps[i+1 : min(i+1+s.Runbook.Size, len(steps))] {
				if inside.Within == s.ID {
					inside.outer = s
				}
			}
		}
	}
	// Those inside come first, so that what stands for many knows for which.
	for i, s := range slices.Backward(steps) {
		if s.Loop == nil || !s.Loop.Known() {
			continue
		}
		p.takeInInstances(s)
		if s.Runbook == nil {
			continue
		}
		for k, inside := range steps[i+1 : min(i+1+s.Runbook.Size, len(steps))] {
			inside.stands, inside.done = true, nil
			for _, one := range s.Loop.Instances {
				if one.Runbook != nil && k < len(one.Runbook.Steps) {
					inside.done = append(inside.done, one.Runbook.Steps[k].Each()...)
				}
			}
		}
	}
}

func (p *Plan) takeInInstances(s *Step) {
	if p.instances == nil {
		p.instances = make(map[string]*Step, len(s.Loop.Instances))
	}
	for _, one := range s.Loop.Instances {
		one.Index, one.outer = s.Index, s.outer
		p.instances[one.ID] = one
		if one.Runbook == nil {
			continue
		}
		for _, inside := range one.Runbook.Steps {
			p.instances[inside.ID] = inside
			if inside.Within == one.ID {
				inside.outer = one
			}
		}
		p.takeIn(one.Runbook.Steps, s.Index+1)
	}
}

// Each returns what the step is done as: its instances, where it is done for many that are
// known, and of a step inside of such a one those of each instance; otherwise it is itself.
func (s *Step) Each() []*Step {
	switch {
	case s.stands:
		return s.done
	case s.Loop != nil && s.Loop.Known():
		return s.Loop.Instances
	default:
		return []*Step{s}
	}
}

// All yields each step as it is done: of one that is done for many that are known, each of
// its instances.
func (p *Plan) All() iter.Seq[*Step] {
	return func(yield func(*Step) bool) {
		for _, s := range p.Steps {
			for _, one := range s.Each() {
				if !yield(one) {
					return
				}
			}
		}
	}
}

// Inside returns the steps of the runbook that a step, or an instance, takes in, those of runbooks
// that it takes in itself among them. Of an instance that was not known before a run, what is
// computed is not filled in.
func (p *Plan) Inside(s *Step) []*Step {
	switch {
	case s.Runbook == nil:
		return nil
	case s.Runbook.Steps != nil:
		return s.Runbook.Steps
	}
	templates := p.Steps[s.Index+1 : s.Index+1+s.Runbook.Size]
	if s.ID == p.Steps[s.Index].ID {
		return templates
	}
	outer := map[string]*Step{p.Steps[s.Index].ID: s}
	made := make([]*Step, len(templates))
	for i, t := range templates {
		within := outer[t.Within]
		_, own, _ := event.SplitInside(t.ID)
		if made[i] = p.instances[event.InsideID(within.ID, own)]; made[i] == nil {
			made[i] = t.inside(within)
		}
		outer[t.ID] = made[i]
	}
	return made
}

// inside returns the step as it is inside of another step than the one that it was planned in.
func (s *Step) inside(outer *Step) *Step {
	one := *s
	_, own, _ := event.SplitInside(s.ID)
	one.ID, one.Within, one.outer = event.InsideID(outer.ID, own), outer.ID, outer
	one.stands, one.done = false, nil
	one.Needs = slices.Clone(s.Needs)
	for i := range one.Needs {
		_, need, _ := event.SplitInside(one.Needs[i].Step)
		one.Needs[i].Step = event.InsideID(outer.ID, need)
	}
	return &one
}

// Copy returns the plan with steps, and instances, of its own, which may be filled in.
func (p *Plan) Copy() *Plan {
	made := *p
	made.Steps, made.instances = copies(p.Steps), nil
	made.takeIn(made.Steps, 0)
	return &made
}

func copies(steps []*Step) []*Step {
	made := make([]*Step, len(steps))
	for i, s := range steps {
		own := *s
		if s.Loop != nil {
			loop := *s.Loop
			if loop.Known() {
				loop.Instances = copies(loop.Instances)
			}
			own.Loop = &loop
		}
		if s.Runbook != nil && s.Runbook.Steps != nil {
			inside := *s.Runbook
			inside.Steps = copies(inside.Steps)
			own.Runbook = &inside
		}
		made[i] = &own
	}
	return made
}

// essence returns what is taken in without the places and what was foreseen of its steps.
func (in *Inclusion) essence() *Inclusion {
	if in == nil {
		return nil
	}
	bare := *in
	bare.Steps = make([]*Step, len(in.Steps))
	for i, s := range in.Steps {
		bare.Steps[i] = s.essence()
	}
	return &bare
}
