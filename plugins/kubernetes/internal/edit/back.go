package edit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// TakeBack gives the fields of an edit their values from before, in one change or not
// at all. Values of a Secret that the edit replaced are an error, after all else.
func (e Edit) TakeBack(ctx context.Context, before Before) error {
	if len(before.Changes) == 0 {
		return nil // the step changed nothing
	}
	var lost []string
	err := cluster.Again(func() (err error) {
		lost, err = e.restore(ctx, before)
		return err
	})
	if err == nil && len(lost) > 0 {
		err = sdk.Errorf(sdk.Permanent, "%s in the %s cannot be put back, since the values of a Secret are kept nowhere",
			strings.Join(lost, ", "), e)
	}
	return err
}

// Lost are the values of a Secret that the edit replaces or removes, which cannot be
// put back.
func (b Before) Lost() []string {
	var lost []string
	for _, change := range b.Changes {
		if change.Secret && change.Before.There {
			lost = append(lost, change.Path.String())
		}
	}
	return lost
}

// restore returns what it cannot put back.
func (e Edit) restore(ctx context.Context, before Before) (lost []string, err error) {
	live, err := e.Live(ctx)
	if err != nil {
		return nil, err
	}
	if err := e.same(live, before.UID); err != nil {
		return nil, err
	}
	var back, secrets []fields.Change
	for _, change := range before.Changes {
		switch change.Standing(live) {
		case fields.Original: // taken back already, or never changed
		case fields.Other:
			return nil, e.meddled(live, change)
		case fields.Changed:
			back = append(back, change)
		case fields.Unknown:
			secrets = append(secrets, change)
		}
	}
	added, lost, err := e.ofSecret(ctx, live, secrets)
	if err != nil {
		return nil, err
	}
	if back = append(back, added...); len(back) == 0 {
		return lost, nil
	}
	patch, err := fields.Restoring(live, back)
	if err != nil {
		return nil, fmt.Errorf("take back the edit of the %s: %w", e, err)
	}
	_, err = e.send(ctx, types.MergePatchType, patch, live)
	return lost, err
}

// ofSecret looks at changes of values that are not kept: which of them were added and
// can be removed, and which are lost. That a value is still the edit's own is asked of
// the server: the edit, made again, would not change it.
func (e Edit) ofSecret(ctx context.Context, live *unstructured.Unstructured, changes []fields.Change) (added []fields.Change, lost []string, err error) {
	if len(changes) == 0 {
		return nil, nil, nil
	}
	again, err := e.Foresee(ctx, live)
	if err != nil {
		return nil, nil, fmt.Errorf("whether the values of the %s are still those of this step cannot be told: %w", e, err)
	}
	differs := again.Paths()
	for _, change := range changes {
		path := change.Path.String()
		own := !slices.Contains(differs, path)
		switch {
		case change.Before.There && own:
			lost = append(lost, path)
		case change.Before.There: // it is as it was, or somebody has given it another value
		case change.IsThere(live) && !own:
			return nil, nil, e.meddled(live, change)
		case change.IsThere(live):
			added = append(added, change)
		}
	}
	return added, lost, nil
}
