package event

import (
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Limits are how much a run may do. What is nil or zero is not limited.
type Limits struct {
	Changes  *int          `json:"maxChanges,omitempty" doc:"How many steps that change or destroy something may begin, each instance of a step with foreach counted."`
	Destroys *int          `json:"maxDestroys,omitempty" doc:"How many of these may destroy."`
	Targets  *int          `json:"maxTargets,omitempty" doc:"How many different things may be touched; a step that cannot say what it touches counts as one."`
	Duration time.Duration `json:"maxDuration,omitempty" doc:"How long after its beginning a run may begin to change something."`
	Cost     sdk.Cost      `json:"maxCost,omitempty" doc:"How much may be spent of each unit."`
}

// Foreseen is what the actions of a plan said before the run, as far as its limits count that.
type Foreseen struct {
	Targets map[string][]int    `json:"targets,omitempty" doc:"Of each step that could tell, by its id, what it touches: a number for each thing, the same wherever that is touched. One that is not here counts as one thing."`
	Cost    map[string]sdk.Cost `json:"cost,omitempty" doc:"Of each step that could tell, by its id, what it costs."`
}
