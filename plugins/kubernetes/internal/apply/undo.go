package apply

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
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
	u := &undoing{step: a.step(call.Input, was.Key), call: call}
	for _, r := range slices.Backward(was.Pruned) {
		u.take(ctx, r.String(), func() error { return u.revive(ctx, r) })
	}
	home := u.home(was)
	for i, r := range slices.Backward(was.Objects) {
		if i == home {
			u.restoreList(ctx, was) // which would stand in the namespace's way
		}
		u.take(ctx, r.String(), func() error { return u.takeBack(ctx, items[i], r) })
	}
	if home < 0 {
		u.restoreList(ctx, was)
	}
	return u.outcome(ctx)
}

// undoing is one attempt to undo.
type undoing struct {
	step
	call   *sdk.Call[Input]
	failed []*sdk.Error
	open   int // what the attempt did not come to
}

// take takes back one thing. What stands in its way does not stand in the way of others.
func (u *undoing) take(ctx context.Context, what string, back func() error) {
	if ctx.Err() != nil {
		u.open++
		return
	}
	u.call.Progressf("take back %s", what)
	switch err := back(); {
	case ctx.Err() != nil:
		u.open++
	case err != nil:
		u.failed = append(u.failed, sdk.AsError(err))
	}
}

// outcome is all that was not taken back, in one error. It is worth another attempt where
// one may help with any of it.
func (u *undoing) outcome(ctx context.Context) error {
	var said []string
	classes := map[sdk.Class]bool{}
	for _, err := range u.failed {
		said, classes[err.Class] = append(said, err.Message), true
	}
	if u.open > 0 {
		said = append(said, cluster.Count(u.open, "thing")+" left to be taken back")
		return sdk.StoppedErrorf(ctx, "%s", strings.Join(said, "; "))
	}
	for _, class := range []sdk.Class{sdk.Transient, sdk.Conflict, sdk.Denied, sdk.Permanent} {
		if classes[class] {
			return sdk.Errorf(class, "%s", strings.Join(said, "; "))
		}
	}
	return nil
}

func (u *undoing) restoreList(ctx context.Context, was before) {
	if was.Inventory != nil {
		u.take(ctx, "the inventory", func() error { return u.list.Restore(ctx, u.key, *was.Inventory) })
	}
}

// takeBack makes one object what it was.
func (u *undoing) takeBack(ctx context.Context, i manifest.Item, r record) error {
	if r.UID != "" && !r.changed() {
		return nil
	}
	kind, err := u.Kind(ctx, r.APIVersion, r.Kind)
	if cluster.IsUnserved(err) {
		return keeping.Gone(ctx, u.Cluster, r.Ref, r.UID, u.key)
	}
	if err != nil {
		return err
	}
	i.Object.SetNamespace(r.Namespace)
	t := target{Item: i, kind: kind}
	if r.UID == "" {
		return u.uncreate(ctx, t, r)
	}
	b, err := u.kept(ctx, r)
	if err != nil {
		return err
	}
	if err := cluster.Again(func() error { return u.giveBack(ctx, t, r, b.Changes) }); err != nil {
		return err
	}
	return u.backups().Drop(ctx, r.Namespace, r.Backup)
}

// find reads an object of the step; nil where it is gone.
func (u *undoing) find(ctx context.Context, t target, r record) (*unstructured.Unstructured, error) {
	live, err := u.look(ctx, t)
	if err == nil && live == nil {
		err = keeping.Gone(ctx, u.Cluster, r.Ref, r.UID, u.key)
	}
	return live, err
}

// uncreate deletes what the step created, as far as it came to that.
func (u *undoing) uncreate(ctx context.Context, t target, r record) error {
	live, err := u.find(ctx, t, r)
	if err != nil || live == nil || live.GetAnnotations()[cluster.CreatedBy] != u.key {
		return err
	}
	return u.remove(ctx, u.call, keeping.Leftover{Ref: r.Ref, Served: t.kind, Live: live}, func(live *unstructured.Unstructured) error {
		if err := fields.AppliedSince(r.String(), live, u.key); err != nil {
			return err
		}
		made := fields.Made{Live: live, Again: live, By: metav1.ManagedFieldsOperationApply}
		if live.GetDeletionTimestamp() == nil {
			var err error
			if made.Again, err = u.again(ctx, t, live); err != nil {
				return err
			}
		}
		return contents.Clings(ctx, u.Cluster, t.kind, made)
	})
}

