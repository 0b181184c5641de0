package preview

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// reach asks each connection that is used what it reaches, and returns them with the
// answers, and why those cannot be made that cannot.
func (a *asker) reach(ctx context.Context, p *plan.Plan) (asked []*plan.Connection, failed map[*plan.Connection]error) {
	asked, errs := make([]*plan.Connection, len(p.Connections)), make([]error, len(p.Connections))
	var group errgroup.Group
	for i, c := range p.Connections {
		answered := *c
		asked[i] = &answered
		group.Go(func() error {
			defer a.asking.Begin(c.Called())()
			_, errs[i] = patience.Within(ctx, longest, func(ctx context.Context) (struct{}, error) { return struct{}{}, c.Reach(ctx) })
			if errs[i] != nil {
				fault := *sdk.AsError(errs[i])
				fault.Connection = "" // it is the one that says so
				answered.TargetError = a.masker.Text(fault.Error())
				return nil
			}
			if target := p.Targets.Show(c); target.ID != "" {
				answered.Target = &sdk.Target{ID: a.masker.Text(target.ID), Title: a.masker.Text(target.Title)} // the rest is for gatebook
			}
			return nil
		})
	}
	_ = group.Wait() // what went wrong is with the connection
	failed = make(map[*plan.Connection]error)
	for i, c := range p.Connections {
		if errs[i] != nil {
			failed[c] = errs[i]
		}
	}
	return asked, failed
}
