package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/inventory"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// undo takes back all that nobody changed since, and then says what it left alone.
func (a applier) undo(ctx context.Context, call *sdk.Call[Input]) error {
	was, saved, err := sdk.LoadBefore[before](call)
	if err != nil || !saved {
		return err
	}
	items, err := manifest.Read(call.Input.Manifest, call.Input.Manifests)
	if err != nil {
		return err
	}
	u := undoing{a.step(call.Input, was.Key), call}
	var left []string
	take := func(what string, back func() error) error {
		call.Progressf("take back %s", what)
		err := back()
		if err != nil && sdk.AsError(err).Class == sdk.Conflict {
			left = append(left, sdk.AsError(err).Message)
			return nil
		}
		return err
	}
	for _, r := range slices.Backward(was.Pruned) {
		if err := take(r.String(), func() error { return u.revive(ctx, r) }); err != nil {
			return err
		}
	}
	for i, r := range slices.Backward(was.Objects) {
		if err := take(r.String(), func() error { return u.takeBack(ctx, items[i], r) }); err != nil {
			return err
		}
	}
	if err := take("the inventory", func() error { return u.restoreList(ctx, was.Inventory) }); err != nil {
		return err
	}
	if len(left) > 0 {
		return sdk.Errorf(sdk.Conflict, "%s", strings.Join(left, "; "))
	}
	return nil
}

// undoing is one attempt to undo.
type undoing struct {
	step
	call *sdk.Call[Input]
}

func (u undoing) restoreList(ctx context.Context, was *inventory.List) error {
	if was == nil {
		return nil
	}
	return u.list.Restore(ctx, u.key, *was)
}

// takeBack makes one object what it was.
func (u undoing) takeBack(ctx context.Context, i manifest.Item, r record) error {
	if r.UID != "" && !r.changed() {
		return nil
	}
	kind, err := u.Kind(ctx, r.APIVersion, r.Kind)
	if err != nil {
		return notUnserved(err)
	}
	if r.UID == "" {
		return u.uncreate(ctx, r, kind)
	}
	b, err := u.kept(ctx, r)
	if err != nil {
		return err
	}
	i.Object.SetNamespace(r.Namespace)
	t := target{i, kind}
	if err := cluster.Again(func() error { return u.giveBack(ctx, t, r, b.Changes) }); err != nil {
		return err
	}
	return u.drop(ctx, r)
}

// drop deletes the backup of a record that is taken back.
func (u undoing) drop(ctx context.Context, r record) error {
	if r.Backup == "" {
		return nil
	}
	return u.backups().Drop(ctx, r.Namespace, r.Backup)
}

// notUnserved takes an object whose kind is no longer served for one that went with it.
func notUnserved(err error) error {
	if cluster.IsUnserved(err) {
		return nil
	}
	return err
}

// uncreate deletes what the step created, as far as it came to that.
func (u undoing) uncreate(ctx context.Context, r record, kind cluster.Kind) error {
	live, err := u.Look(ctx, kind, r.Namespace, r.Name)
	if err != nil || live == nil || live.GetAnnotations()[createdBy] != u.key {
		return err
	}
	if err := u.isEmpty(ctx, live); err != nil {
		return err
	}
	return u.Remove(ctx, cluster.Removal{
		Kind: kind, Namespace: r.Namespace, Name: r.Name, UID: live.GetUID(), Timeout: u.in.Timeout,
		Options: metav1.DeleteOptions{PropagationPolicy: new(metav1.DeletePropagationBackground)},
		Tell:    func(seen string) { u.call.Progressf("%s", seen) },
	})
}

// isEmpty refuses to delete what holds objects that others put into it.
func (u undoing) isEmpty(ctx context.Context, live *unstructured.Unstructured) error {
	var found []cluster.Found
	var unseen []string
	var err error
	switch r := manifest.RefOf(live); {
	case r.Group() == "" && r.Kind == "Namespace":
		found, unseen, err = u.SearchAll(ctx, r.Name)
	case manifest.Item{Object: live}.Defines():
		if kind, served := cluster.Defined(live); len(served) > 0 {
			kind.Served.Version = served[0]
			found, unseen, err = u.Search(ctx, metav1.NamespaceAll, []cluster.Kind{kind})
		}
	}
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, comesAndGoesByItself)
	switch {
	case len(unseen) > 0:
		return sdk.Errorf(sdk.Conflict, "the %s stays: somebody may have put something into it that you may not list: %s", manifest.RefOf(live), strings.Join(unseen, ", "))
	case len(found) == 0:
		return nil
	}
	return sdk.Errorf(sdk.Conflict, "the %s stays: somebody put the %s into it, and %d objects in all", manifest.RefOf(live), found[0], len(found))
}

