// Package review works out of a plan what whoever approves it wants to know before the
// steps: what stands in its way, what it touches, where there is no way back, how a rollback
// would go, and how long it takes. It looks at the plan and at nothing else. Floor 6.
package review

import (
	"time"

	"github.com/gatebook/gatebook/engine/plan"
)

// Review is what there is to know of a plan as a whole.
type Review struct {
	Problems []Problem `json:"problems" doc:"What stands in the way of a run, or a reviewer should look at, the worst first."`
	NoReturn string    `json:"noReturn,omitempty" doc:"The first step that cannot be taken back: nothing does it, or it destroys; absent: there is none."`
	Perhaps  string    `json:"noReturnPerhaps,omitempty" doc:"The first step before it of which the runbook says why nothing takes it back, be it that there is no need to or no way; absent: there is none."`
	Limits   []Limited `json:"limits,omitempty" doc:"What the plan makes of each limit of its runbook; absent: it sets none."`
	Radius   []Objects `json:"radius" doc:"What the actions say that they would touch, by target, kind and operation."`
	Silent   []string  `json:"silent,omitempty" doc:"The steps that change something and cannot say what."`
	Chains   []Chain   `json:"chains" doc:"What happens when a step fails, for each that may."`
	Unlisted int       `json:"unlisted,omitempty" doc:"How many chains are left out, as they would be too long together."`
	// Behind says of steps behind a change which one that is; see [Behind].
	Behind map[string]string `json:"-"`
	Time   Time              `json:"time" doc:"How long it takes."`
}

// Of reviews a plan. past says how long its steps took in earlier runs, by their ids; it may
// be nil.
func Of(p *plan.Plan, past map[string]Past) *Review {
	behind := Behind(p)
	takes := timeOf(p, past)
	limits := Limits(p, Foreseen(p), takes)
	r := &Review{Problems: problems(p, behind, takes, limits), Behind: behind, Time: takes, Limits: limits}
	r.NoReturn, r.Perhaps = noReturn(p)
	r.Radius, r.Silent = radius(p)
	r.Chains, r.Unlisted = chains(p)
	return r
}

// Past is how long a step took in earlier runs.
type Past struct {
	Median time.Duration
	P95    time.Duration
	Runs   int
}
