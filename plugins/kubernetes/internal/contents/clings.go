package contents

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Made is what tells a step's own work in an object from that of others.
type Made = fields.Made

// Clings refuses to delete an object that a step made, where what is not the step's would
// go with it: what others set in it or put into it, or data.
func Clings(ctx context.Context, c *cluster.Cluster, of cluster.Kind, made Made) error {
	live := made.Live
	r := of.Named(live.GetNamespace(), live.GetName())
	who, what, err := changed(ctx, c, of, made)
	switch {
	case err != nil:
		return err
	case who != "":
		return sdk.Errorf(sdk.Conflict, "the %s stays: %s changed %s of it, since the step made it", r, who, what)
	}
	if err := Keeps(ctx, c, of, live); err != nil {
		return err
	}
	return isEmpty(ctx, c, of, live)
}

// changed names who changed what the object shall be, since the step made it, and a field
// of that. A field that other actions of ours set is no change where the server gives it
// the same value by itself: so it is with what was set and taken back.
func changed(ctx context.Context, c *cluster.Cluster, of cluster.Kind, made fields.Made) (who, what string, err error) {
	live := made.Live
	r := of.Named(live.GetNamespace(), live.GetName())
	who, what, extra, err := made.Since()
	if err != nil {
		return "", "", sdk.Errorf(sdk.Permanent, "the %s: %w", r, err)
	}
	if who != "" || len(extra) == 0 {
		return who, what, nil
	}
	patch, err := fields.Restoring(live, extra)
	if err == nil {
		err = unstructured.SetNestedField(patch, live.GetResourceVersion(), "metadata", "resourceVersion")
	}
	if err != nil {
		return "", "", err
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return "", "", err
	}
	without, err := c.Objects(of, live.GetNamespace()).Patch(ctx, live.GetName(), types.MergePatchType, body,
		metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: []string{metav1.DryRunAll}})
	if apierrors.IsInvalid(err) { // it cannot do without
		return fields.Who(live, made.By, extra[0]), extra[0].Path.String(), nil
	}
	if err != nil {
		return "", "", cluster.FaultIn(ctx, err, "look what was set in the %s", r)
	}
	i := slices.IndexFunc(extra, func(c fields.Change) bool { return !c.Same(live, without) })
	if i < 0 {
		return "", "", nil
	}
	return fields.Who(live, made.By, extra[i]), extra[i].Path.String(), nil
}

// isEmpty refuses what holds objects that others put into it.
func isEmpty(ctx context.Context, c *cluster.Cluster, of cluster.Kind, live *unstructured.Unstructured) error {
	found, unseen, err := held(ctx, c, of, live)
	if err != nil {
		return err
	}
	r := of.Named("", live.GetName())
	found = slices.DeleteFunc(found, comesAndGoesByItself)
	theirs := slices.DeleteFunc(slices.Clone(found), func(f Found) bool {
		return f.Meta.Annotations[cluster.CreatedBy] != "" && f.Meta.Annotations[cluster.CreatedBy] == live.GetAnnotations()[cluster.CreatedBy]
	})
	switch {
	case len(unseen) > 0:
		return sdk.Errorf(sdk.Conflict, "the %s stays: somebody may have put something into it that you may not list: %s", r, strings.Join(unseen, ", "))
	case len(theirs) > 0:
		return sdk.Errorf(sdk.Conflict, "the %s stays: somebody put the %s into it%s", r, theirs[0], more(theirs))
	case len(found) > 0:
		return sdk.Errorf(sdk.Conflict, "the %s stays: it still holds the %s, which the step made%s", r, found[0], more(found))
	default:
		return nil
	}
}

// more counts those of a list after its first.
func more(found []Found) string {
	if len(found) < 2 {
		return ""
	}
	return fmt.Sprintf(", and %d more", len(found)-1)
}

// comesAndGoesByItself says whether a controller makes the object and takes it away, or it
// is on its way out already.
func comesAndGoesByItself(f Found) bool {
	if f.Meta.DeletionTimestamp != nil {
		return true
	}
	switch f.Kind.Name {
	case "Endpoints", "EndpointSlice", "Lease", "PodMetrics":
		return true
	case "ConfigMap":
		return f.Meta.Name == "kube-root-ca.crt" || len(f.Meta.OwnerReferences) > 0
	case "ServiceAccount":
		return f.Meta.Name == "default"
	default:
		return len(f.Meta.OwnerReferences) > 0
	}
}
