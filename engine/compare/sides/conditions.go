package sides

import (
	"github.com/gatebook/gatebook/engine/check"
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
	return s.conditions(step.Gate, s.steps[step.ID].Gate)
}

// Verify is what must hold after it.
func (s *Side) Verify(step *plan.Step) []Condition {
	return s.conditions(step.Verify, s.steps[step.ID].Verify)
}

// When is when a step is done: nothing says that it always is.
func (s *Side) When(step *plan.Step) []expr.Sense {
	if program := s.steps[step.ID].When; program != nil {
		return []expr.Sense{s.sense(program)}
	}
	return nil
}

func (s *Side) conditions(planned []*plan.Condition, checked []*check.Condition) []Condition {
	made := make([]Condition, len(planned))
	for i := range planned {
		made[i] = Condition{planned[i], s.sense(checked[i].Program), s.observed(planned[i], checked[i])}
	}
	return made
}

func (s *Side) sense(program *expr.Condition) expr.Sense {
	return expr.Sense{Condition: program, Scope: s.scope, Means: s.means}
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
