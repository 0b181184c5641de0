package check

import (
	"slices"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/schema"
)

// checkHandedOn warns of what a step that was given a secret may hand on: a program
// prints its token, a server sends it back. Only a run knows whether it does; then it
// refuses to start a step with it where others could read it. One pass in the order of
// the steps follows a secret through any number of them.
func (c *checker) checkHandedOn() {
	if len(c.secrets.inputs)+len(c.secrets.vars)+len(c.secrets.steps) == 0 {
		return
	}
	given := make(map[string]bool) // the steps that may know a secret, by their ids
	for _, i := range c.runbook.Order {
		step := c.runbook.Steps[i]
		c.secrets.enter(step)
		for _, use := range step.uses() {
			c.warnHandedOn(use, given)
		}
		if step.Use != nil && c.getsSecret(step.Use, given) {
			given[step.ID()] = true
		}
	}
}

// uses returns all uses of actions that a step has and that are known.
func (s *Step) uses() []*data.Use {
	var uses []*data.Use
	add := func(use *data.Use) {
		if use != nil {
			uses = append(uses, use)
		}
	}
	add(s.Use)
	for _, conditions := range [][]*Condition{s.Gate, s.Verify, s.between()} {
		for _, condition := range conditions {
			add(condition.Observe)
		}
	}
	if s.Rollback != nil {
		add(s.Rollback.Use)
	}
	return uses
}

// getsSecret reports whether a parameter is, or may be, a secret.
func (c *checker) getsSecret(use *data.Use, given map[string]bool) bool {
	for leaf := range use.With.Leaves(use.Action.Description.Input) {
		for ref := range leaf.References() {
			if c.secrets.holds(ref.Ref) || c.handsOn(ref.Ref, given) && mayBeText(leaf) {
				return true
			}
		}
	}
	return false
}

func (c *checker) warnHandedOn(use *data.Use, given map[string]bool) {
	for leaf := range use.With.Leaves(use.Action.Description.Input) {
		if leaf.Into.TakesSecrets() && !leaf.Into.NoSecret() || !mayBeText(leaf) {
			continue
		}
		for ref := range leaf.References() {
			if c.secrets.holds(ref.Ref) || !c.handsOn(ref.Ref, given) {
				continue // that it is one for certain has been said
			}
			why := "is not kept secret"
			if leaf.Into.NoSecret() {
				why = "can be read by others"
			}
			c.add(diag.SecretHandedOn.At(ref.Range, "The step %s was given a secret, which this output of it may hold; the parameter %s of %s %s.",
				ref.Path[0], leaf.Into.Field, use.Action.Description.Name, why))
		}
	}
}

// handsOn reports whether a reference is to an output of a step that may know a secret,
// and one that could hold it: a number or a status never does.
func (c *checker) handsOn(ref expr.Ref, given map[string]bool) bool {
	if ref.Root == expr.RootEach {
		return slices.ContainsFunc(c.secrets.over, func(of data.Reference) bool { return c.handsOn(of.Ref, given) })
	}
	id, ok := ref.Step()
	if !ok || !given[id] || len(ref.Path) > 1 && ref.Path[1] != "outputs" {
		return false
	}
	return data.LeadsToText(c.outputs[id], ref.Path[min(len(ref.Path), 2):])
}

// mayBeText reports whether what a leaf comes to could be a text, or hold one.
func mayBeText(leaf data.Leaf) bool {
	switch leaf.Type() {
	case schema.TypeBoolean, schema.TypeInteger, schema.TypeNumber:
		return false
	default:
		return true
	}
}
