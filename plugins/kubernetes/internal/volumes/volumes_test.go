package volumes_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/volumes"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What is real here and what is not: the API server, the custom resource definitions of
// the CSI snapshotter, and the controllers of claims and volumes are. There is no CSI
// driver: snapshotter below plays the snapshot controller, by what it writes into the
// API, and a volume that a driver would make is there before, for one certain claim.

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

const driver = "csi.lab.example"

// How the snapshot controller that is played here deals with a snapshot, by its class.
const (
	works  = "works"  // it becomes ready
	hangs  = "hangs"  // it is bound to a content, and never ready
	fails  = "fails"  // an error is reported, and stays
	mends  = "mends"  // an error is reported, and passes
	others = "others" // it is of another driver
)

var prepared sync.Once

// prepare makes what all tests need, once. It is called after t.Parallel, so that tests
// that do not call it see a cluster without snapshots.
func prepare(t testing.TB) {
	t.Helper()
	prepared.Do(func() {
		for _, file := range []string{"volumesnapshots", "volumesnapshotcontents", "volumesnapshotclasses"} {
			shared.Define(t, "testdata/"+file+".yaml")
		}
		for _, name := range []string{works, hangs, fails, mends, others} {
			snapshotClass(t, name)
		}
		storageClass(t, "lab", storagev1.VolumeBindingImmediate, driver)
		storageClass(t, "lazy", storagev1.VolumeBindingWaitForFirstConsumer, driver)
		storageClass(t, "foreign", storagev1.VolumeBindingImmediate, "csi.other.example")
		c := &cluster.Cluster{}
		lab.Must(t, c.Connect(t.Context(), shared.Config()))
		go playSnapshotter(c, kind(t, "VolumeSnapshot"), kind(t, "VolumeSnapshotContent"))
	})
}

func kind(t testing.TB, name string) cluster.Kind {
	t.Helper()
	found, err := shared.Connect(t).Kind(t.Context(), "snapshot.storage.k8s.io/v1", name)
	lab.Must(t, err)
	return found
}

func snapshotClass(t testing.TB, name string) {
	t.Helper()
	class := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass", "metadata": map[string]any{"name": name},
		"driver": driver, "deletionPolicy": "Delete",
	}}
	if name == others {
		class.Object["driver"] = "csi.other.example"
	}
	if name == works {
		class.SetAnnotations(map[string]string{"snapshot.storage.kubernetes.io/is-default-class": "true"})
	}
	_, err := shared.Connect(t).Objects(kind(t, "VolumeSnapshotClass"), "").Create(t.Context(), class, metav1.CreateOptions{})
	lab.Must(t, err)
}

func storageClass(t testing.TB, name string, mode storagev1.VolumeBindingMode, provisioner string) {
	t.Helper()
	_, err := shared.Kube.StorageV1().StorageClasses().Create(t.Context(), &storagev1.StorageClass{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Provisioner: provisioner, VolumeBindingMode: &mode,
	}, metav1.CreateOptions{})
	lab.Must(t, err)
}

// playSnapshotter does to all snapshots what a snapshot controller with a driver would
// do, until the process ends.
func playSnapshotter(c *cluster.Cluster, snapshots, contents cluster.Kind) {
	ctx := context.Background()
	for range cluster.Wakes(ctx, c.Watch(snapshots, "", "")) {
		all, err := c.Objects(snapshots, "").List(ctx, metav1.ListOptions{})
		if err != nil {
			continue // it is woken again
		}
		for _, snapshot := range all.Items {
			if status := nextStatus(&snapshot); status != nil {
				playContent(ctx, c, contents, &snapshot)
				snapshot.Object["status"] = status
				// Where somebody else wrote it, it is looked at again.
				_, _ = c.Objects(snapshots, snapshot.GetNamespace()).UpdateStatus(ctx, &snapshot, metav1.UpdateOptions{})
			}
		}
	}
}

// nextStatus is what a snapshot's status becomes; nil: it stays.
func nextStatus(snapshot *unstructured.Unstructured) map[string]any {
	class, _, _ := unstructured.NestedString(snapshot.Object, "spec", "volumeSnapshotClassName")
	_, failed, _ := unstructured.NestedMap(snapshot.Object, "status", "error")
	ready, looked, _ := unstructured.NestedBool(snapshot.Object, "status", "readyToUse")
	bound := map[string]any{"boundVolumeSnapshotContentName": contentName(snapshot), "readyToUse": false}
	switch {
	case ready, looked && class == hangs, failed && class == fails:
		return nil
	case class == hangs:
		return bound
	case class == fails, class == mends && !failed:
		bound["error"] = map[string]any{"message": "the disk is on fire", "time": time.Now().UTC().Format(time.RFC3339)}
		return bound
	}
	bound["readyToUse"], bound["restoreSize"] = true, "1Gi"
	bound["creationTime"] = time.Now().UTC().Format(time.RFC3339)
	return bound
}

func contentName(snapshot *unstructured.Unstructured) string {
	return "snapcontent-" + string(snapshot.GetUID())
}

func playContent(ctx context.Context, c *cluster.Cluster, contents cluster.Kind, of *unstructured.Unstructured) {
	_, err := c.Objects(contents, "").Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotContent", "metadata": map[string]any{"name": contentName(of)},
		"spec": map[string]any{
			"deletionPolicy": "Delete", "driver": driver, "source": map[string]any{"volumeHandle": "disk-1"},
			"volumeSnapshotRef": map[string]any{"name": of.GetName(), "namespace": of.GetNamespace(), "uid": string(of.GetUID())},
		},
	}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		fmt.Fprintln(os.Stderr, "the played snapshot controller:", err)
	}
}

// volumeFor makes a volume as a driver would, which only one claim can have.
func volumeFor(t testing.TB, namespace, claim, class string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().PersistentVolumes().Create(t.Context(), &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: namespace + "-" + claim},
		Spec: corev1.PersistentVolumeSpec{
			StorageClassName: class, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("10Gi")},
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimRetain,
			ClaimRef:                      &corev1.ObjectReference{Kind: "PersistentVolumeClaim", APIVersion: "v1", Namespace: namespace, Name: claim},
			PersistentVolumeSource: corev1.PersistentVolumeSource{
				CSI: &corev1.CSIPersistentVolumeSource{Driver: driver, VolumeHandle: namespace + "-" + claim},
			},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
}

// claimed makes a claim, and waits until it is bound.
func claimed(t testing.TB, namespace, name string) {
	t.Helper()
	volumeFor(t, namespace, name, "lab")
	claim(t, namespace, name)
	lab.Eventually(t, "the claim is bound", func(ctx context.Context) error {
		found, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, name, metav1.GetOptions{})
		if err == nil && found.Status.Phase != corev1.ClaimBound {
			err = fmt.Errorf("it is %s", found.Status.Phase)
		}
		return err
	})
}

// claim makes a claim.
func claim(t testing.TB, namespace, name string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.PersistentVolumeClaimSpec{
			StorageClassName: new("lab"), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
}

func action(t testing.TB, c *cluster.Cluster, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, volumes.Actions(c), name)
}
