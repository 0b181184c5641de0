package plan

import "github.com/gatebook/gatebook/plugins/sdk"

// Counts sums up the steps by what they do.
type Counts struct {
	Steps   int `json:"steps"`
	Read    int `json:"read"`
	Change  int `json:"change"`
	Destroy int `json:"destroy"`
	Asks    int `json:"asks" doc:"Steps that wait for people."`
	// Runbooks are not among Steps: each of their steps is.
	Runbooks int `json:"runbooks,omitempty" doc:"How many steps take in a runbook, whose steps are counted, and not they."`
	Open     int `json:"open,omitempty" doc:"Steps that are done for many which are not known yet, each counted once."`
	Skipped  int `json:"skipped,omitempty" doc:"Steps that are known to be skipped, which none of the others but the first counts."`
	LeftOut  int `json:"leftOut,omitempty" doc:"Of those that are skipped, the ones that are left out by a mode, or by a person's word."`
}

// count counts a step, of one that is done for many each instance that is known.
func (p *Plan) count(s *Step) {
	if s.Loop != nil && !s.Loop.Known() && !s.Skipped() && !s.stands {
		p.Counts.Open++
	}
	for _, one := range s.Each() {
		if one.Skipped() {
			p.Counts.skip(one)
			continue
		}
		p.Counts.add(one)
	}
}

func (c *Counts) skip(s *Step) {
	if s.Runbook != nil {
		return
	}
	c.Steps++
	c.Skipped++
	if s.IsLeftOut() {
		c.LeftOut++
	}
}

func (c *Counts) add(s *Step) {
	if s.Runbook != nil {
		c.Runbooks++
		return
	}
	c.Steps++
	if s.Describe.Asks {
		c.Asks++
	}
	switch s.Effect {
	case sdk.Read:
		c.Read++
	case sdk.Change:
		c.Change++
	case sdk.Destroy:
		c.Destroy++
	}
}
