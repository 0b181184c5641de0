package volumes

import (
	"context"
	"fmt"
	"slices"

	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// origin is what a claim is restored from, and by.
type origin struct {
	snapshot *unstructured.Unstructured
	class    *storagev1.StorageClass
	size     resource.Quantity
}

// origin reads the snapshot and the class. What keeps a claim from being restored is an
// error of the field that it is about.
func (v volumes) origin(ctx context.Context, in RestoreInput) (origin, error) {
	var found origin
	kind, missing, err := v.kind(ctx, "VolumeSnapshot")
	switch {
	case err != nil:
		return found, err
	case missing != nil:
		return found, own.Lacking(missing)
	}
	namespace := v.In(in.Namespace)
	if found.snapshot, err = v.Look(ctx, kind, namespace, in.Snapshot); err != nil {
		return found, err
	}
	named := kind.Named(namespace, in.Snapshot)
	switch {
	case found.snapshot == nil:
		return found, own.Missing("snapshot", "there is no %s", named)
	case !isReady(found.snapshot):
		return found, own.Missing("snapshot", "the %s is not ready to use: %s", named, progressOf(found.snapshot))
	}
	if found.size, err = sizeOf(in.Size, own.Text(found.snapshot, "status", "restoreSize")); err != nil {
		return found, err
	}
	found.class, err = v.class(ctx, in.StorageClass)
	return found, err
}

// sizeOf is how large the volume shall be: as asked, or as the snapshot needs it.
func sizeOf(asked, needed string) (resource.Quantity, error) {
	least, err := resource.ParseQuantity(needed)
	switch {
	case asked == "" && needed == "":
		return least, sdk.FieldErrorf("size", "the snapshot does not say how large it is, so that this must be given")
	case asked == "":
		return least, err
	}
	size, err := resource.ParseQuantity(asked)
	switch {
	case err != nil:
		return size, sdk.FieldErrorf("size", "it is not a size such as 10Gi: %w", err)
	case size.Sign() <= 0:
		return size, sdk.FieldErrorf("size", "it must be more than nothing")
	case needed != "" && size.Cmp(least) < 0:
		return size, sdk.FieldErrorf("size", "the snapshot needs at least %s", needed)
	}
	return size, nil
}

// class reads a StorageClass; the default one, where none is named.
func (v volumes) class(ctx context.Context, name string) (*storagev1.StorageClass, error) {
	if name != "" {
		found, err := v.Kube.StorageV1().StorageClasses().Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil, own.Missing("storageClass", "there is no StorageClass %s", name)
		}
		return found, cluster.FaultIn(ctx, err, "read the StorageClass %s", name)
	}
	all, err := v.classes(ctx)
	if err != nil {
		return nil, err
	}
	var newest *storagev1.StorageClass // which is the one that counts, where there are several
	for _, class := range all {
		marked := class.Annotations["storageclass.kubernetes.io/is-default-class"] == "true"
		if marked && (newest == nil || newest.CreationTimestamp.Before(&class.CreationTimestamp)) {
			newest = &class
		}
	}
	if newest == nil {
		return nil, own.Missing("storageClass", "the cluster has no default StorageClass, so that one must be named")
	}
	return newest, nil
}

// classOf reads the StorageClass of a claim that an earlier attempt made. Where the step
// names none, it takes no more than the right to list them, as the first attempt did.
func (v volumes) classOf(ctx context.Context, in RestoreInput, claim *unstructured.Unstructured) (*storagev1.StorageClass, error) {
	name := own.Text(claim, "spec", "storageClassName")
	if in.StorageClass != "" {
		return v.class(ctx, name)
	}
	all, err := v.classes(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(class storagev1.StorageClass) bool { return class.Name == name })
	if i < 0 {
		return nil, own.Missing("storageClass", "there is no StorageClass %s", name)
	}
	return &all[i], nil
}

func (v volumes) classes(ctx context.Context) ([]storagev1.StorageClass, error) {
	all, err := v.Kube.StorageV1().StorageClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the StorageClasses")
	}
	return all.Items, nil
}

// isLazy says whether a class makes volumes for their first pod.
func isLazy(class *storagev1.StorageClass) bool {
	return class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

func (v volumes) planRestore(ctx context.Context, call *sdk.Call[RestoreInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("name", "snapshot", "namespace", "storageClass", "size", "accessModes", "volumeMode") {
		return sdk.Preview{Summary: "would make a volume from a snapshot, which are not all known yet"}, nil
	}
	made := in.object(v)
	preview := sdk.Preview{Summary: fmt.Sprintf("would make the %s from the VolumeSnapshot %s", made, in.Snapshot)}
	kind, missing, err := v.kind(ctx, "VolumeSnapshot")
	if err != nil || missing != nil {
		preview.Blockers = missing
		return preview, err
	}
	rights := append(made.Rights(), kind.Right("get", made.Namespace, in.Snapshot))
	if in.StorageClass != "" {
		rights = append(rights, cluster.Right{Verb: "get", Group: storagev1.GroupName, Resource: "storageclasses", Name: in.StorageClass})
	} else {
		rights = append(rights, cluster.Right{Verb: "list", Group: storagev1.GroupName, Resource: "storageclasses"})
	}
	if preview.Blockers, err = v.Lacking(ctx, rights...); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	if preview.Warnings, err = v.cannotUndo(ctx, made.Namespace); err != nil {
		return preview, err
	}
	from, err := v.origin(ctx, in)
	if err != nil {
		return preview, err
	}
	found, err := made.Look(ctx)
	if err != nil {
		return preview, err
	}
	if found != nil {
		preview.Blockers = append(preview.Blockers, fmt.Sprintf("There is a %s already.", made))
		return preview, nil
	}
	if err := v.judgeOrigin(ctx, from, &preview); err != nil {
		return preview, err
	}
	planned, err := made.Try(ctx, in.content(from))
	if err != nil {
		return preview, err
	}
	text, err := diff.Objects(nil, planned)
	preview.Changes = []sdk.Delta{{Target: made.String(), Kind: made.Kind.Name, Op: "create", Diff: text}}
	return preview, err
}

// judgeOrigin adds to a plan what keeps the class's driver from reading the snapshot.
func (v volumes) judgeOrigin(ctx context.Context, from origin, preview *sdk.Preview) error {
	if isLazy(from.class) {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf(
			"The StorageClass %s makes the volume only when a pod uses the claim: the step does not wait for it.", from.class.Name))
	}
	kind, missing, err := v.kind(ctx, "VolumeSnapshotContent")
	if err != nil || missing != nil {
		preview.Blockers = append(preview.Blockers, missing...)
		return err
	}
	name := own.Text(from.snapshot, "status", "boundVolumeSnapshotContentName")
	content, err := v.Look(ctx, kind, "", name)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Denied:
		preview.Warnings = append(preview.Warnings,
			"You may not read VolumeSnapshotContents, so that it is not known whether the StorageClass is of the snapshot's driver.")
		return nil
	case err != nil:
		return err
	case content == nil:
		preview.Blockers = append(preview.Blockers, fmt.Sprintf("The snapshot's content %s is gone.", name))
		return nil
	}
	if driver := own.Text(content, "spec", "driver"); driver != from.class.Provisioner {
		preview.Blockers = append(preview.Blockers, fmt.Sprintf(
			"The snapshot is of the driver %s, and the StorageClass %s of %s.", driver, from.class.Name, from.class.Provisioner))
	}
	return nil
}
