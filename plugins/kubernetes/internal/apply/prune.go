package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/backup"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/inventory"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// doomed is an object that is on the inventory's list and no longer among the objects.
type doomed struct {
	manifest.Ref
	kind cluster.Kind
	live *unstructured.Unstructured
}

// leftovers are the objects that a prune deletes: those that the inventory applied, and
// that nobody has made anew, or made part of another one. Namespaces come last.
func (s step) leftovers(ctx context.Context, list []manifest.Ref, targets []target) ([]doomed, error) {
	if !s.in.Prune {
		return nil, nil
	}
	var wanted []manifest.Ref
	for _, t := range targets {
		wanted = append(wanted, manifest.RefOf(t.Object))
	}
	var found []doomed
	for _, r := range slices.Backward(manifest.Without(list, wanted)) {
		kind, err := s.Kind(ctx, r.APIVersion, r.Kind)
		if cluster.IsUnserved(err) {
			continue // it went with its kind
		}
		if err != nil {
			return nil, err
		}
		live, err := s.Look(ctx, kind, r.Namespace, r.Name)
		if err != nil {
			return nil, err
		}
		if live != nil && live.GetAnnotations()[inventory.PartOf] == s.member() {
			found = append(found, doomed{r, kind, live})
		}
	}
	return found, nil
}

// keepsData says whether more would be lost with an object than can be made anew.
func (d doomed) keepsData() bool {
	switch d.Group() + "/" + d.Kind {
	case "/Namespace", "/PersistentVolumeClaim", "/PersistentVolume", "apiextensions.k8s.io/CustomResourceDefinition":
		return true
	default:
		return false
	}
}

// stays says whether a prune leaves the object, and on the list: where too much would be
// lost with it, and where an earlier attempt of this step keeps a Secret in it.
func (s step) stays(d doomed) bool {
	return d.keepsData() || backup.Is(d.live) && d.live.GetAnnotations()[cluster.KeyAnnotation] == s.key
}

// record is what undoing has to know to make the object anew.
func (d doomed) record() (record, error) {
	made := record{Ref: d.Ref, UID: d.live.GetUID()}
	if diff.IsSecret(d.live) {
		made.Backup = backup.Name(made.UID)
		return made, nil
	}
	text, err := json.Marshal(bare(d.live))
	made.Object = text
	return made, err
}

// bare is an object without what the server keeps in it by itself.
func bare(object *unstructured.Unstructured) map[string]any {
	bare := object.DeepCopy().Object
	for _, name := range manifest.Kept() {
		unstructured.RemoveNestedField(bare, "metadata", name)
	}
	delete(bare, "status")
	return bare
}

// decode reads an object that was kept.
func decode(text json.RawMessage) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	return object, object.UnmarshalJSON(text) // it keeps whole numbers whole
}

func (r *run) prune(ctx context.Context) error {
	for _, d := range r.prunes {
		if r.stays(d) {
			continue
		}
		r.call.Progressf("delete the %s", d)
		if err := r.pruneOne(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// pruneOne deletes the object that undoing would make anew, and no other.
func (r *run) pruneOne(ctx context.Context, d doomed) error {
	err := cluster.Again(func() error {
		live, err := r.Look(ctx, d.kind, d.Namespace, d.Name)
		if err != nil || live == nil || live.GetUID() != d.live.GetUID() {
			return err
		}
		d.live = live
		if err := r.recorded(ctx, d); err != nil {
			return err
		}
		_, err = r.AskToGo(ctx, r.removal(d))
		return err
	})
	if err != nil {
		return err
	}
	gone := r.removal(d)
	gone.Options.Preconditions = nil
	return r.Remove(ctx, gone)
}

// recorded makes sure that undoing knows the object as it is now.
func (r *run) recorded(ctx context.Context, d doomed) error {
	if backup.Is(d.live) {
		return nil
	}
	now, err := d.record()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.before.Pruned, func(was record) bool { return was.UID == now.UID })
	if i < 0 {
		return sdk.Errorf(sdk.Conflict, "the %s became part of the inventory %s meanwhile", d, r.list)
	}
	if diff.IsSecret(d.live) {
		text, err := json.Marshal(bare(d.live))
		if err != nil {
			return err
		}
		return r.backups().Keep(ctx, d.live, backup.Content{Object: text})
	}
	was, err := decode(r.before.Pruned[i].Object)
	if err != nil {
		return err
	}
	changes, err := fields.Between(was, &unstructured.Unstructured{Object: bare(d.live)})
	if err != nil {
		return err
	}
	if d.live.GetDeletionTimestamp() == nil && len(changes) > 0 {
		return sdk.Errorf(sdk.Conflict, "somebody changed the %s meanwhile, which was to be deleted", d)
	}
	return nil
}

func (r *run) removal(d doomed) cluster.Removal {
	version := d.live.GetResourceVersion()
	return cluster.Removal{
		Kind: d.kind, Namespace: d.Namespace, Name: d.Name, UID: d.live.GetUID(), Timeout: r.in.Timeout,
		Options: metav1.DeleteOptions{
			PropagationPolicy: new(metav1.DeletePropagationBackground), Preconditions: &metav1.Preconditions{ResourceVersion: &version},
		},
		Tell: func(seen string) { r.call.Progressf("%s", seen) },
	}
}

// final is what is on the inventory's list when all is done.
func (r *run) final(list []manifest.Ref) []manifest.Ref {
	list = manifest.With(list, r.refs())
	if !r.in.Prune {
		return list
	}
	var stay []manifest.Ref
	for _, d := range r.prunes {
		if r.stays(d) {
			stay = append(stay, d.Ref)
		}
	}
	for _, p := range r.before.Pruned {
		if p.Backup != "" { // the next prune deletes it
			stay = append(stay, manifest.Ref{APIVersion: "v1", Kind: "Secret", Namespace: p.Namespace, Name: p.Backup})
		}
	}
	return manifest.With(r.refs(), stay)
}

// foreseePrune adds to a plan what a prune deletes.
func (s step) foreseePrune(prunes []doomed, preview *sdk.Preview) (rights []cluster.Right, err error) {
	for _, d := range prunes {
		if d.keepsData() {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf(
				"The %s is no longer among the objects, and stays: more would be lost with it than can be made anew.", d))
			continue
		}
		text, err := diff.Objects(d.live, nil)
		if err != nil {
			return nil, err
		}
		preview.Changes = append(preview.Changes, sdk.Delta{Target: d.String(), Kind: d.Kind, Op: "delete", Diff: text})
		rights = append(rights, d.kind.Right("delete", d.Namespace, d.Name))
		if diff.IsSecret(d.live) {
			rights = append(rights, backup.Rights(d.Namespace)...)
		}
	}
	return rights, nil
}
