package plan

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// limitsOf are the limits that a runbook sets; nil: it sets none.
func limitsOf(said model.Limits) *event.Limits {
	if said.Node == nil {
		return nil
	}
	limits := &event.Limits{
		Changes: most(said.MaxChanges), Destroys: most(said.MaxDestroys), Targets: most(said.MaxTargets),
		Duration: said.MaxDuration.Value,
	}
	for _, cost := range said.MaxCost.Entries {
		if limits.Cost == nil {
			limits.Cost = sdk.Cost{}
		}
		limits.Cost[cost.Key.Value] = cost.Value.Value
	}
	return limits
}

// most is a number that a runbook says; nil: it does not.
func most(said model.Integer) *int {
	if said.Node == nil {
		return nil
	}
	n := int(said.Value)
	return &n
}
