// Package sides puts two versions of a runbook side by side: what each says of a step, as far
// as it is known and as it is written, and whether what the two write means the same. What
// that means for a run is for compare. Floor 6.
package sides

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
)

// Pair is the two versions.
type Pair struct {
	Before, After *Side
	alike         map[string]bool // whether a step or var means the same in both; filled as it is asked

	whole  *Pair            // of which this is a runbook that a step takes in; itself: it is the whole
	within string           // that step; empty: there is none
	frames map[string]*Pair // of the whole, by the steps that both take a runbook in with
}

// Side is one of them.
type Side struct {
	Plan *plan.Plan

	pair    *Pair
	name    string // tells what it means by a name from what the other means
	runbook *check.Runbook
	steps   map[string]*check.Step // also those of runbooks that are taken in
	scope   expr.Scope
}

// Of puts two versions, each a runbook with its plan, side by side.
func Of(before *check.Runbook, planned *plan.Plan, after *check.Runbook, plannedAfter *plan.Plan) *Pair {
	p := &Pair{alike: map[string]bool{}, frames: map[string]*Pair{}}
	p.whole = p
	p.Before, p.After = p.side("before", before, planned), p.side("after", after, plannedAfter)
	return p
}

func (p *Pair) side(name string, runbook *check.Runbook, planned *plan.Plan) *Side {
	s := &Side{Plan: planned, pair: p, name: name, runbook: runbook, steps: make(map[string]*check.Step, len(runbook.Steps)), scope: planned.Known()}
	s.lay(runbook, "")
	return s
}

// Section is what the file says under some keys, one inside the other, as in "metadata",
// "lock"; null where it says nothing.
func (s *Side) Section(keys ...string) value.Value { return written(s.node(keys...)) }

// At is the place of something in the file; empty where there is no such thing.
func (s *Side) At(keys ...string) string {
	if node := s.node(keys...); node != nil {
		return node.Range().String()
	}
	return ""
}

func (s *Side) node(keys ...string) *syntax.Node {
	node := s.runbook.Model.Node
	for _, key := range keys {
		if node == nil || node.Kind() != syntax.Map {
			return nil
		}
		node = node.Get(key)
	}
	return node
}

// Essence is all that the file says of a step but for its id and what it waits for.
func (s *Side) Essence(step *plan.Step) string {
	var said strings.Builder
	for key, part := range s.steps[step.ID].Model.Node.Entries() {
		if key.Text() != "id" && key.Text() != "needs" {
			fmt.Fprintf(&said, "%s=%s\n", key.Text(), part.Value())
		}
	}
	return said.String()
}

// Given is what an action is given: the parameters as far as they are known, and what the file
// says of them.
type Given struct {
	Params value.Value
	node   *syntax.Node
	tree   *data.Tree
	pair   *Pair // in which its names mean something
}

// Given is what the action of a step is given.
func (s *Side) Given(step *plan.Step) Given {
	of := s.steps[step.ID]
	return Given{step.Params, of.Model.With.Node, of.Use.With, s.pair.in(step)}
}

// GivenBack is what the action is given that takes a step back.
func (s *Side) GivenBack(step *plan.Step) Given {
	back := s.steps[step.ID].Rollback
	return Given{step.Rollback.Use.Params, back.Model.With.Node, back.Use.With, s.pair.in(step)}
}

// Items is what the file says of what a step is done for.
func (s *Side) Items(step *plan.Step) value.Value {
	return written(s.steps[step.ID].Model.Foreach.Node)
}

// sameWindows reports whether all windows are open at the same times.
func (p *Pair) sameWindows() bool {
	return p.Before.Section("windows").Equal(p.After.Section("windows")) &&
		p.sameFiles(false)
}

