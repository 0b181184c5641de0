package contents

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Clings refuses to delete an object that a step made, where what is not the step's would
// go with it: what others set in it or put into it, or data.
func Clings(ctx context.Context, c *cluster.Cluster, of cluster.Kind, live *unstructured.Unstructured) error {
	r := of.Named(live.GetNamespace(), live.GetName())
	if who, what, err := changed(live); err != nil || who != "" {
		if err != nil {
			return sdk.Errorf(sdk.Permanent, "the %s: %w", r, err)
		}
		return sdk.Errorf(sdk.Conflict, "the %s stays: %s changed %s of it, since the step made it", r, who, what)
	}
	if isBound(of, live) {
		return sdk.Errorf(sdk.Conflict, "the %s stays: it is bound, and the data would be lost with it", r)
	}
	return isEmpty(ctx, c, of, live)
}

// changed names somebody else who manages fields of what the object shall be, and one of
// them. The metadata is what controllers write into, and the control plane is nobody.
func changed(live *unstructured.Unstructured) (who, what string, err error) {
	for _, entry := range live.GetManagedFields() {
		if entry.Manager == cluster.Manager || entry.Subresource == "status" || strings.HasPrefix(entry.Manager, "kube-") || entry.FieldsV1 == nil {
			continue
		}
		managed := &fieldpath.Set{}
		if err := managed.FromJSON(strings.NewReader(string(entry.FieldsV1.GetRawBytes()))); err != nil {
			return "", "", err
		}
		managed.Leaves().Iterate(func(path fieldpath.Path) {
			if top := path[0].FieldName; top != nil && *top != "metadata" && *top != "status" {
				who, what = entry.Manager, strings.TrimPrefix(path.String(), ".")
			}
		})
	}
	return who, what, nil
}

// isBound says whether it is a claim or a volume that the other one belongs to, or did.
func isBound(of cluster.Kind, live *unstructured.Unstructured) bool {
	if of.Served.Group != "" || of.Name != "PersistentVolumeClaim" && of.Name != "PersistentVolume" {
		return false
	}
	_, claimed, _ := unstructured.NestedMap(live.Object, "spec", "claimRef")
	volume, _, _ := unstructured.NestedString(live.Object, "spec", "volumeName")
	return claimed || volume != ""
}

// isEmpty refuses what holds objects that others put into it.
func isEmpty(ctx context.Context, c *cluster.Cluster, of cluster.Kind, live *unstructured.Unstructured) error {
	found, unseen, err := Of(ctx, c, of, live)
	if err != nil {
		return err
	}
	r := of.Named("", live.GetName())
	found = slices.DeleteFunc(found, comesAndGoesByItself)
	switch {
	case len(unseen) > 0:
		return sdk.Errorf(sdk.Conflict, "the %s stays: somebody may have put something into it that you may not list: %s", r, strings.Join(unseen, ", "))
	case len(found) == 0:
		return nil
	}
	more := ""
	if len(found) > 1 {
		more = fmt.Sprintf(", and %d more", len(found)-1)
	}
	return sdk.Errorf(sdk.Conflict, "the %s stays: somebody put the %s into it%s", r, found[0], more)
}

// comesAndGoesByItself says whether a controller makes the object and takes it away.
func comesAndGoesByItself(f Found) bool {
	switch f.Kind.Name {
	case "Endpoints", "EndpointSlice", "Lease", "PodMetrics":
		return true
	case "ConfigMap":
		return f.Meta.Name == "kube-root-ca.crt" || len(f.Meta.OwnerReferences) > 0
	case "ServiceAccount":
		return f.Meta.Name == "default"
	default:
		return f.Meta.DeletionTimestamp != nil || len(f.Meta.OwnerReferences) > 0
	}
}
