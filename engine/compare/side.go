package compare

import (
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
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
	return &comparer{before: sideOf(before, "before"), after: sideOf(after, "after"), alike: map[string]bool{}}
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
		if c.same(r) {
			return r.String()
		}
		return s.name + " " + r.String()
	}
}

// same reports whether a name means the same in both versions: the result of a step that does
// the same, a var that is made in the same way, or what the caller gives and the run brings.
func (c *comparer) same(r expr.Ref) bool {
	id, isStep := r.Step()
	isVar := r.Root == expr.RootVars && len(r.Path) > 0
	if isVar {
		id = r.Path[0]
	}
	if !isStep && !isVar {
		return r.Root != expr.RootVars && r.Root != expr.RootSteps
	}
	key := r.Root + "." + id
	if known, ok := c.alike[key]; ok {
		return known
	}
	c.alike[key] = false // whatever refers to itself
	if isVar {
		c.alike[key] = c.sameVar(id)
	} else {
		c.alike[key] = c.sameResult(id)
	}
	return c.alike[key]
}

func (c *comparer) sameResult(id string) bool {
	b, a := c.before.checked[id], c.after.checked[id]
	return b != nil && a != nil && b.Model.Uses.Value == a.Model.Uses.Value && b.Model.On.Value == a.Model.On.Value &&
		c.sameData(b.Model.With.Node, a.Model.With.Node, a.Use.With)
}

func (c *comparer) sameVar(name string) bool {
	b, hadOne := c.before.Runbook.Model.Vars.Get(name)
	a, hasOne := c.after.Runbook.Model.Vars.Get(name)
	i := slices.IndexFunc(c.after.Runbook.Vars, func(v check.Var) bool { return v.Name == name })
	return hadOne && hasOne && i >= 0 && c.sameData(b.Node, a.Node, c.after.Runbook.Vars[i].Data)
}

// sameData reports whether two parts of the files say the same, and mean it. The tree holds
// what the second refers to, and may hold more.
func (c *comparer) sameData(before, after *syntax.Node, tree *data.Tree) bool {
	if !written(before).Equal(written(after)) {
		return false
	}
	for r := range tree.References() {
		if inside(r.Range, after) && !c.same(r.Ref) {
			return false
		}
	}
	return true
}

func inside(r source.Range, node *syntax.Node) bool {
	if node == nil {
		return false
	}
	all := node.Range()
	return r.Start >= all.Start && r.End <= all.End
}
