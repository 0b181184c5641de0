package sides

import (
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
)

// Condition is one condition of a gate or a verify.
type Condition struct {
	*plan.Condition
	Sense expr.Sense
	// Observed tells what it observes from what others do; it may hold secrets. Conditions of
	// which it is the same speak of the same thing.
	Observed string
}

// Gate is what must hold before a step.
func (s *Side) Gate(step *plan.Step) []Condition {
	return s.conditions(step, step.Gate, s.steps[step.ID].Gate)
}

// Verify is what must hold after it.
func (s *Side) Verify(step *plan.Step) []Condition {
	return s.conditions(step, step.Verify, s.steps[step.ID].Verify)
}

// Between is what must hold after each batch of a step.
func (s *Side) Between(step *plan.Step) []Condition {
	return s.conditions(step, step.Loop.Between, s.steps[step.ID].Loop.Between)
}

// When is when a step is done: nothing says that it always is.
func (s *Side) When(step *plan.Step) []expr.Sense {
	if program := s.steps[step.ID].When; program != nil {
		return []expr.Sense{s.sided(step).sense(step, program)}
	}
	return nil
}

func (s *Side) conditions(step *plan.Step, planned []*plan.Condition, checked []*check.Condition) []Condition {
	made, in := make([]Condition, len(planned)), s.sided(step)
	for i := range planned {
		made[i] = Condition{planned[i], in.sense(step, checked[i].Program), in.observed(planned[i], checked[i])}
	}
	return made
}

func (s *Side) sense(step *plan.Step, program *expr.Condition) expr.Sense {
	return expr.Sense{
		Condition: program, Scope: s.scope, Means: s.means, Items: itemsOf(step),
		Among:   func(r expr.Ref) []string { return s.pair.among(step, r) },
		Origins: func(r expr.Ref) *expr.Origin { return s.origin(step, r) },
	}
}

// among are the words of which a name is one for a step, in either version.
func (p *Pair) among(step *plan.Step, r expr.Ref) []string {
	id, isStep := r.Step()
	switch {
	case r.String() == expr.RootRun+".outcome":
		return texts(event.OutcomeSucceeded, event.OutcomeFailed, event.OutcomeRolledBack, event.OutcomeGateClosed, event.OutcomeStuck)
	case r.String() == expr.RootRun+".mode":
		return p.modes()
	case !isStep || len(r.Path) != 2 || r.Path[1] != "status":
		return nil
	case p.id(id) == step.ID || step.Cleans(): // what has not ended, or did not begin, is seen too
		return texts(event.Succeeded, event.Failed, event.Skipped, event.NotRun, event.Undone, event.LeftOver, event.LostTrack,
			event.Verifying, event.Running, event.Resting, event.Asking, event.Waiting, event.Pending, event.Undoing)
	}
	words := texts(event.Succeeded)
	for _, side := range []*Side{p.Before, p.After} {
		before, ok := side.Plan.Step(p.id(id))
		if ok && before.OnFailure == plan.Continue {
			words = append(words, string(event.Failed))
		}
		if ok && (before.When != nil || before.Loop != nil) {
			words = append(words, string(event.Skipped))
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// modes are the modes of either version, and none.
func (p *Pair) modes() []string {
	words := []string{""}
	for _, side := range []*Side{p.whole.Before, p.whole.After} {
		words = slices.AppendSeq(words, side.runbook.Model.Modes.Keys())
	}
	slices.Sort(words)
	return slices.Compact(words)
}

func texts[T ~string](words ...T) []string {
	made := make([]string, len(words))
	for i, word := range words {
		made[i] = string(word)
	}
	return made
}

// means says what a name means on a side: what is the same on both is the name alone.
func (s *Side) means(r expr.Ref) string {
	if s.pair.Same(r) {
		return r.String()
	}
	return s.name + " " + r.String()
}

func (s *Side) observed(planned *plan.Condition, checked *check.Condition) string {
	use := planned.Observe
	if use == nil {
		return ""
	}
	key := use.Action + " " + use.On + " "
	if params, err := use.Params.RevealJSON(); err == nil {
		return key + string(params)
	}
	key += written(checked.Model.Observe.With.Node).String()
	for r := range checked.Observe.With.References() {
		key += " " + s.means(r.Ref)
	}
	return key
}
