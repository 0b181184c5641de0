package volumes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/volumes"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// kept is a world with the snapshot nightly, and a volume that only the claim restored
// can have, as a driver would make it.
func kept(more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		world := source(map[string]any{"name": "nightly"})(t)
		namespace := world.Params["namespace"].(string)
		_, err := action(t, shared.Connect(t), "volume_snapshot").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		lab.Must(t, err)
		params := map[string]any{"name": "restored", "snapshot": "nightly", "namespace": namespace, "storageClass": "lab"}
		maps.Copy(params, more)
		volumeFor(t, namespace, "restored", params["storageClass"].(string))
		return sdktest.World{Params: params, Probe: func() string { return strings.Join(claims(t, namespace), " ") }}
	}
}

func claims(t testing.TB, namespace string) []string {
	t.Helper()
	all, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	names := []string{}
	for _, claim := range all.Items {
		names = append(names, claim.Name)
	}
	return names
}

func TestRestoreKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "pvc_restore"),
		sdktest.Case{Name: "a snapshot", World: kept(nil)},
		sdktest.Case{
			Name: "a larger volume, for its first pod", World: kept(map[string]any{"storageClass": "lazy", "size": "5Gi"}),
			Moves: []string{"phase", "volume", "waitsForConsumer"}, // it may be bound by then
		},
		sdktest.Case{Name: "too small", World: kept(map[string]any{"size": "1Mi"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "no snapshot", World: kept(map[string]any{"snapshot": "none"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "no class", World: kept(map[string]any{"storageClass": "none"}), Fails: sdk.Permanent},
		// No volume waits for a claim of another name.
		sdktest.Case{Name: "nobody makes the volume", World: kept(map[string]any{"name": "other"}), Blocks: true},
		sdktest.Case{Name: "its timeout", World: kept(map[string]any{"name": "other", "timeout": "1s"}), Fails: sdk.Transient})
}

func restored(t *testing.T, req sdk.Request, host *sdktest.Host) volumes.RestoreOutput {
	t.Helper()
	text, err := action(t, shared.Connect(t), "pvc_restore").Apply(t.Context(), req, host)
	lab.Must(t, err)
	var out volumes.RestoreOutput
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

func TestRestoreBindsAVolumeOfTheSnapshotsSize(t *testing.T) {
	t.Parallel()
	world, host := kept(nil)(t), &sdktest.Host{}
	namespace, req := world.Params["namespace"].(string), lab.Request(t, world.Params)
	out := restored(t, req, host)
	if out.Phase != "Bound" || out.WaitsForConsumer || out.Volume != namespace+"-restored" || out.Size != "1Gi" {
		t.Errorf("got %+v", out)
	}
	made, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).Get(t.Context(), "restored", metav1.GetOptions{})
	lab.Must(t, err)
	if from := made.Spec.DataSource; from == nil || from.Kind != "VolumeSnapshot" || from.Name != "nightly" {
		t.Errorf("it is restored from %+v", from)
	}
	req.Attempt, req.Before = 2, host.StateBefore()
	if again := restored(t, req, host); again != out {
		t.Errorf("the second attempt says %+v", again)
	}
	seen, err := action(t, shared.Connect(t), "pvc_restore").Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
}

// A volume that is made for its first pod is not waited for.
func TestRestoreSaysThatAVolumeWaitsForAPod(t *testing.T) {
	t.Parallel()
	world := kept(map[string]any{"storageClass": "lazy", "name": "other"})(t)
	preview, err := action(t, shared.Connect(t), "pvc_restore").Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Warnings) != 1 || !strings.Contains(preview.Warnings[0], "makes the volume only when a pod uses the claim") {
		t.Errorf("it warns %q", preview.Warnings)
	}
	if out := restored(t, lab.Request(t, world.Params), &sdktest.Host{}); out.Phase != "Pending" || !out.WaitsForConsumer || out.Volume != "" {
		t.Errorf("got %+v", out)
	}
}

// Why no volume is made, the events of the claim say. The test writes one as the CSI
// provisioner does.
func TestRestoreTellsTheProvisionersErrors(t *testing.T) {
	t.Parallel()
	world, host, ended := kept(map[string]any{"name": "other"})(t), &sdktest.Host{}, make(chan error, 1)
	namespace := world.Params["namespace"].(string)
	ctx, end := context.WithCancel(t.Context())
	handler := action(t, shared.Connect(t), "pvc_restore")
	go func() { _, err := handler.Apply(ctx, lab.Request(t, world.Params), host); ended <- err }()
	lab.Eventually(t, "the claim is made", func(ctx context.Context) error {
		claim, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).Get(ctx, "other", metav1.GetOptions{})
		if err != nil {
			return err
		}
		_, err = shared.Kube.CoreV1().Events(namespace).Create(ctx, &corev1.Event{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "failed-"}, Type: corev1.EventTypeWarning, Reason: "ProvisioningFailed", Message: "no room",
			InvolvedObject: corev1.ObjectReference{Kind: "PersistentVolumeClaim", Namespace: namespace, Name: "other", UID: claim.UID},
		}, metav1.CreateOptions{})
		return err
	})
	lab.Eventually(t, "it is told", func(context.Context) error {
		if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, "phase Pending; ProvisioningFailed: no room") {
			return fmt.Errorf("it told %s", told)
		}
		return nil
	})
	end()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("got %v", err)
	}
}

