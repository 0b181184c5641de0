package preview

import (
	"context"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// around asks what takes a step back, and what is observed for it, for what it looks at. Where
// that cannot be told nothing is: only what the step itself would do can fail a preview.
func (a *asker) around(ctx context.Context, s *plan.Step) {
	if s.Rollback != nil && s.Rollback.Use != nil {
		back := *s.Rollback
		back.Use = a.looks(ctx, s, back.Use)
		s.Rollback = &back
	}
	s.Gate, s.Verify = a.observed(ctx, s, s.Gate), a.observed(ctx, s, s.Verify)
}

// observed returns the conditions with what is looked at by what is observed for them.
func (a *asker) observed(ctx context.Context, s *plan.Step, conditions []*plan.Condition) []*plan.Condition {
	asked := make([]*plan.Condition, len(conditions))
	for i, c := range conditions {
		if asked[i] = c; c.Observe != nil {
			own := *c
			own.Observe = a.looks(ctx, s, c.Observe)
			asked[i] = &own
		}
	}
	return asked
}

// looks returns one use of an action with what it looks at, where it does so on this machine:
// what it reaches over a connection is another thing by the time of its use.
func (a *asker) looks(ctx context.Context, s *plan.Step, u *plan.Use) *plan.Use {
	if !u.Describe.CanPlan || u.Connection != nil {
		return u
	}
	foreseen, err := a.ask(ctx, s, u, true)
	if err != nil || len(foreseen.Observed) == 0 {
		return u
	}
	asked := *u
	asked.Preview = &sdk.Preview{Observed: foreseen.Observed}
	hide(a.masker, asked.Preview)
	return &asked
}
