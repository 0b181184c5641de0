package engine_test

import (
	"cmp"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/review"
)

// rollback holds what a run took back, what it left and what stays in the world, as the runbook
// says why it is not taken back, against what the plan said of the failure that ended it.
func (p prophecy) rollback(result *event.Result) {
	chain, failed, ok := p.chain()
	if !ok {
		return
	}
	said := func(what string, ids []string, surely, perhaps []string) {
		for _, id := range ids {
			s, _ := p.Step(id)
			if s.Finally {
				continue
			}
			p.told[what]++
			if !slices.Contains(slices.Concat(surely, perhaps), cmp.Or(s.Of, id)) {
				p.Fatalf("%s %s where %s fails, and the plan does not say so: %+v\n%s", id, what, failed.ID, chain, p.world.text)
			}
		}
	}
	var stays, left []string
	for _, id := range result.Changed {
		if s, _ := p.Step(id); s.Rollback != nil && s.Rollback.None != "" {
			stays = append(stays, id)
		}
	}
	if !slices.ContainsFunc(result.Left, p.rollbackFailed) {
		left = result.Left // and else what that is built on is left too
	}
	said("stays", stays, chain.Stays, chain.Beside.Stays)
	surely, perhaps := chain.Undo, chain.Beside.Undo
	if review.WayBack(failed) == review.Lost && !slices.Contains(result.Changed, failed.ID) {
		// It is said to be left, half done, and what it was built on with it; and it did nothing.
		surely, perhaps = slices.Concat(surely, chain.Left), slices.Concat(perhaps, chain.Beside.Left)
	}
	said("taken back", result.Undone, surely, perhaps)
	said("left", left, chain.Left, chain.Beside.Left)
	p.surely("taken back or left", failed, chain.Undo, slices.Concat(result.Undone, result.Left))
	p.surely("to stay", failed, chain.Stays, stays)
	if review.WayBack(failed) != review.Lost { // of which half may be done, or nothing
		p.surely("left", failed, chain.Left, result.Left)
	}
}

// surely holds what a plan says of steps where one fails, whatever else comes to pass, against
// those of which it was so.
func (p prophecy) surely(what string, failed *plan.Step, said, was []string) {
	for _, id := range said {
		of := func(one string) bool { s, _ := p.Step(one); return one == id || s.Of == id }
		p.told["surely "+what]++
		if id != failed.ID && !slices.ContainsFunc(was, of) {
			p.Fatalf("%s is not %s where %s fails, and the plan says so\n%s", id, what, failed.ID, p.world.text)
		}
	}
}

// rollbackFailed reports whether a step is left as what takes it back failed, and not for what
// was built on it.
func (p prophecy) rollbackFailed(id string) bool {
	s, _ := p.Step(id)
	return review.WayBack(s) == review.TakenBack && slices.ContainsFunc(p.happened, func(e event.Event) bool {
		return e.Type == event.StepDecided && e.Status == event.LeftOver && e.Op.Step == id &&
			e.Failure.Message != "a step that needs it could not be taken back"
	})
}

// chain is what the plan says of the failure that ended a run in a rollback.
func (p prophecy) chain() (chain review.Chain, failed *plan.Step, ok bool) {
	at := slices.IndexFunc(p.happened, func(e event.Event) bool {
		if e.Type != event.StepDecided || e.Status != event.Failed {
			return false
		}
		s, _ := p.Step(e.Op.Step)
		return !s.Finally && s.OnFailure != plan.Continue && s.Of == "" // of a loop some instances may fail
	})
	if at < 0 {
		return review.Chain{}, nil, false
	}
	failed, _ = p.Step(p.happened[at].Op.Step)
	if failed.OnFailure != plan.Rollback {
		return review.Chain{}, nil, false
	}
	for _, chain := range review.Of(p.Plan, nil).Chains {
		if chain.Step == failed.ID {
			return chain, failed, true
		}
	}
	p.Fatalf("%s fails, and the plan does not say what happens then\n%s", failed.ID, p.world.text)
	return review.Chain{}, nil, false
}