// comesAndGoesByItself says whether a controller makes the object and takes it away.
func comesAndGoesByItself(f cluster.Found) bool {
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

// giveBack restores the fields that the step changed.
func (u undoing) giveBack(ctx context.Context, t target, r record, changes []fields.Change) error {
	live, err := u.look(ctx, t)
	switch {
	case err != nil:
		return err
	case len(changes) == 0:
		return nil
	case live == nil:
		return sdk.Errorf(sdk.Conflict, "somebody deleted the %s meanwhile", r)
	case live.GetUID() != r.UID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that was changed, but a new one of that name", r)
	}
	var ours, meddled []fields.Change
	for _, c := range changes {
		switch c.Standing(live) {
		case fields.Original: // taken back already, or never changed
		case fields.Changed:
			ours = append(ours, c)
		default:
			if u.stands(ctx, t, live, c.Path) {
				ours = append(ours, c)
			} else {
				meddled = append(meddled, c)
			}
		}
	}
	if len(meddled) > 0 {
		return conflict(r.Ref, live, meddled)
	}
	if len(ours) > 0 {
		patch, err := fields.Restoring(live, ours)
		if err != nil {
			return sdk.Errorf(sdk.Permanent, "the state before the change of the %s: %w", r, err)
		}
		if live, err = u.patch(ctx, t, live, patch); err != nil {
			return err
		}
	}
	managers, restore, err := fields.Managers(live.GetManagedFields(), r.Managers)
	if err != nil || !restore {
		return err
	}
	_, err = u.patch(ctx, t, live, map[string]any{"metadata": map[string]any{"managedFields": managers}})
	return err
}

// patch changes the object that was looked at, and no other.
func (u undoing) patch(ctx context.Context, t target, live *unstructured.Unstructured, patch map[string]any) (*unstructured.Unstructured, error) {
	if err := unstructured.SetNestedField(patch, live.GetResourceVersion(), "metadata", "resourceVersion"); err != nil {
		return nil, err
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	client, options := u.Objects(t.kind, t.namespace()), metav1.PatchOptions{FieldManager: cluster.Manager}
	got, err := client.Patch(ctx, t.name(), types.MergePatchType, body, options)
	if err != nil && diff.IsSecret(t.Object) && !isStale(err) {
		class := sdk.AsError(cluster.FaultIn(ctx, err, "restore")).Class
		return nil, sdk.Errorf(class, "the server refuses the former values of the %s", t) // which its answer may quote
	}
	return got, cluster.FaultIn(ctx, err, "restore the %s", t)
}

// stands says whether what the step set in a field still stands, though the field has
// another value than the server foresaw: the server chooses ports, for one. It does where
// nobody else manages any of it, and applying the step again would leave it as it is.
func (u undoing) stands(ctx context.Context, t target, live *unstructured.Unstructured, path fields.Path) bool {
	foreign := func(owner string) bool { return owner != cluster.Manager }
	if slices.ContainsFunc(cluster.Owners(live.GetManagedFields(), path.Managed()...), foreign) {
		return false
	}
	after, err := u.put(ctx, t, live, metav1.DryRunAll)
	if err != nil {
		return false
	}
	changes, err := fields.Between(live, after)
	return err == nil && !slices.ContainsFunc(changes, func(c fields.Change) bool {
		n := min(len(c.Path), len(path))
		return slices.Equal(c.Path[:n], path[:n])
	})
}

// revive makes an object anew that the step deleted.
func (u undoing) revive(ctx context.Context, r record) error {
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
	case live != nil && live.GetAnnotations()[inventory.PartOf] == u.member():
		return u.drop(ctx, r) // it was never deleted, or is there again
	case live != nil:
		return sdk.Errorf(sdk.Conflict, "somebody made another %s meanwhile", r)
	case b.Object == nil:
		return sdk.Errorf(sdk.Conflict, "the %s is gone, and somebody deleted its backup", r)
	}
	former, err := decode(b.Object)
	if err != nil {
		return fmt.Errorf("the %s before the step: %w", r, err)
	}
	// Applied and not created, so that the next apply knows what is its own.
	_, err = u.Objects(kind, r.Namespace).Apply(ctx, r.Name, former, metav1.ApplyOptions{FieldManager: cluster.Manager})
	if err != nil {
		return target{manifest.Item{Object: former}, kind}.fault(ctx, err, "make anew")
	}
	return u.drop(ctx, r)
}
