package keeping

import (
	"context"
	"encoding/json"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

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
	if was.GetAPIVersion() != l.APIVersion {
		return own.Stays(l.Served, own.Named(manifest.RefOf(was)))
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
		kind, live, err := own.Find(ctx, v.Cluster, own.Named(r))
		if err != nil && !cluster.IsUnserved(err) { // with its kind, it is gone
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
		r.APIVersion = live.GetAPIVersion() // which may be a later one than that of the list
		found = append(found, Leftover{r, kind, live, stays})
	}
	return found, nil
}

// Gone makes sure of an object, which is not there by the version that the step has, that it is
// there by no other, where it has a UID or, without one, was made by the step with a key.
func Gone(ctx context.Context, c *cluster.Cluster, r manifest.Ref, uid types.UID, key string) error {
	return own.Gone(ctx, c, own.Named(r), func(live *unstructured.Unstructured) bool {
		if uid == "" {
			return live.GetAnnotations()[cluster.CreatedBy] == key
		}
		return live.GetUID() == uid
	})
}
