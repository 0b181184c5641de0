package apply

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// revive makes an object anew that the step deleted.
func (u *undoing) revive(ctx context.Context, r record) error {
	b, err := u.kept(ctx, r)
	if err != nil {
		return err
	}
	kind, err := u.Kind(ctx, r.APIVersion, r.Kind)
	if err != nil {
		return err
	}
	live, err := u.Look(ctx, kind, r.Namespace, r.Name)
	switch {
	case err != nil:
		return err
	case live != nil && live.GetUID() == r.UID && live.GetDeletionTimestamp() != nil:
		return sdk.Errorf(sdk.Transient, "the %s is on its way out, and has to be gone first", r)
	case live != nil && live.GetAnnotations()[keeping.PartOf] == u.member():
		return u.drop(ctx, r) // it was never deleted, or is there again
	case live != nil:
		return sdk.Errorf(sdk.Conflict, "somebody made another %s meanwhile", r)
	case r.Runs():
		return sdk.Errorf(sdk.Permanent, "the %s is lost: made anew, it would run a second time", r)
	case b.Object == nil:
		return sdk.Errorf(sdk.Conflict, "the %s is gone, and somebody deleted its backup", r)
	}
	former, err := manifest.Decode(b.Object)
	if err != nil {
		return fmt.Errorf("the %s before the step: %w", r, err)
	}
	if err := u.owned(ctx, former); err != nil {
		return err
	}
	// Applied and not created, so that the next apply knows what is its own.
	_, err = u.Objects(kind, r.Namespace).Apply(ctx, r.Name, former, metav1.ApplyOptions{FieldManager: cluster.Manager})
	if err != nil {
		return target{Item: manifest.Item{Object: former}, kind: kind}.fault(ctx, err, "make anew")
	}
	return u.drop(ctx, r)
}

// owned leaves an object no owner that is gone, with which Kubernetes would delete it
// again. One that the step made anew has another UID since.
func (u *undoing) owned(ctx context.Context, former *unstructured.Unstructured) error {
	var owners []metav1.OwnerReference
	for _, owner := range former.GetOwnerReferences() {
		kind, err := u.Kind(ctx, owner.APIVersion, owner.Kind)
		if cluster.IsUnserved(err) {
			continue
		}
		if err != nil {
			return err
		}
		live, err := u.Look(ctx, kind, former.GetNamespace(), owner.Name)
		if err != nil {
			return err
		}
		if live != nil && (live.GetUID() == owner.UID || live.GetAnnotations()[keeping.PartOf] == u.member()) {
			owner.UID = live.GetUID()
			owners = append(owners, owner)
		}
	}
	former.SetOwnerReferences(owners)
	return nil
}
