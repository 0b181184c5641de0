package plan

import (
	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// limitsOf are the limits that a runbook sets; nil: it sets none.
func limitsOf(checked *check.Runbook) *event.Limits {
	said := checked.Model.Limits
	if said.Node == nil {
		return nil
	}
	limits := &event.Limits{Duration: said.MaxDuration.Value}
	set := func(limit **int, isSaid bool, n int64) {
		if most := int(n); isSaid {
			*limit = &most
		}
	}
	set(&limits.Changes, said.MaxChanges.Node != nil, said.MaxChanges.Value)
	set(&limits.Destroys, said.MaxDestroys.Node != nil, said.MaxDestroys.Value)
	set(&limits.Targets, said.MaxTargets.Node != nil, said.MaxTargets.Value)
	for _, cost := range said.MaxCost.Entries {
		if limits.Cost == nil {
			limits.Cost = sdk.Cost{}
		}
		limits.Cost[cost.Key.Value] = cost.Value.Value
	}
	return limits
}
