package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
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
// that nobody has made anew, or made part of another one. Namespaces come last, and what
// the undoing of another step may need is none of them.
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
		if live != nil && live.GetAnnotations()[keeping.PartOf] == s.member() && !keeping.IsBackup(live) {
			found = append(found, doomed{r, kind, live})
		}
	}
	return found, nil
}

// doomed is what undoing has to know to make an object anew that a prune deletes.
func (s step) doomed(d doomed) (record, error) {
	made := record{Ref: d.Ref, UID: d.live.GetUID()}
	if d.Runs() {
		return made, nil
	}
	made.Managers = d.live.GetManagedFields()
	if diff.IsSecret(d.live) {
		made.Backup = keeping.BackupName(made.UID, s.key)
		return made, nil
	}
	text, err := json.Marshal(manifest.Bare(d.live).Object)
	made.Object = text
	return made, err
}

func (r *run) prune(ctx context.Context) error {
	for _, d := range r.prunes {
		if d.KeepsData() {
			continue
		}
		r.call.Progressf("delete the %s", d)
		// It deletes the object that undoing would make anew, and no other.
		may := func(live *unstructured.Unstructured) error { return r.recorded(ctx, doomed{d.Ref, d.kind, live}) }
		if err := r.remove(ctx, r.call, d, may); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes an object, if may says nothing against it as it is then, and waits until
// it is gone.
func (s step) remove(ctx context.Context, call *sdk.Call[Input], d doomed, may func(live *unstructured.Unstructured) error) error {
	way := cluster.Removal{
		Kind: d.kind, Namespace: d.Namespace, Name: d.Name, UID: d.live.GetUID(), Timeout: s.in.Timeout,
		Options: metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)},
		Tell:    func(seen string) { call.Progressf("%s", seen) },
	}
	live, looked := d.live, true
	err := cluster.Again(func() (err error) {
		if !looked {
			live, err = s.Look(ctx, d.kind, d.Namespace, d.Name)
		}
		if looked = false; err != nil || live == nil || live.GetUID() != way.UID {
			return err
		}
		if err := may(live); err != nil {
			return err
		}
		asked, version := way, live.GetResourceVersion()
		asked.Options.Preconditions = &metav1.Preconditions{ResourceVersion: &version}
		_, err = s.AskToGo(ctx, asked)
		return err
	})
	if err != nil {
		return err
	}
	return s.Remove(ctx, way)
}

// recorded makes sure that undoing knows the object as it is now.
func (r *run) recorded(ctx context.Context, d doomed) error {
	i := slices.IndexFunc(r.before.Pruned, func(was record) bool { return was.UID == d.live.GetUID() })
	switch {
	case i < 0:
		return sdk.Errorf(sdk.Conflict, "the %s became part of the inventory %s meanwhile", d, r.list)
	case d.Runs():
		return nil
	case diff.IsSecret(d.live):
		text, err := json.Marshal(manifest.Bare(d.live).Object)
		if err != nil {
			return err
		}
		return r.backups().Keep(ctx, d.live, keeping.Backup{Object: text})
	}
	was, err := manifest.Decode(r.before.Pruned[i].Object)
	if err != nil {
		return err
	}
	changes, err := fields.Between(was, manifest.Bare(d.live))
	if err != nil {
		return err
	}
	if d.live.GetDeletionTimestamp() == nil && len(changes) > 0 {
		return sdk.Errorf(sdk.Conflict, "somebody changed the %s meanwhile, which was to be deleted", d)
	}
	return nil
}

// final is what is on the inventory's list when all is done.
func (r *run) final(list []manifest.Ref) []manifest.Ref {
	list = manifest.With(list, r.refs())
	if !r.in.Prune {
		return list
	}
	var stay []manifest.Ref
	for _, d := range r.prunes {
		if d.KeepsData() {
			stay = append(stay, d.Ref)
		}
	}
	return manifest.With(r.refs(), stay)
}

// foreseePrune adds to a plan what a prune deletes.
func (s step) foreseePrune(prunes []doomed, preview *sdk.Preview) (rights needs, err error) {
	for _, d := range prunes {
		if d.KeepsData() {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf(
				"The %s is no longer among the objects, and stays: more would be lost with it than can be made anew.", d))
			continue
		}
		text, err := diff.Objects(d.live, nil)
		if err != nil {
			return rights, err
		}
		preview.Changes = append(preview.Changes, sdk.Delta{Target: d.String(), Kind: d.Kind, Op: "delete", Diff: text})
		rights.todo = append(rights.todo, d.kind.Right("delete", d.Namespace, d.Name))
		if d.Runs() {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf(
				"The %s is deleted, and undo does not make it anew: it would run what it ran a second time.", d))
			continue
		}
		rights.undo = append(rights.undo, d.kind.Right("create", d.Namespace, ""), d.kind.Right("patch", d.Namespace, d.Name))
		if diff.IsSecret(d.live) {
			rights.ofBackup(d.Namespace)
		}
	}
	return rights, nil
}
