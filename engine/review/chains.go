package review

import "github.com/gatebook/gatebook/engine/plan"

// Chain is what happens when a step fails for good.
type Chain struct {
	Step   string      `json:"step" doc:"The step that fails."`
	Policy plan.Policy `json:"policy" enum:"rollback,stop,pause,continue"`
	Undo   []string    `json:"undo,omitempty" doc:"The steps that are taken back, in this order, of those that ran side by side the last to end first; the one that failed too, as half of it may be done."`
	Beside []string    `json:"beside,omitempty" doc:"The steps of other branches that are taken back too, where they are done by then; each at its place by when it ended."`
	Left   []string    `json:"left,omitempty" doc:"The steps that stay: nothing takes them back, or what stays was built on them."`
	Stays  []string    `json:"stays,omitempty" doc:"The steps that stay too where other branches are done by then: those of them that nothing takes back, and what these were built on."`
}

// listed is how many steps are named in all chains together: in a runbook of thousands each
// would name thousands.
const listed = 20_000

// chains works out what happens when a step fails, for each that may, and returns how many
// are left out.
func chains(p *plan.Plan) (all []Chain, unlisted int) {
	all = []Chain{}
	r := reachOf(p)
	named := 0
	for i, s := range p.Steps {
		if s.Skipped() || s.Finally {
			continue
		}
		if named > listed {
			unlisted++
			continue
		}
		chain := Chain{Step: s.ID, Policy: s.OnFailure}
		if s.OnFailure == plan.Rollback {
			chain.fill(r, i)
		}
		all = append(all, chain)
		named += len(chain.Undo) + len(chain.Beside) + len(chain.Left) + len(chain.Stays)
	}
	return all, unlisted
}

// fill says what a rollback does when the step fails.
func (c *Chain) fill(r *reach, failed int) {
	surely, atMost := r.by(failed)
	stays, beside := r.standing(surely), r.standing(atMost)
	for k := range atMost.backward() {
		s := r.counted[k]
		switch {
		case stays.has(k):
			c.Left = append(c.Left, s.ID)
			continue // whatever other branches do
		case surely.has(k):
			c.Undo = append(c.Undo, s.ID)
		case !r.impossible.has(k):
			c.Beside = append(c.Beside, s.ID)
		}
		if beside.has(k) {
			c.Stays = append(c.Stays, s.ID)
		}
	}
}