// A claim that a pod uses is not deleted, nor one that somebody else made.
func TestUndoOfRestoreLosesNoData(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "pvc_restore")
	world, host := kept(nil)(t), &sdktest.Host{}
	namespace, req := world.Params["namespace"].(string), lab.Request(t, world.Params)
	restored(t, req, host)
	req.Before = host.StateBefore()
	template := lab.Template("db", "db:1")
	template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
		PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "restored"},
	}}}
	pods := shared.Kube.CoreV1().Pods(namespace)
	_, err := pods.Create(t.Context(), &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db"}, Spec: template.Spec}, metav1.CreateOptions{})
	lab.Must(t, err)
	err = handler.Undo(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "used by the Pod db") {
		t.Errorf("got %v, want a conflict with the pod", err)
	}
	lab.Must(t, pods.Delete(t.Context(), "db", metav1.DeleteOptions{GracePeriodSeconds: new(int64(0))}))
	lab.Eventually(t, "the pod is gone, and the undo deletes the claim", func(ctx context.Context) error {
		return handler.Undo(ctx, req, host)
	})
	if left := claims(t, namespace); len(left) != 1 || left[0] != "data" {
		t.Errorf("there are %v", left)
	}
	claim(t, namespace, "restored")
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if left := claims(t, namespace); len(left) != 2 {
		t.Errorf("there are %v", left)
	}
}

func TestPlanOfRestoreKnowsWhatStandsInItsWay(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "pvc_restore")
	world := kept(nil)(t)
	namespace := world.Params["namespace"].(string)
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Blockers) != 0 || len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "+      storage: 1Gi\n") {
		t.Errorf("the plan is %+v", preview)
	}
	for name, c := range map[string]struct{ param, value, blocker, field string }{
		"another driver":   {"storageClass", "foreign", "The snapshot is of the driver csi.lab.example, and the StorageClass foreign of csi.other.example.", ""},
		"a claim is there": {"name", "data", "There is a PersistentVolumeClaim " + namespace + "/data already.", ""},
		"no default class": {"storageClass", "", "The cluster has no default StorageClass, so that one must be named.", ""},
		"no size":          {"size", "much", "", "size"},
		"too small":        {"size", "10Mi", "", "size"},
		"no snapshot":      {"snapshot", "none", "There is no VolumeSnapshot " + namespace + "/none.", ""},
	} {
		params := maps.Clone(world.Params)
		params[c.param] = c.value
		preview, err := handler.Plan(t.Context(), lab.Request(t, params))
		if c.field != "" && (err == nil || sdk.AsError(err).Field != c.field) {
			t.Errorf("%s: got %v", name, err)
		}
		if c.blocker != "" && (err != nil || len(preview.Blockers) != 1 || preview.Blockers[0] != c.blocker) {
			t.Errorf("%s: got %v, and the blockers are %q", name, err, preview.Blockers)
		}
	}
	shared.Allow(t, "snapshot-reader",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get", "delete"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{"storage.k8s.io"}, Resources: []string{"storageclasses"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{"snapshot.storage.k8s.io"}, Resources: []string{"volumesnapshots"}, Verbs: []string{"get"}})
	limited := action(t, shared.ConnectAs(t, "snapshot-reader"), "pvc_restore")
	preview, err = limited.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if want := "You may not create persistentvolumeclaims in " + namespace + "."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	_, err = limited.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied {
		t.Errorf("got %v, want a denied error", err)
	}
}
