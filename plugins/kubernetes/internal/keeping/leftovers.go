package keeping

import (
	"context"
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Leftover is an object that is on an inventory's list and no longer among the objects.
type Leftover struct {
	manifest.Ref
	Served cluster.Kind
	Live   *unstructured.Unstructured
	// Stays says what would be lost with it, to follow its name and a colon. Empty: nothing
	// would, so that it is to be deleted.
	Stays string
}

// Whole is the object as a manifest says it, of which it can be made anew.
func (l Leftover) Whole() (json.RawMessage, error) {
	return json.Marshal(manifest.Bare(l.Live).Object)
}

// Unchanged refuses an object that somebody changed since the whole of it was kept.
func (l Leftover) Unchanged(whole json.RawMessage) error {
	was, err := manifest.Decode(whole)
	if err != nil {
		return err
	}
	changes, err := fields.Between(was, manifest.Bare(l.Live))
	if err != nil {
		return err
	}
	if l.Live.GetDeletionTimestamp() == nil && len(changes) > 0 {
		return sdk.Errorf(sdk.Conflict, "somebody changed the %s meanwhile, which was to be deleted", l)
	}
	return nil
}

// Leftovers are those of the objects that the inventory applied, and that nobody has made
// anew, or made part of another one. The latest come first, so that Namespaces are the
// last, and what the undoing of another step may need is none of them.
func (v Inventory) Leftovers(ctx context.Context, objects []manifest.Ref) ([]Leftover, error) {
	var found []Leftover
	for _, r := range slices.Backward(objects) {
		kind, served, err := v.served(ctx, &r)
		if err != nil {
			return nil, err
		}
		if !served {
			continue // it went with its kind
		}
		live, err := v.Cluster.Look(ctx, kind, r.Namespace, r.Name)
		if err != nil {
			return nil, err
		}
		if live == nil || live.GetAnnotations()[PartOf] != v.String() || IsBackup(live) {
			continue
		}
		stays := "more would be lost with it than can be made anew"
		if !r.KeepsData() {
			if stays, err = contents.Data(ctx, v.Cluster, kind, live); err != nil {
				return nil, err
			}
		}
		found = append(found, Leftover{r, kind, live, stays})
	}
	return found, nil
}

// served says how the cluster serves the kind of an object on the list, in whatever version: it
// may have been upgraded since that was written.
func (v Inventory) served(ctx context.Context, r *manifest.Ref) (kind cluster.Kind, is bool, err error) {
	kind, err = v.Cluster.Kind(ctx, r.APIVersion, r.Kind)
	if !cluster.IsUnserved(err) {
		return kind, err == nil, err
	}
	others, err := own.Elsewhere(ctx, v.Cluster, r.APIVersion, r.Kind)
	if err != nil || len(others) == 0 {
		return kind, false, err
	}
	r.APIVersion = others[0].Served.GroupVersion().String()
	return others[0], true, nil
}

// Gone makes sure of an object, whose kind is not served as it was, that it went with its kind.
func Gone(ctx context.Context, c *cluster.Cluster, r manifest.Ref) error {
	others, err := own.Elsewhere(ctx, c, r.APIVersion, r.Kind)
	if err == nil && len(others) > 0 {
		err = sdk.Errorf(sdk.Permanent, "the %s stays: the cluster serves its kind no longer in %s, but in %s", r, r.APIVersion, others[0].Served.GroupVersion())
	}
	return err
}
