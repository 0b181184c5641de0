package volumes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/volumes"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// It is not parallel, so that it comes before any test that defines the kinds.
func TestWithoutTheSnapshotterThePlanSaysSo(t *testing.T) {
	for name, params := range map[string]map[string]any{
		"volume_snapshot": {"claim": "data", "namespace": "default"},
		"pvc_restore":     {"name": "data", "snapshot": "nightly", "namespace": "default"},
	} {
		handler := action(t, shared.Connect(t), name)
		preview, err := handler.Plan(t.Context(), lab.Request(t, params))
		lab.Must(t, err)
		want := "The cluster serves no VolumeSnapshot in snapshot.storage.k8s.io/v1, which the CSI snapshotter brings."
		if len(preview.Blockers) != 1 || preview.Blockers[0] != want {
			t.Errorf("%s: the blockers are %q", name, preview.Blockers)
		}
		_, err = handler.Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != sdk.Permanent || !sdk.AsError(err).Unchanged {
			t.Errorf("%s: got %v", name, err)
		}
		seen, err := handler.Observe(t.Context(), lab.Request(t, params), &sdktest.Host{})
		if err != nil || seen.State != sdk.Untouched {
			t.Errorf("%s: it observes %+v, %v", name, seen, err)
		}
	}
}

// source is a world with the claim data, bound to a volume.
func source(more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		prepare(t)
		namespace := shared.Namespace(t)
		claimed(t, namespace, "data")
		params := map[string]any{"claim": "data", "namespace": namespace}
		maps.Copy(params, more)
		return sdktest.World{Params: params, Probe: func() string { return strings.Join(snapshots(t, namespace), " ") }}
	}
}