// sameFiles reports whether the runbooks that are taken in, or the calendars, are the same.
func (p *Pair) sameFiles(runbooks bool) bool {
	of := func(s *Side) []plan.File {
		return slices.DeleteFunc(slices.Clone(s.Plan.Runbook.Files), func(f plan.File) bool { return f.Runbook != runbooks })
	}
	return slices.EqualFunc(of(p.Before), of(p.After), func(a, b plan.File) bool { return a.Name == b.Name && a.Digest == b.Digest })
}

// SameItems reports whether both files say the same of what a step is done for, and mean it.
func (p *Pair) SameItems(before, after *plan.Step) bool {
	return p.in(after).sameItems(p.Before.steps[before.ID], p.After.steps[after.ID])
}

func (p *Pair) sameItems(before, after *check.Step) bool {
	if before.Loop == nil || after.Loop == nil {
		return before.Loop == after.Loop
	}
	return p.sameData(before.Model.Foreach.Node, after.Model.Foreach.Node, after.Loop.Over)
}

// Raw is what the file says of a parameter.
func (g Given) Raw(name string) value.Value { return written(g.parameter(name)) }

func (g Given) parameter(name string) *syntax.Node {
	if g.node == nil {
		return nil
	}
	return g.node.Get(name)
}

// SameParameter reports whether both files say the same of a parameter, and mean it.
func (p *Pair) SameParameter(name string, before, after Given) bool {
	return after.pair.sameData(before.parameter(name), after.parameter(name), after.tree)
}

// Same reports whether a name means the same in both versions: the result of a step that does
// the same, a var that is made in the same way, what the caller gives, or what the run brings.
func (p *Pair) Same(r expr.Ref) bool {
	id, isStep := r.Step()
	isVar := r.Root == expr.RootVars && len(r.Path) > 0
	if isVar {
		id = r.Path[0]
	}
	switch {
	case isStep, isVar:
	case r.Root == expr.RootInputs && len(r.Path) > 0 && p.within != "":
		return p.sameInput(r.Path[0])
	case r.Root == expr.RootInputs && len(r.Path) > 0: // who gives none gets the default
		return p.Before.Section(expr.RootInputs, r.Path[0], "default").Equal(p.After.Section(expr.RootInputs, r.Path[0], "default"))
	case r.Root == expr.RootNow: // by which windows are open
		return p.sameWindows()
	case r.Root == expr.RootVars, r.Root == expr.RootSteps, r.Root == expr.RootInputs:
		return false
	default:
		return true
	}
	key := r.Root + "." + id
	if known, ok := p.alike[key]; ok {
		return known
	}
	p.alike[key] = false // whatever refers to itself
	if isVar {
		p.alike[key] = p.sameVar(id)
	} else {
		p.alike[key] = p.sameResult(id)
	}
	return p.alike[key]
}

func (p *Pair) sameResult(id string) bool {
	b, a := p.Before.steps[p.id(id)], p.After.steps[p.id(id)]
	return b != nil && a != nil && (a.Runbook == nil || p.sameFiles(true)) && b.Model.Uses.Value == a.Model.Uses.Value && b.Model.On.Value == a.Model.On.Value && p.sameItems(b, a) &&
		p.sameData(b.Model.With.Node, a.Model.With.Node, a.Use.With)
}

func (p *Pair) sameVar(name string) bool {
	i := slices.IndexFunc(p.After.runbook.Vars, func(v check.Var) bool { return v.Name == name })
	before := p.Before.node("vars", name)
	return before != nil && i >= 0 && p.sameData(before, p.After.node("vars", name), p.After.runbook.Vars[i].Data)
}

// sameData reports whether two parts of the files say the same, and mean it. The tree holds
// what the second refers to, and may hold more.
func (p *Pair) sameData(before, after *syntax.Node, tree *data.Tree) bool {
	if !written(before).Equal(written(after)) {
		return false
	}
	for r := range tree.References() {
		if inside(r.Range, after) && !p.Same(r.Ref) {
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

// written is what a node of the file says, expressions as they were written.
func written(node *syntax.Node) value.Value {
	if node == nil {
		return value.Null()
	}
	return node.Value()
}
