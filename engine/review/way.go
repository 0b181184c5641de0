package review

import (
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Way is how a step is taken back. Whoever says anything of that asks [WayBack], so that all
// say the same.
type Way uint8

// The ways back.
const (
	NoNeed    Way = iota // a rollback is not about the step: it changes nothing, is skipped, or is of finally
	TakenBack            // something takes it back
	NoTrace              // its action says that it leaves nothing behind that could be taken back
	Kept                 // the runbook says that it stays
	Lost                 // nothing takes it back, and nobody says why
)

// WayBack tells how a step is taken back.
func WayBack(s *plan.Step) Way {
	back := s.Rollback
	switch {
	case !s.Changes(), s.Finally, s.Closing, s.Skipped():
		return NoNeed
	case back == nil:
		return Lost
	case back.None == "":
		return TakenBack
	case s.Describe.NothingToUndo != "" && s.Effect != sdk.Destroy:
		return NoTrace
	default:
		return Kept
	}
}

// isSure reports whether nobody doubts that a step cannot be taken back. That the runbook says
// why nothing does it does not tell what has no need of it from what has no way, but of what
// is destroyed.
func (w Way) isSure(s *plan.Step) bool {
	return w == Lost || w == Kept && s.Effect == sdk.Destroy
}

// isTold reports whether it is said why the step is not taken back: a rollback passes it over.
func (w Way) isTold() bool { return w == NoTrace || w == Kept }

// noReturn is the first step behind which not all can be as it was, and the first before that
// of which it may be so.
func noReturn(p *plan.Plan) (sure, perhaps string) {
	for _, s := range p.Steps {
		switch way := WayBack(s); {
		case way.isSure(s):
			return s.ID, perhaps
		case way == Kept && perhaps == "":
			perhaps = s.ID
		}
	}
	return "", perhaps
}