// snapshots are the names of the snapshots of a namespace.
func snapshots(t testing.TB, namespace string) []string {
	t.Helper()
	all, err := shared.Connect(t).Objects(kind(t, "VolumeSnapshot"), namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	names := []string{}
	for _, found := range all.Items {
		names = append(names, found.GetName())
	}
	return names
}

func TestSnapshotKeepsTheContract(t *testing.T) {
	t.Parallel()
	sdktest.Run(t, action(t, shared.Connect(t), "volume_snapshot"),
		sdktest.Case{Name: "a claim", World: source(nil)},
		sdktest.Case{Name: "with a name and a class", World: source(map[string]any{"name": "nightly", "class": works})},
		sdktest.Case{Name: "never ready", World: source(map[string]any{"class": hangs}), Blocks: true},
		sdktest.Case{Name: "its timeout", World: source(map[string]any{"class": hangs, "timeout": "1s"}), Fails: sdk.Transient},
		sdktest.Case{Name: "an error that stays", World: source(map[string]any{"class": fails, "stall": "1s"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "no claim", World: source(map[string]any{"claim": "none"}), Fails: sdk.Permanent})
}

func taken(t *testing.T, req sdk.Request, host *sdktest.Host) volumes.SnapshotOutput {
	t.Helper()
	text, err := action(t, shared.Connect(t), "volume_snapshot").Apply(t.Context(), req, host)
	lab.Must(t, err)
	var out volumes.SnapshotOutput
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

// Errors of the snapshotter pass, as it tries again; they are told meanwhile.
func TestAnErrorThatPassesIsTold(t *testing.T) {
	t.Parallel()
	world, host := source(map[string]any{"class": mends})(t), &sdktest.Host{}
	out := taken(t, lab.Request(t, world.Params), host)
	if out.RestoreSize != "1Gi" || !strings.HasPrefix(out.Content, "snapcontent-") || out.CreationTime == "" || !strings.HasPrefix(out.Name, "data-") {
		t.Errorf("got %+v", out)
	}
	_, err := action(t, shared.Connect(t), "volume_snapshot").Apply(t.Context(),
		lab.Request(t, map[string]any{"claim": "data", "namespace": out.Namespace, "name": "broken", "class": fails, "stall": "1s"}), host)
	if err == nil || !strings.Contains(err.Error(), "fails: the disk is on fire") {
		t.Errorf("got %v", err)
	}
	if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, "the snapshotter reports: the disk is on fire") {
		t.Errorf("it told %s", told)
	}
}

// The first attempt dies before it makes anything, the answer of the second is lost, and
// the third finds its snapshot. Another step makes another.
func TestAllAttemptsTakeOneSnapshot(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "volume_snapshot")
	world, host := source(nil)(t), &sdktest.Host{}
	req, namespace := lab.Request(t, world.Params), world.Params["namespace"].(string)
	dying, die := context.WithCancel(t.Context())
	host.OnBefore = die
	if _, err := handler.Apply(dying, req, host); err == nil {
		t.Fatal("it did not die")
	}
	host.OnBefore = nil
	req.Attempt, req.Before = 2, host.StateBefore()
	_, err := action(t, shared.LosingNew(t, "volumesnapshots"), "volume_snapshot").Apply(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Transient {
		t.Fatalf("the second attempt ended with %v, want a transient error", err)
	}
	made := snapshots(t, namespace)
	req.Attempt, req.Before = 3, host.StateBefore()
	first := taken(t, req, host)
	if now := snapshots(t, namespace); len(made) != 1 || !slices.Equal(now, made) || made[0] != first.Name {
		t.Errorf("the second attempt made %v, the third returned %s, and there are %v", made, first.Name, now)
	}
	seen, err := handler.Observe(t.Context(), req, host)
	if err != nil || seen.State != sdk.Done {
		t.Errorf("it observes %+v, %v", seen, err)
	}
	other := req
	other.Key, other.Before = "run-other-0-do", nil
	if another := taken(t, other, &sdktest.Host{}); another.Name == first.Name {
		t.Errorf("two steps made the one snapshot %s", first.Name)
	}
	req.Key = "run-step-0-undo" // of which an undo has its own
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if left := snapshots(t, namespace); len(left) != 1 || slices.Contains(left, first.Name) {
		t.Errorf("after the undo there are %v", left)
	}
}

// A snapshot of the name that somebody else made is neither taken for the step's own nor
// deleted.
func TestForeignSnapshotsAreLeftAlone(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "volume_snapshot")
	world, host := source(map[string]any{"name": "nightly"})(t), &sdktest.Host{}
	namespace, req := world.Params["namespace"].(string), lab.Request(t, world.Params)
	_, err := shared.Connect(t).Objects(kind(t, "VolumeSnapshot"), namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshot", "metadata": map[string]any{"name": "nightly"},
		"spec": map[string]any{"source": map[string]any{"persistentVolumeClaimName": "data"}},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	if want := fmt.Sprintf("There is a VolumeSnapshot %s/nightly already.", namespace); len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	_, err = handler.Apply(t.Context(), req, host)
	if err == nil || sdk.AsError(err).Class != sdk.Conflict {
		t.Errorf("got %v, want a conflict", err)
	}
	req.Before = host.StateBefore()
	lab.Must(t, handler.Undo(t.Context(), req, host))
	if left := snapshots(t, namespace); len(left) != 1 {
		t.Errorf("after the undo there are %v", left)
	}
}

func TestPlanOfSnapshotKnowsWhatStandsInItsWay(t *testing.T) {
	t.Parallel()
	handler := action(t, shared.Connect(t), "volume_snapshot")
	world := source(nil)(t)
	namespace := world.Params["namespace"].(string)
	preview, err := handler.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if len(preview.Blockers) != 0 || len(preview.Changes) != 1 || !strings.Contains(preview.Changes[0].Diff, "+    persistentVolumeClaimName: data\n") {
		t.Errorf("the plan is %+v", preview)
	}
	preview, err = handler.Plan(t.Context(), lab.Request(t, map[string]any{"claim": "data", "namespace": namespace, "class": others}))
	lab.Must(t, err)
	if want := "The VolumeSnapshotClass others is for the driver csi.other.example, and the volume is of csi.lab.example."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	preview, err = handler.Plan(t.Context(), lab.Request(t, map[string]any{"claim": "data", "namespace": namespace, "class": "none"}))
	lab.Must(t, err)
	if want := "There is no VolumeSnapshotClass none."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	shared.Allow(t, "claim-reader",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{"snapshot.storage.k8s.io"}, Resources: []string{"volumesnapshots"}, Verbs: []string{"get", "delete"}})
	limited := action(t, shared.ConnectAs(t, "claim-reader"), "volume_snapshot")
	preview, err = limited.Plan(t.Context(), lab.Request(t, world.Params))
	lab.Must(t, err)
	if want := "You may not create volumesnapshots in " + namespace + "."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	_, err = limited.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied {
		t.Errorf("got %v, want a denied error", err)
	}
}
