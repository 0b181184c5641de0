package look

import (
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// inside is what is known inside of a runbook that a step takes in: the inputs that it is given as
// things are now, and the vars that come of them.
type inside struct {
	expr.Scope
	inputs, vars value.Value
}

var _ expr.Scope = inside{}

// Root returns the value of a root.
func (s inside) Root(name string) (value.Value, bool) {
	switch name {
	case expr.RootInputs:
		return s.inputs, true
	case expr.RootVars:
		return s.vars, true
	default:
		return s.Scope.Root(name)
	}
}

// known is what is known for a step without a look: by what its runbook is given.
func (l *looker) known(of *plan.Step) expr.Scope {
	outer := of.Outer()
	if outer == nil {
		return l.plan.Known()
	}
	is := inside{Scope: l.plan.KnownIn(of), inputs: outer.Runbook.Inputs, vars: outer.Runbook.Vars}
	given, err := outer.Runbook.Source.Eval(l.scope(outer, nil))
	if err != nil {
		return is // the run will tell what is wrong with it
	}
	is.inputs, is.vars = given, value.Object()
	members := make([]value.Member, 0, len(outer.Runbook.Held))
	for _, held := range outer.Runbook.Held {
		v, err := held.Source.Eval(is)
		if err != nil {
			v = held.Value
		}
		members = append(members, value.Member{Name: held.Name, Value: v})
		is.vars = value.Object(members...)
	}
	return is
}

// manyAround is the step that is done for many and takes in the runbook that a step is of, or is that
// step itself; empty: there is none. What is so for each of these the run looks at.
func manyAround(s *plan.Step) string {
	if s.Runbook == nil {
		s = s.Outer()
	}
	for ; s != nil; s = s.Outer() {
		if s.Loop != nil {
			return s.ID
		}
	}
	return ""
}

// isPassedOver reports whether a run goes on though it does not get past a step, as something that
// takes it in may fail, or be skipped.
func isPassedOver(s *plan.Step) bool {
	for outer := s.Outer(); outer != nil; outer = outer.Outer() {
		if outer.OnFailure == plan.Continue || outer.When != nil && !outer.When.Holds() {
			return true
		}
	}
	return false
}
