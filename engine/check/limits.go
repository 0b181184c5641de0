package check

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
)

// changes is how many steps change something, and how many of these destroy.
type changes struct{ all, destroys int }

// checkLimits reports limits that the steps go over which are done whatever the inputs are.
func (c *checker) checkLimits() {
	sum := &c.runbook.surely
	for _, step := range c.runbook.Steps {
		if step.Use == nil || step.Use.Action.Reads() || step.Model.When.Node != nil {
			continue
		}
		n := atLeast(step)
		each := changes{all: 1}
		switch {
		case step.Runbook != nil:
			each = step.Runbook.surely
		case step.Use.Action.Destroys():
			each.destroys = 1
		}
		sum.all, sum.destroys = sum.all+n*each.all, sum.destroys+n*each.destroys
	}
	limits := c.model.Limits
	c.checkLimit(limits.MaxChanges, sum.all, "maxChanges", "change")
	c.checkLimit(limits.MaxDestroys, sum.destroys, "maxDestroys", "destroy")
	c.checkUnits(limits.MaxCost.Entries)
}

// checkUnits reports costs that are limited in units in which no action counts. Where an action
// may say its cost in any unit, nobody knows before it does.
func (c *checker) checkUnits(limited []model.Entry[model.Number]) {
	if len(limited) == 0 {
		return
	}
	counted := map[string]bool{}
	if !unitsOf(c.runbook, counted) {
		return
	}
	units := slices.Sorted(maps.Keys(counted))
	for _, most := range limited {
		if unit := most.Key.Value; !counted[unit] {
			found := diag.UnknownUnit.At(most.Key.Range(), "No action of the runbook says what it costs in %q.", diag.Clean(unit))
			c.add(c.suggest(found, unit, units))
		}
	}
}

// unitsOf adds the units in which the actions of a runbook say what they cost, and reports
// whether these are all.
func unitsOf(runbook *Runbook, units map[string]bool) bool {
	for _, step := range runbook.Steps {
		switch {
		case step.Runbook != nil:
			if !unitsOf(step.Runbook, units) {
				return false
			}
			continue
		case step.Use == nil:
			return false // of which there is a finding
		}
		action := step.Use.Action
		counts, others := action.Description.CostUnits()
		if others && (action.Plugin != nil || action.Description.CostOutput != "") {
			return false // of the built-in actions none foresees a cost
		}
		for _, unit := range counts {
			units[unit] = true
		}
	}
	return true
}

func (c *checker) checkLimit(most model.Integer, surely int, key, what string) {
	if most.Node == nil || most.Value < 0 || int64(surely) <= most.Value {
		return
	}
	if surely != 1 {
		what += "s"
	}
	c.add(diag.LimitTooLow.At(most.Range(), "The steps make at least %d %s, and %s is %d.", surely, what, key, most.Value))
}

// atLeast is how often a step is done that nothing skips, as far as the runbook says it.
func atLeast(step *Step) int {
	if step.Loop == nil {
		return 1
	}
	over, constant := step.Loop.Over.Constant()
	if !constant {
		return 0
	}
	return len(over.Items()) + len(over.Members()) // it is a list, or a map
}
