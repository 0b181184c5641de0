package sides

import (
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/syntax"
)

// lay takes in the steps of a runbook, and of those that it takes in itself.
func (s *Side) lay(runbook *check.Runbook, within string) {
	for _, step := range runbook.Steps {
		id := idIn(within, step.ID())
		s.steps[id] = step
		if step.Runbook != nil {
			s.lay(step.Runbook, id)
		}
	}
}

func idIn(within, step string) string {
	if within == "" {
		return step
	}
	return event.InsideID(within, step)
}

// id is what the plans call a step.
func (p *Pair) id(step string) string { return idIn(p.within, step) }

// in is the pair of runbooks whose names the expressions of a step use: where both versions take
// one in with a step, that of these.
func (p *Pair) in(step *plan.Step) *Pair { return p.whole.frame(step.Within) }

func (p *Pair) frame(within string) *Pair {
	if within == "" {
		return p
	}
	if known := p.frames[within]; known != nil {
		return known
	}
	made := &Pair{alike: map[string]bool{}, whole: p, within: within}
	made.Before, made.After = p.Before.within(made), p.After.within(made)
	if made.Before == nil || made.After == nil {
		made = p // of what only one of them takes in, nothing is compared
	}
	p.frames[within] = made
	return made
}

// within is the side inside of a step; nil: it takes nothing in there.
func (s *Side) within(pair *Pair) *Side {
	step, planned := s.Plan.Step(pair.within)
	if by := s.steps[pair.within]; planned && by != nil && by.Runbook != nil {
		return &Side{Plan: s.Plan, pair: pair, name: s.name, runbook: by.Runbook, steps: s.steps, scope: s.Plan.KnownIn(s.Plan.Inside(step)[0])}
	}
	return nil
}

// sided is the side inside of which a step is.
func (s *Side) sided(step *plan.Step) *Side {
	pair := s.pair.in(step)
	if s == s.pair.whole.Before {
		return pair.Before
	}
	return pair.After
}

// sameInput reports whether an input of what a step takes in is given the same, and means it.
func (p *Pair) sameInput(name string) bool {
	b, a := p.Before.steps[p.within], p.After.steps[p.within]
	was, is := given(b, name), given(a, name)
	if was == nil && is == nil {
		return p.Before.Section("inputs", name, "default").Equal(p.After.Section("inputs", name, "default"))
	}
	outer, _, _ := event.SplitInside(p.within)
	return was != nil && is != nil && p.whole.frame(outer).sameData(was, is, a.Use.With)
}

// given is what the file says of an input; nil: it says nothing of it.
func given(step *check.Step, name string) *syntax.Node {
	inputs, _ := step.Model.With.Get("inputs")
	if inputs.Node.Kind() != syntax.Map {
		return inputs.Node // one expression for all of them
	}
	return inputs.Node.Get(name)
}
