// Package preview asks the actions of a plan what they would do, and its connections what they
// reach, before anybody begins a run of it.
//
// Making a plan starts nothing and looks at nothing; this does, and only reads. What is so at
// the time, apart from what would be done, is for look. Floor 6.
package preview

import (
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Of asks each connection what it reaches, and the action of each step what it would
// do, as far as its parameters are known, so many at a time, and returns the plan with the
// answers. Actions only read for it. One that cannot answer says why in its step, and what
// it blames in the runbook is a finding; the digest stays as it is, since what would be done
// does. No action is asked over a connection that cannot be made: that may take its time to
// say so, and says the same to each.
func Of(ctx context.Context, p *plan.Plan, parallelism int) (*plan.Plan, diag.List) {
	previewed := p.Copy()
	masker := p.Masker()
	connections, failed := reach(ctx, p, masker)
	previewed.Connections = connections
	steps := slices.Collect(previewed.All())
	found := make([]diag.List, len(steps))
	for _, asked := range steps {
		masker.Derive(asked.Params) // of all, before the first is asked: each may quote what another makes of a secret
	}
	var group errgroup.Group
	group.SetLimit(max(parallelism, 1))
	for i, asked := range steps {
		if !asked.Describe.CanPlan || asked.Skipped() {
			continue
		}
		group.Go(func() error {
			var foreseen sdk.Preview
			err := failed[asked.Connection]
			if err == nil {
				foreseen, err = ask(ctx, &asked.Use)
			}
			if err != nil {
				asked.PreviewError, found[i] = masker.Text(err.Error()), blame(&asked.Use, err, masker)
				return nil
			}
			hide(masker, &foreseen)
			asked.Preview = &foreseen
			return nil
		})
	}
	_ = group.Wait() // no preview returns an error: each is in its step
	return previewed, slices.Concat(found...).Sorted()
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
	for _, lines := range [][]string{foreseen.Warnings, foreseen.Blockers} {
		for i := range lines {
			lines[i] = masker.Text(lines[i])
		}
	}
}

// ask asks an action what it would do with what is known of its parameters.
func ask(ctx context.Context, use *plan.Use) (sdk.Preview, error) {
	if err := ctx.Err(); err != nil {
		return sdk.Preview{}, err
	}
	known, unknown := split(use.Params, "", nil)
	params, err := known.RevealJSON()
	if err != nil {
		return sdk.Preview{}, err
	}
	return use.Handler.Plan(ctx, sdk.Request{Params: params, Unknown: unknown})
}

// split returns an object without the members that are not known yet, and the paths of
// those. A list with an unknown item is left out as a whole: its other items would have
// other indices.
func split(v value.Value, path string, unknown []string) (value.Value, []string) {
	members := make([]value.Member, 0, len(v.Members()))
	for _, m := range v.Members() {
		field := strings.TrimPrefix(path+"."+m.Name, ".")
		switch {
		case !m.Value.HasUnknown():
			members = append(members, m)
		case m.Value.Kind() == value.KindObject:
			m.Value, unknown = split(m.Value, field, unknown)
			members = append(members, m)
		default:
			unknown = append(unknown, field)
		}
	}
	return value.Object(members...), unknown
}
