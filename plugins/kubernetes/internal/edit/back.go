package edit

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
		if change.IsLost() {
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
	var back []fields.Change
	for _, change := range before.Changes {
		switch change.Standing(live) {
		case fields.Original: // taken back already, or never changed
		case fields.Other:
			return nil, fields.Meddled(e.String(), live, metav1.ManagedFieldsOperationUpdate, change)
		case fields.Changed:
			switch {
			case change.SetSince(live, metav1.ManagedFieldsOperationUpdate) != "":
				return nil, fields.Meddled(e.String(), live, metav1.ManagedFieldsOperationUpdate, change)
			case change.IsLost():
				lost = append(lost, change.Path.String())
			default:
				back = append(back, change)
			}
		}
	}
	if len(back) == 0 {
		return lost, nil
	}
	patch, err := fields.Restoring(live, back)
	if err != nil {
		return nil, fmt.Errorf("take back the edit of the %s: %w", e, err)
	}
	_, err = e.send(ctx, types.MergePatchType, patch, live)
	return lost, err
}
