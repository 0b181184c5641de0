package check

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
)

// checkLimits reports limits that the steps go over which are done whatever the inputs are.
func (c *checker) checkLimits() {
	changes, destroys := 0, 0
	for _, step := range c.runbook.Steps {
		if step.Use == nil || step.Use.Action.Reads() || step.Model.When.Node != nil {
			continue
		}
		n := atLeast(step)
		changes += n
		if step.Use.Action.Destroys() {
			destroys += n
		}
	}
	limits := c.model.Limits
	c.checkLimit(limits.MaxChanges, changes, "maxChanges", "change")
	c.checkLimit(limits.MaxDestroys, destroys, "maxDestroys", "destroy")
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
