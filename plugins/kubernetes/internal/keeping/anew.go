package keeping

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Deleted is an object that a step deleted, as what was kept of it says.
type Deleted struct {
	manifest.Ref
	UID      types.UID
	Object   json.RawMessage // the whole of it; nil: nobody has it any more
	Managers []metav1.ManagedFieldsEntry
}

// Revive makes an object anew that was part of the inventory: with all that it had, and for
// all who managed any of it, so that the next apply takes nothing from them. What somebody
// else made of that name since is a conflict.
func (v Inventory) Revive(ctx context.Context, d Deleted) error {
	kind, live, err := own.Find(ctx, v.Cluster, own.Named(d.Ref))
	switch {
	case err != nil:
		return err
	case live == nil:
		if live, err = v.makeAnew(ctx, kind, d); err != nil {
			return err
		}
	case live.GetUID() == d.UID && live.GetDeletionTimestamp() != nil:
		return sdk.Errorf(sdk.Transient, "the %s is on its way out, and has to be gone first", d)
	case live.GetAnnotations()[PartOf] != v.String():
		return somebodyMade(d)
	case live.GetUID() == d.UID:
		return nil // it was never deleted
	}
	return cluster.Again(func() error { return v.entrust(ctx, kind, live.GetUID(), d) })
}

func somebodyMade(d Deleted) error {
	return sdk.Errorf(sdk.Conflict, "somebody made another %s meanwhile", d)
}

// makeAnew creates the object, and so writes into none that comes between.
func (v Inventory) makeAnew(ctx context.Context, kind cluster.Kind, d Deleted) (*unstructured.Unstructured, error) {
	switch {
	case d.Runs():
		return nil, sdk.Errorf(sdk.Permanent, "the %s is lost: made anew, it would run a second time", d)
	case d.Object == nil:
		return nil, sdk.Errorf(sdk.Conflict, "the %s is gone, and somebody deleted its backup", d)
	}
	former, err := manifest.Decode(d.Object)
	if err != nil {
		return nil, fmt.Errorf("the %s before the step: %w", d, err)
	}
	if err := v.owned(ctx, former); err != nil {
		return nil, err
	}
	made, err := v.Cluster.Objects(kind, d.Namespace).Create(ctx, former, metav1.CreateOptions{FieldManager: cluster.Manager})
	switch {
	case err == nil:
		return made, nil
	case apierrors.IsAlreadyExists(err):
		return nil, somebodyMade(d)
	}
	err = cluster.FaultIn(ctx, err, "make the %s anew", d)
	if diff.IsSecret(former) && ctx.Err() == nil {
		return nil, sdk.Errorf(sdk.AsError(err).Class, "%s", diff.Hide(sdk.AsError(err).Message, err, former))
	}
	return nil, err
}

// owned leaves an object no owner that is gone, with which Kubernetes would delete it
// again. One that the step made anew has another UID since.
func (v Inventory) owned(ctx context.Context, former *unstructured.Unstructured) error {
	var owners []metav1.OwnerReference
	for _, owner := range former.GetOwnerReferences() {
		kind, err := v.Cluster.Kind(ctx, owner.APIVersion, owner.Kind)
		if cluster.IsUnserved(err) {
			continue
		}
		if err != nil {
			return err
		}
		live, err := v.Cluster.Look(ctx, kind, former.GetNamespace(), owner.Name)
		if err != nil {
			return err
		}
		if live != nil && (live.GetUID() == owner.UID || live.GetAnnotations()[PartOf] == v.String()) {
			owner.UID = live.GetUID()
			owners = append(owners, owner)
		}
	}
	former.SetOwnerReferences(owners)
	return nil
}

// entrust gives the object that was made anew back to those who managed the former one: who
// creates it is taken to manage all of it.
func (v Inventory) entrust(ctx context.Context, kind cluster.Kind, made types.UID, d Deleted) error {
	live, err := v.Cluster.Look(ctx, kind, d.Namespace, d.Name)
	if err != nil || live == nil || live.GetUID() != made {
		return err
	}
	managers, restore, err := fields.Entrusted(live.GetManagedFields(), d.Managers)
	if err != nil || !restore {
		return err
	}
	body, err := json.Marshal(map[string]any{"metadata": map[string]any{"managedFields": managers, "resourceVersion": live.GetResourceVersion()}})
	if err != nil {
		return err
	}
	_, err = v.Cluster.Objects(kind, d.Namespace).Patch(ctx, d.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: cluster.Manager})
	return cluster.FaultIn(ctx, err, "give the %s back to who managed it", d)
}
