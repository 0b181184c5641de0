package apply

import (
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// leftovers are the objects that a prune deletes, or would if nothing were lost with them.
func (s step) leftovers(ctx context.Context, list []manifest.Ref, targets []target) ([]keeping.Leftover, error) {
	if !s.in.Prune {
		return nil, nil
	}
	return s.list.Leftovers(ctx, manifest.Without(list, refsOf(targets)))
}

// deleted is what undoing has to know to make an object anew that a prune deletes.
func (s step) deleted(d keeping.Leftover) (record, error) {
	made := record{Ref: d.Ref, UID: d.Live.GetUID()}
	if d.Runs() {
		return made, nil
	}
	made.Managers = d.Live.GetManagedFields()
	if diff.IsSecret(d.Live) {
		made.Backup = keeping.BackupName(made.UID, s.key)
		return made, nil
	}
	var err error
	made.Object, err = d.Whole()
	return made, err
}

func (r *run) prune(ctx context.Context) error {
	for _, d := range r.prunes {
		if d.Stays != "" {
			continue
		}
		r.call.Progressf("delete the %s", d)
		// It deletes the object that undoing would make anew, and no other, and no data with it.
		may := func(live *unstructured.Unstructured) error {
			d.Live = live
			if err := contents.Keeps(ctx, r.Cluster, d.Served, live); err != nil {
				return err
			}
			return r.recorded(ctx, d)
		}
		if err := r.remove(ctx, r.call, d, may); err != nil {
			return err
		}
	}
	return nil
}

// remove deletes an object, if may says nothing against it as it is then.
func (s step) remove(ctx context.Context, call *sdk.Call[Input], d keeping.Leftover, may func(live *unstructured.Unstructured) error) error {
	return d.Remove(ctx, s.Cluster, cluster.Removal{Timeout: s.in.Timeout, Tell: func(seen string) { call.Progressf("%s", seen) }}, may)
}

// recorded makes sure that undoing knows the object as it is now.
func (r *run) recorded(ctx context.Context, d keeping.Leftover) error {
	i := slices.IndexFunc(r.before.Pruned, func(was record) bool { return was.UID == d.Live.GetUID() })
	switch {
	case i < 0:
		return sdk.Errorf(sdk.Conflict, "the %s became part of the inventory %s meanwhile", d, r.list)
	case d.Runs():
		return nil
	case diff.IsSecret(d.Live):
		text, err := d.Whole()
		if err != nil {
			return err
		}
		return r.backups().Keep(ctx, d.Live, keeping.Backup{Object: text})
	}
	return d.Unchanged(r.before.Pruned[i].Object)
}

// final is what is on the inventory's list when all is done.
func (r *run) final(list []manifest.Ref) []manifest.Ref {
	list = manifest.With(list, refsOf(r.targets))
	if !r.in.Prune {
		return list
	}
	var stay []manifest.Ref
	for _, d := range r.prunes {
		if d.Stays != "" {
			stay = append(stay, d.Ref)
		}
	}
	return manifest.With(refsOf(r.targets), stay)
}

// foreseePrune adds to a plan what a prune deletes.
func (s step) foreseePrune(prunes []keeping.Leftover, preview *sdk.Preview) (rights needs, err error) {
	for _, d := range prunes {
		if d.Stays != "" {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf("The %s is no longer among the objects, and stays: %s.", d, d.Stays))
			continue
		}
		text, err := diff.Objects(d.Live, nil)
		if err != nil {
			return rights, err
		}
		preview.Changes = append(preview.Changes, sdk.Delta{Target: d.String(), Kind: d.Kind, Op: "delete", Diff: text})
		rights.todo = append(rights.todo, d.Served.Right("delete", d.Namespace, d.Name))
		if d.Runs() {
			preview.Warnings = append(preview.Warnings, fmt.Sprintf(
				"The %s is deleted, and undo does not make it anew: it would run what it ran a second time.", d))
			continue
		}
		rights.undo = append(rights.undo, d.Served.Right("create", d.Namespace, ""), d.Served.Right("patch", d.Namespace, d.Name))
		if diff.IsSecret(d.Live) {
			rights.ofBackup(d.Namespace)
		}
	}
	return rights, nil
}
