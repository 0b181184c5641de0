package operand

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"

	"github.com/gatebook/gatebook/engine/expr/internal/cost"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// Evaluation is what one Evaluation of a condition knows: it answers for the names
// in CEL's place, and keeps why what is unknown is unknown.
type Evaluation struct {
	types  *Provider
	scope  names.Scope
	causes [][]value.Cause // of the unknowns made, by their id
	roots  map[string]ref.Val
	budget cost.Budget // of what CEL's own limit does not see; see [Calls]
}

// NewEvaluation returns what one evaluation over a scope begins with.
func NewEvaluation(t *Provider, scope names.Scope, budget cost.Budget) *Evaluation {
	return &Evaluation{types: t, scope: scope, budget: budget}
}

// evaluationName is under which a program finds what it is evaluated by. No expression can
// contain it.
const evaluationName = "$evaluation"

// ask answers a function that depends on the runbook or on the run.
func (e *Evaluation) ask(function string, args []ref.Val) ref.Val {
	if function == LastDrill {
		return e.askDrill(args)
	}
	return e.askWindow(function, args)
}

// ResolveName implements interpreter.Activation.
func (e *Evaluation) ResolveName(name string) (any, bool) {
	if name == cost.Name {
		return &e.budget, true
	}
	if name == evaluationName {
		return e, true
	}
	if known, ok := e.roots[name]; ok {
		return known, true
	}
	var made ref.Val
	if sh, ok := e.types.t.Root(name); ok {
		made = e.adapt(names.RootOf(e.scope, name), sh, name)
	} else if name == names.RootSteps {
		made = stepsValue{e, make(map[string]ref.Val)}
	} else {
		return nil, false
	}
	if e.roots == nil {
		e.roots = make(map[string]ref.Val)
	}
	e.roots[name] = made
	return made, true
}

// Scope returns where the values come from.
func (e *Evaluation) Scope() names.Scope { return e.scope }

// Parent implements interpreter.Activation.
func (e *Evaluation) Parent() interpreter.Activation { return nil }

func (e *Evaluation) unknown(causes []value.Cause) *types.Unknown {
	e.causes = append(e.causes, causes)
	return types.NewUnknown(int64(len(e.causes)), nil)
}

// CausesOf returns why an unknown is one, each cause once, in a stable order.
func (e *Evaluation) CausesOf(u *types.Unknown) []value.Cause {
	ids := u.IDs()
	slices.Sort(ids)
	var causes []value.Cause
	for _, id := range ids {
		if id < 1 || int(id) > len(e.causes) {
			continue
		}
		for _, cause := range e.causes[id-1] {
			if !slices.Contains(causes, cause) {
				causes = append(causes, cause)
			}
		}
	}
	return causes
}

// UnknownPresence is the error of a presence test on what is not known. CEL cannot
// answer "unknown" there, but treats errors in && and || as it does unknowns.
type UnknownPresence struct{ Causes []value.Cause }

// Error says so.
func (UnknownPresence) Error() string { return "it is not known yet whether it has a value" }
