// Package review works out of a plan what whoever approves it wants to know before the
// steps: what stands in its way, what it touches, where there is no way back, how a rollback
// would go, and how long it takes. It looks at the plan and at nothing else. Floor 6.
package review

import (
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Review is what there is to know of a plan as a whole.
type Review struct {
	Problems []Problem `json:"problems" doc:"What stands in the way of a run, or a reviewer should look at, the worst first."`
	NoReturn string    `json:"noReturn,omitempty" doc:"The first step that cannot be taken back; absent: all can."`
	Radius   []Objects `json:"radius" doc:"What the actions say that they would touch, by target, kind and operation."`
	Silent   []string  `json:"silent,omitempty" doc:"The steps that change something and cannot say what."`
	Chains   []Chain   `json:"chains" doc:"What happens when a step fails, for each that may."`
	Unlisted int       `json:"unlisted,omitempty" doc:"How many chains are left out, as they would be too long together."`
	Time     Time      `json:"time" doc:"How long it takes."`
}

// Of reviews a plan. past says how long its steps took in earlier runs, by their ids; it may
// be nil.
func Of(p *plan.Plan, past map[string]Past) *Review {
	r := &Review{Problems: problems(p), NoReturn: noReturn(p), Time: timeOf(p, past)}
	r.Radius, r.Silent = radius(p)
	r.Chains, r.Unlisted = chains(p)
	return r
}

// way is how a step is taken back.
type way uint8

const (
	needless   way = iota // there is nothing to take back
	undone                // something takes it back
	impossible            // nothing does
)

func wayBack(s *plan.Step) way {
	switch back := s.Rollback; {
	case !s.Changes(), s.Finally, s.Skipped(), back != nil && back.None != "":
		return needless
	case back != nil:
		return undone
	default:
		return impossible
	}
}

// noReturn is the first step behind which not all can be as it was: one that destroys, also
// where the runbook says that nothing needs to be taken back, or one that nothing takes back.
func noReturn(p *plan.Plan) string {
	for _, s := range p.Steps {
		if s.Skipped() || s.Finally {
			continue
		}
		if wayBack(s) == impossible || s.Effect == sdk.Destroy && wayBack(s) != undone {
			return s.ID
		}
	}
	return ""
}

// Past is how long a step took in earlier runs.
type Past struct {
	Median time.Duration
	P95    time.Duration
	Runs   int
}
