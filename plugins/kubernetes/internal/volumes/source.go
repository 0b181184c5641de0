package volumes

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// claim reads the claim that a snapshot is to be taken of.
func (v volumes) claim(ctx context.Context, namespace, name string) (*corev1.PersistentVolumeClaim, error) {
	found, err := v.Kube.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, own.Missing("claim", "there is no %s", claimName(namespace, name))
	}
	return found, cluster.FaultIn(ctx, err, "read the %s", claimName(namespace, name))
}

func (v volumes) planSnapshot(ctx context.Context, call *sdk.Call[SnapshotInput]) (sdk.Preview, error) {
	in := call.Input
	namespace := v.In(in.Namespace)
	switch {
	case !call.Knows("claim", "namespace"):
		return sdk.Preview{Summary: "would take a snapshot of a volume that is not known yet"}, nil
	case !call.Knows("name", "class"):
		return sdk.Preview{Summary: fmt.Sprintf("would take a snapshot, of which not all is known yet, of the volume of the %s", claimName(namespace, in.Claim))}, nil
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would take a snapshot of the volume of the %s", claimName(namespace, in.Claim))}
	kind, missing, err := v.kind(ctx, "VolumeSnapshot")
	if err != nil || missing != nil {
		preview.Blockers = missing
		return preview, err
	}
	made := in.object(v, kind, "")
	rights := append(made.Rights(), cluster.Right{Verb: "get", Resource: "persistentvolumeclaims", Namespace: namespace, Name: in.Claim})
	if preview.Blockers, err = v.Lacking(ctx, rights...); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	claim, err := v.claim(ctx, namespace, in.Claim)
	if err != nil {
		return preview, err
	}
	if err := v.judgeSource(ctx, claim, in.Class, &preview); err != nil {
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
	planned, err := made.Try(ctx, in.content())
	if err != nil {
		return preview, err
	}
	text, err := diff.Objects(nil, planned)
	preview.Changes = []sdk.Delta{{Target: made.String(), Kind: kind.Name, Op: "create", Diff: text}}
	return preview, err
}

// judgeSource adds to a plan what keeps a claim's volume from being copied.
func (v volumes) judgeSource(ctx context.Context, claim *corev1.PersistentVolumeClaim, class string, preview *sdk.Preview) error {
	named := claimName(claim.Namespace, claim.Name)
	if claim.Status.Phase != corev1.ClaimBound {
		preview.Blockers = append(preview.Blockers, fmt.Sprintf("The %s is not bound to a volume, but %s.", named, claim.Status.Phase))
		return nil
	}
	volume, err := v.Kube.CoreV1().PersistentVolumes().Get(ctx, claim.Spec.VolumeName, metav1.GetOptions{})
	switch {
	case apierrors.IsForbidden(err):
		preview.Warnings = append(preview.Warnings, "You may not read PersistentVolumes, so that it is not known whether a snapshot can be taken.")
		return nil
	case err != nil:
		return cluster.FaultIn(ctx, err, "read the PersistentVolume %s", claim.Spec.VolumeName)
	case volume.Spec.CSI == nil:
		preview.Blockers = append(preview.Blockers, fmt.Sprintf("The volume %s of the %s is not of a CSI driver.", volume.Name, named))
		return nil
	}
	return v.judgeClass(ctx, class, volume.Spec.CSI.Driver, preview)
}

// judgeClass says where there is no class to take a snapshot by.
func (v volumes) judgeClass(ctx context.Context, class, driver string, preview *sdk.Preview) error {
	kind, missing, err := v.kind(ctx, "VolumeSnapshotClass")
	if err != nil || missing != nil {
		preview.Blockers = append(preview.Blockers, missing...)
		return err
	}
	classes, err := v.Objects(kind, "").List(ctx, metav1.ListOptions{})
	if apierrors.IsForbidden(err) {
		preview.Warnings = append(preview.Warnings, "You may not list VolumeSnapshotClasses, so that it is not known whether there is one.")
		return nil
	}
	if err != nil {
		return cluster.FaultIn(ctx, err, "list the VolumeSnapshotClasses")
	}
	for _, found := range classes.Items {
		of := own.Text(&found, "driver")
		switch {
		case class == found.GetName() && of != driver:
			preview.Blockers = append(preview.Blockers, fmt.Sprintf("The VolumeSnapshotClass %s is for the driver %s, and the volume is of %s.", class, of, driver))
			return nil
		case class == found.GetName(), class == "" && of == driver && isDefault(&found):
			return nil
		}
	}
	if class != "" {
		return own.Missing("class", "there is no VolumeSnapshotClass %s", class)
	}
	preview.Blockers = append(preview.Blockers, fmt.Sprintf("There is no default VolumeSnapshotClass for the driver %s.", driver))
	return nil
}

// defaultClass marks the classes that are taken where none is named.
const defaultClass = "snapshot.storage.kubernetes.io/is-default-class"

func isDefault(class *unstructured.Unstructured) bool {
	return class.GetAnnotations()[defaultClass] == "true"
}
