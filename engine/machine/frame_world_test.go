package machine_test

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// taking has a step take in a runbook of these steps, and returns it with them behind it, as
// they stand in a plan. They are named, and need each other, as their own file has it.
func taking(owner *plan.Step, steps ...*plan.Step) []*plan.Step {
	owner.Runbook = &plan.Inclusion{Size: len(steps), Source: fixed{value.Object()}}
	for _, s := range steps {
		s.Closing = s.Closing || s.Within == "" && s.Finally
		s.Finally = owner.Finally
		s.ID = event.InsideID(owner.ID, s.ID)
		if s.Within == "" {
			s.Within = owner.ID
		} else {
			s.Within = event.InsideID(owner.ID, s.Within)
		}
		for i := range s.Needs {
			s.Needs[i].Step = event.InsideID(owner.ID, s.Needs[i].Step)
		}
		if s.Loop != nil && s.Loop.Known() {
			knowing(s, s.Loop.Names()...)
		}
	}
	return append([]*plan.Step{owner}, steps...)
}

// all puts steps that stand together behind each other.
func all(groups ...[]*plan.Step) []*plan.Step {
	var steps []*plan.Step
	for _, group := range groups {
		steps = append(steps, group...)
	}
	return steps
}

func one(s *plan.Step) []*plan.Step { return []*plan.Step{s} }

// sees is a value, or a condition that is true where the value is not empty, that is made of what
// an expression can see: of a root, or of the outputs of a step, by their names.
type sees struct {
	root, step string
	path       []string
}

func (s sees) Eval(scope expr.Scope) (value.Value, error) {
	v, ok := scope.Root(s.root)
	if s.step != "" {
		v, ok = scope.Step(s.step)
	}
	if !ok {
		return v, fmt.Errorf("nothing is called %q", s.root+s.step)
	}
	for _, name := range s.path {
		if v, ok = v.Get(name); !ok {
			return v, fmt.Errorf("it has no %q", name)
		}
	}
	return v, nil
}

// object is made of values by their names.
type object map[string]plan.Source

func (o object) Eval(scope expr.Scope) (value.Value, error) {
	var members []value.Member
	for name, source := range o {
		v, err := source.Eval(scope)
		if err != nil {
			return v, err
		}
		members = append(members, value.Member{Name: name, Value: v})
	}
	return value.Object(members...), nil
}
