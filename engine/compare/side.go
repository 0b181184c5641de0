package compare

import (
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
)

// side is one of the versions, with what is looked up in it.
type side struct {
	Version
	name    string // tells what it means by a name from what the other means
	checked map[string]*check.Step
	scope   expr.Scope
}

func sideOf(v Version, name string) side {
	s := side{Version: v, name: name, checked: make(map[string]*check.Step, len(v.Runbook.Steps)), scope: v.Plan.Known()}
	for _, step := range v.Runbook.Steps {
		s.checked[step.ID()] = step
	}
	return s
}

func newComparer(before, after Version) *comparer {
	return &comparer{before: sideOf(before, "before"), after: sideOf(after, "after")}
}

// written is what a node of the file says, expressions as they were written.
func written(node *syntax.Node) value.Value {
	if node == nil {
		return value.Null()
	}
	return node.Value()
}

// means says what a name means on a side: what is the same on both is the name alone.
func (c *comparer) means(s side) func(expr.Ref) string {
	return func(r expr.Ref) string {
		id, isStep := r.Step()
		switch {
		case isStep && c.sameResult(id), r.Root == expr.RootVars && c.sameVars(), !isStep && r.Root != expr.RootVars:
			return r.String()
		default:
			return s.name + " " + r.String()
		}
	}
}

// sameResult reports whether a step does the same in both versions, so that what is known
// of it after is the same.
func (c *comparer) sameResult(id string) bool {
	b, a := c.before.checked[id], c.after.checked[id]
	return b != nil && a != nil && b.Model.Uses.Value == a.Model.Uses.Value && b.Model.On.Value == a.Model.On.Value &&
		written(b.Model.With.Node).Equal(written(a.Model.With.Node)) && c.sameVars()
}

// sameVars reports whether all vars are made in the same way.
func (c *comparer) sameVars() bool {
	return written(c.before.Runbook.Model.Vars.Node).Equal(written(c.after.Runbook.Model.Vars.Node))
}