// again is what applying the object once more would make of it, whoever it would be taken
// from.
func (u *undoing) again(ctx context.Context, t target, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	forced := u.step
	forced.in.Force = true
	after, err := forced.put(ctx, t, live, metav1.DryRunAll)
	if err != nil && !fields.IsStale(err) { // which is looked at again
		return nil, t.fault(ctx, err, "look what became of", live)
	}
	return after, err
}

// giveBack restores the fields that the step changed.
func (u *undoing) giveBack(ctx context.Context, t target, r record, changes []fields.Change) error {
	live, err := u.find(ctx, t, r)
	switch {
	case err != nil:
		return err
	case r.remarked() && (live == nil || live.GetUID() != r.UID || changes[0].Standing(live) != fields.Changed):
		return nil // of the step there is nothing in it any more
	case live == nil:
		return sdk.Errorf(sdk.Conflict, "somebody deleted the %s meanwhile", r)
	case live.GetUID() != r.UID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that was changed, but a new one of that name", r)
	}
	ours, meddled, lost := u.sort(ctx, t, live, changes)
	if len(meddled) > 0 {
		return fields.Meddled(r.String(), live, metav1.ManagedFieldsOperationApply, meddled...)
	}
	former := r.Managers
	if r.remarked() {
		former = live.GetManagedFields()
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
	if len(lost) > 0 {
		return sdk.Errorf(sdk.Conflict, "%s of the %s cannot be put back: somebody deleted the backup %s", strings.Join(lost, ", "), r, r.Backup)
	}
	managers, restore, err := fields.Managers(live, former, changes)
	if err != nil || !restore {
		return err
	}
	_, err = u.patch(ctx, t, live, map[string]any{"metadata": map[string]any{"managedFields": managers}})
	return err
}

// sort says which changes still stand, to be taken back; which fields somebody changed
// since; and which values stand whose former ones nobody knows any more.
func (u *undoing) sort(ctx context.Context, t target, live *unstructured.Unstructured, changes []fields.Change) (ours, meddled []fields.Change, lost []string) {
	for _, c := range changes {
		standing := c.Standing(live)
		if standing == fields.Other && !c.IsMark() && u.stands(ctx, t, live, c.Path) {
			standing = fields.Changed
		}
		switch {
		case standing == fields.Original: // taken back already, or never changed
		case standing == fields.Other, c.SetSince(live, metav1.ManagedFieldsOperationApply) != "":
			meddled = append(meddled, c)
		case c.IsLost():
			lost = append(lost, c.Path.String())
		default:
			ours = append(ours, c)
		}
	}
	return ours, meddled, lost
}

// patch changes the object that was looked at, and no other.
func (u *undoing) patch(ctx context.Context, t target, live *unstructured.Unstructured, patch map[string]any) (*unstructured.Unstructured, error) {
	if err := unstructured.SetNestedField(patch, live.GetResourceVersion(), "metadata", "resourceVersion"); err != nil {
		return nil, err
	}
	body, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	client, options := u.Objects(t.kind, t.namespace()), metav1.PatchOptions{FieldManager: cluster.Manager}
	got, err := client.Patch(ctx, t.name(), types.MergePatchType, body, options)
	if err != nil && diff.IsSecret(t.Object) && !fields.IsStale(err) {
		class := sdk.AsError(cluster.FaultIn(ctx, err, "restore")).Class
		return nil, sdk.Errorf(class, "the server refuses the former values of the %s", t) // which its answer may quote
	}
	return got, cluster.FaultIn(ctx, err, "restore the %s", t)
}

// stands says whether what the step set in a field still stands, though the field has
// another value than the server foresaw: the server chooses ports, for one. It does where
// nobody else manages any of it, and applying the step again would leave it as it is.
func (u *undoing) stands(ctx context.Context, t target, live *unstructured.Unstructured, path fields.Path) bool {
	foreign := func(owner string) bool { return owner != cluster.Manager }
	if slices.ContainsFunc(cluster.Owners(live.GetManagedFields(), path.Managed(live)...), foreign) {
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
