package review

import (
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
)

// Chain is what happens when a step fails for good.
type Chain struct {
	Step   string      `json:"step" doc:"The step that fails."`
	Policy plan.Policy `json:"policy" enum:"rollback,stop,pause,continue"`
	Undo   []string    `json:"undo,omitempty" doc:"The steps that are taken back, in this order, of those that ran side by side the last to end first; the one that failed too, as half of it may be done."`
	Left   []string    `json:"left,omitempty" doc:"The steps that are left, so that a person is needed: nothing takes them back, or what is left was built on them. The one that fails counts as half done; where it did nothing, what it was built on is taken back."`
	Stays  []string    `json:"stays,omitempty" doc:"The steps that the rollback passes over, as the runbook or their action says why they are not taken back."`
	Beside Beside      `json:"beside,omitzero" doc:"What becomes of steps that may be done by then or not, where they are; each at its place by when it ended."`
}

// Beside is what becomes of steps that may be done by then or not when a step fails: those of
// other branches, those whose when nobody knows yet, and those that may have failed before
// without ending the run.
type Beside struct {
	Undo  []string `json:"undo,omitempty" doc:"Those that are taken back, where they are done by then."`
	Left  []string `json:"left,omitempty" doc:"Those that are left, where they are done by then. What is taken back otherwise is among them too, as it is left where one of them was built on it. What the step that fails was built on is taken back where that did nothing."`
	Stays []string `json:"stays,omitempty" doc:"Those that the rollback passes over, where they are done by then."`
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
	for _, s := range p.Steps {
		if s.Skipped() || s.Finally {
			continue
		}
		if named > listed {
			unlisted++
			continue
		}
		chain := Chain{Step: s.ID, Policy: policyOf(s)}
		if chain.Policy == plan.Rollback {
			chain.fill(r, s)
		}
		all = append(all, chain)
		named += chain.length()
	}
	return all, unlisted
}

// policyOf is what happens to the run when a step fails: what takes it in may go on all the same,
// and where it is one of the finally of that, what follows is said there.
func policyOf(s *plan.Step) plan.Policy {
	policy := s.OnFailure
	if s.Closing && s.Outer() != nil {
		policy = s.Outer().OnFailure
	}
	for outer := s.Outer(); outer != nil; outer = outer.Outer() {
		if outer.OnFailure == plan.Continue || outer.Cleans() {
			return plan.Continue
		}
	}
	return policy
}

// fill says what a rollback does when the step fails.
func (c *Chain) fill(r *reach, failed *plan.Step) {
	surely, atMost := r.by(failed)
	left, leftBeside := r.standing(surely), r.standing(atMost)
	for k := range atMost.backward() {
		s := r.counted[k]
		switch {
		case r.told.has(k) && surely.has(k):
			c.Stays = append(c.Stays, s.ID)
			continue
		case r.told.has(k):
			c.Beside.Stays = append(c.Beside.Stays, s.ID)
			continue
		case left.has(k) && surely.has(k):
			c.Left = append(c.Left, s.ID)
			continue // whatever else is done by then
		case left.has(k):
			c.Beside.Left = append(c.Beside.Left, s.ID)
			continue // what was built on it is left for sure
		case surely.has(k):
			c.Undo = append(c.Undo, s.ID)
		case !r.lost.has(k):
			c.Beside.Undo = append(c.Beside.Undo, s.ID)
		}
		if leftBeside.has(k) {
			c.Beside.Left = append(c.Beside.Left, s.ID)
		}
	}
	slices.Reverse(c.Stays) // nothing comes to them in any order, so that they stand as in the plan
	slices.Reverse(c.Beside.Stays)
}

// length is how many steps the chain names.
func (c *Chain) length() (n int) {
	for _, named := range [][]string{c.Undo, c.Left, c.Stays, c.Beside.Undo, c.Beside.Left, c.Beside.Stays} {
		n += len(named)
	}
	return n
}
