package sides

import (
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// itemsOf are what a step is done for, where that is known.
func itemsOf(step *plan.Step) []value.Value {
	if step.Loop == nil || !step.Loop.Known() {
		return nil
	}
	items := make([]value.Value, len(step.Loop.Instances))
	for i, one := range step.Loop.Instances {
		items[i] = one.Item
	}
	return items
}

// origin is what the value of a name follows from, in the conditions of a step.
func (s *Side) origin(step *plan.Step, r expr.Ref) *expr.Origin {
	switch {
	case r.Root == expr.RootVars && len(r.Path) > 0:
		return s.ofVar(r.Path[0])
	case r.Root == expr.RootEach && s.steps[step.ID].Loop != nil:
		return s.ofItem(r, s.steps[step.ID].Loop)
	case r.Root == expr.RootRun && slices.Equal(r.Path, []string{"startedAt"}): // it is before
		return &expr.Origin{From: []expr.Ref{{Root: expr.RootNow}}}
	default:
		return nil
	}
}

// ofVar is what a var is made of, and of what the vars are made that it uses.
func (s *Side) ofVar(name string) *expr.Origin {
	used, from := s.beneath([]expr.Ref{{Root: expr.RootVars, Path: []string{name}}})
	return &expr.Origin{From: from, Eval: func(scope expr.Scope) (value.Value, error) {
		made := withVars{Scope: scope}
		for _, v := range used {
			computed, err := v.Data.Eval(made)
			if err != nil {
				return value.Value{}, err
			}
			made.vars = append(made.vars, value.Member{Name: v.Name, Value: computed})
		}
		computed, _ := value.Object(made.vars...).Get(name)
		return computed, nil
	}}
}

// ofItem is what a part of an item follows from: what the step is done for, which nobody can
// make up apart from its items, and those other parts that go with it.
func (s *Side) ofItem(r expr.Ref, loop *check.Loop) *expr.Origin {
	const key = "key"
	_, from := s.beneath(refs(loop.Over))
	parts := []string{key}
	if !slices.Equal(r.Path[:min(len(r.Path), 1)], parts) {
		return &expr.Origin{From: append(from, expr.Ref{Root: expr.RootEach, Path: parts})}
	}
	return &expr.Origin{From: append(from, expr.Ref{Root: expr.RootEach})}
}

// beneath are the vars that names need, each behind those that it uses, and the names of all
// else that they and these are made of.
func (s *Side) beneath(of []expr.Ref) (vars []check.Var, from []expr.Ref) {
	used, every := map[string]bool{}, false
	add := func(refs []expr.Ref) {
		for _, r := range refs {
			switch {
			case r.Root != expr.RootVars:
				from = append(from, r)
			case len(r.Path) == 0:
				every = true
			default:
				used[r.Path[0]] = true
			}
		}
	}
	add(of)
	for _, v := range slices.Backward(s.runbook.Vars) {
		if every || used[v.Name] {
			vars = append(vars, v)
			add(refs(v.Data))
		}
	}
	slices.Reverse(vars)
	return vars, from
}

// Anyhow are conditions of this side as they are where nothing is known of the inputs.
func (s *Side) Anyhow(conditions []expr.Sense) []expr.Sense {
	made := withVars{Scope: withInputs{s.scope, value.Unknown(value.Cause{Reason: "it may be another one"})}}
	for _, v := range s.runbook.Vars {
		computed, err := v.Data.Eval(made)
		if err != nil {
			computed = value.Unknown(value.Cause{Reason: err.Error()})
		}
		made.vars = append(made.vars, value.Member{Name: v.Name, Value: computed})
	}
	anyhow := slices.Clone(conditions)
	for i := range anyhow {
		anyhow[i].Scope = made
	}
	return anyhow
}

// refs are the names that a part of the file refers to.
func refs(tree *data.Tree) []expr.Ref {
	var found []expr.Ref
	for r := range tree.References() {
		found = append(found, r.Ref)
	}
	return found
}

// withVars is a scope with vars that were computed in it.
type withVars struct {
	expr.Scope
	vars []value.Member
}

// Root returns a root, of vars those that were computed so far.
func (s withVars) Root(name string) (value.Value, bool) {
	if name == expr.RootVars {
		return value.Object(s.vars...), true
	}
	return s.Scope.Root(name)
}

// withInputs is a scope with other inputs.
type withInputs struct {
	expr.Scope
	inputs value.Value
}

// Root returns a root, of the inputs the others.
func (s withInputs) Root(name string) (value.Value, bool) {
	if name == expr.RootInputs {
		return s.inputs, true
	}
	return s.Scope.Root(name)
}
