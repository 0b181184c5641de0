// Package preview asks the actions of a plan what they would do, and its connections what they
// reach, before anybody begins a run of it.
//
// Making a plan starts nothing and looks at nothing; this does, and only reads. What is so at
// the time, apart from what would be done, is for look. Floor 6.
package preview

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/patience"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// longest is how long one action may take to say what it would do: a person waits.
const longest = 30 * time.Second

// Options are how it is asked.
type Options struct {
	AtOnce int // how many actions are asked at one time at most
	// Asking is told what is being asked, each time that this changes, and never twice at one
	// time; nil: nobody is.
	Asking func(asked []string)
}

// Of asks each connection what it reaches, and the action of each step what it would
// do, as far as its parameters are known, so many at a time, and returns the plan with the
// answers. Actions only read for it. One that cannot answer says why in its step, and what
// it blames in the runbook is a finding; the digest stays as it is, since what would be done
// does. No action is asked over a connection that cannot be made: that may take its time to
// say so, and says the same to each. What has not answered when the context ends says so too.
//
// What takes a step back and what is observed for it is asked too, where it is done on this
// machine, for what it looks at: what it would do depends on what is so by then.
func Of(ctx context.Context, p *plan.Plan, o Options) (*plan.Plan, diag.List) {
	previewed := p.Copy()
	asker := asker{masker: p.Masker(), asking: patience.NewAsking(o.Asking)}
	connections, failed := asker.reach(ctx, p)
	previewed.Connections, asker.failed = connections, failed
	steps := slices.Collect(previewed.All())
	found := make([]diag.List, len(steps))
	for _, step := range steps {
		asker.masker.Derive(step.Params) // of all, before the first is asked: each may quote what another makes of a secret
	}
	var group errgroup.Group
	group.SetLimit(max(o.AtOnce, 1))
	for i, step := range steps {
		if step.Skipped() {
			continue
		}
		group.Go(func() error {
			found[i] = asker.step(ctx, step)
			return nil
		})
	}
	for _, s := range previewed.Steps {
		if s.Loop != nil && !s.Skipped() {
			group.Go(func() error {
				s.Loop.Between = asker.observed(ctx, s, s.Loop.Between) // of the whole, as no instance has it
				return nil
			})
		}
	}
	_ = group.Wait() // no preview returns an error: each is in its step
	return previewed, slices.Concat(found...).Sorted()
}

// asker asks for one plan.
type asker struct {
	masker *value.Masker
	asking *patience.Asking
	failed map[*plan.Connection]error // those that cannot be made
}

// step asks what a step would do, and what it and all around it look at.
func (a *asker) step(ctx context.Context, s *plan.Step) diag.List {
	if s.Describe.CanPlan {
		var foreseen sdk.Preview
		err := a.failed[s.Connection]
		if err == nil {
			foreseen, err = a.ask(ctx, s, &s.Use, false)
		}
		if err != nil {
			_, s.PreviewCut = errors.AsType[*patience.CutError](err)
			s.PreviewError = a.masker.Text(err.Error())
			return blame(&s.Use, err, a.masker)
		}
		hide(a.masker, &foreseen)
		s.Preview = &foreseen
	}
	a.around(ctx, s)
	return nil
}

// hide masks the secrets in what an action foresaw: it may quote what it was given.
func hide(masker *value.Masker, foreseen *sdk.Preview) {
	foreseen.Summary = masker.Text(foreseen.Summary)
	for i := range foreseen.Changes {
		change := &foreseen.Changes[i]
		for _, text := range []*string{&change.Target, &change.Kind, &change.Op, &change.Diff} {
			*text = masker.Text(*text)
		}
	}
	for i := range foreseen.Observed {
		seen := &foreseen.Observed[i]
		for _, text := range []*string{&seen.Kind, &seen.Name, &seen.Version, &seen.ID} {
			*text = masker.Text(*text)
		}
	}
	for unit, amount := range foreseen.Cost {
		if shown := masker.Text(unit); shown != unit {
			delete(foreseen.Cost, unit)
			foreseen.Cost[shown] = amount
		}
	}
	for _, lines := range [][]string{foreseen.Warnings, foreseen.Blockers} {
		for i := range lines {
			lines[i] = masker.Text(lines[i])
		}
	}
}

// ask asks an action what it would do with what is known of its parameters; later: at another
// point of the step than where it begins.
func (a *asker) ask(ctx context.Context, of *plan.Step, use *plan.Use, later bool) (sdk.Preview, error) {
	known := split(use.Params)
	params, err := known.value.RevealJSON()
	if err != nil {
		return sdk.Preview{}, err
	}
	begins := make(map[string]json.RawMessage, len(known.begins))
	for path, items := range known.begins {
		if begins[path], err = items.RevealJSON(); err != nil {
			return sdk.Preview{}, err
		}
	}
	defer a.asking.Begin(use.Action + " for " + of.ID)()
	return patience.Within(ctx, longest, func(ctx context.Context) (sdk.Preview, error) {
		foreseen, err := use.Handler.Plan(ctx, sdk.Request{Params: params, Unknown: known.unknown, Begins: begins, Later: later})
		if err == nil {
			err = foreseen.Cost.Validate()
		}
		return foreseen, err
	})
}
