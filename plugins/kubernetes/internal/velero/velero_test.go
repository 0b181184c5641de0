package velero_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/velero"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// What is real here and what is not: the API server and Velero's custom resource
// definitions are. There is no Velero: playVelero plays it, by what it writes into the
// API, and nothing is backed up or restored.

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

// How the Velero that is played here deals with a backup or restore, by the first
// namespace that it is of.
const (
	works   = "works"
	partial = "partial" // a part of it fails
	fails   = "fails"
	invalid = "invalid"
	hangs   = "hangs"  // it is in progress for ever
	sticks  = "sticks" // it works, and cannot be deleted
)

var prepared sync.Once

// prepare makes what all tests need, once. It is called after t.Parallel, so that tests
// that do not call it see a cluster without Velero.
func prepare(t testing.TB) {
	t.Helper()
	prepared.Do(func() {
		for _, file := range []string{"backups", "restores", "deletebackuprequests", "backupstoragelocations"} {
			shared.Define(t, "testdata/"+file+".yaml")
		}
		c := &cluster.Cluster{}
		lab.Must(t, c.Connect(t.Context(), shared.Config()))
		for _, name := range []string{"Backup", "Restore"} {
			go playVelero(c, kind(t, name))
		}
		go playDeletions(c, kind(t, "DeleteBackupRequest"), kind(t, "Backup"))
	})
}

func kind(t testing.TB, name string) cluster.Kind {
	t.Helper()
	found, err := shared.Connect(t).Kind(t.Context(), "velero.io/v1", name)
	lab.Must(t, err)
	return found
}

// each does something to all objects of a kind whenever one of them changes, until the
// process ends. What it cannot do, it does when it is woken again.
func each(c *cluster.Cluster, of cluster.Kind, do func(context.Context, *unstructured.Unstructured)) {
	ctx := context.Background()
	for range cluster.Wakes(ctx, c.Watch(of, "", "")) {
		all, err := c.Objects(of, "").List(ctx, metav1.ListOptions{})
		if err != nil {
			continue
		}
		for _, object := range all.Items {
			do(ctx, &object)
		}
	}
}

// playVelero takes each backup or restore from one phase to the next.
func playVelero(c *cluster.Cluster, of cluster.Kind) {
	each(c, of, func(ctx context.Context, object *unstructured.Unstructured) {
		way := wayOf(object)
		var status map[string]any
		phase := phaseOf(object)
		switch {
		case phase == "" && way == invalid:
			status = map[string]any{"phase": "FailedValidation", "validationErrors": []any{"no such storage location"}}
		case phase == "":
			status = map[string]any{"phase": "InProgress", "startTimestamp": "2026-01-10T01:00:00Z", "progress": progress(of, 1)}
		case phase != "InProgress" || way == hangs:
			return
		case way == fails:
			status = map[string]any{"phase": "Failed", "failureReason": "the bucket is gone"}
		case way == partial:
			status = map[string]any{"phase": "PartiallyFailed", "errors": int64(2), "warnings": int64(3), "progress": progress(of, 5)}
		default:
			status = map[string]any{"phase": "Completed", "completionTimestamp": "2026-01-10T01:05:00Z", "progress": progress(of, 7)}
		}
		object.Object["status"] = status
		_, _ = c.Objects(of, object.GetNamespace()).Update(ctx, object, metav1.UpdateOptions{FieldManager: "velero"})
	})
}

func wayOf(object *unstructured.Unstructured) string {
	namespaces, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "includedNamespaces")
	if len(namespaces) == 0 {
		return works
	}
	return namespaces[0]
}

func phaseOf(object *unstructured.Unstructured) string {
	phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
	return phase
}

func progress(of cluster.Kind, items int64) map[string]any {
	if of.Name == "Backup" {
		return map[string]any{"totalItems": int64(7), "itemsBackedUp": items}
	}
	return map[string]any{"totalItems": int64(7), "itemsRestored": items}
}

// playDeletions deletes backups that are asked to be deleted, and then the request.
func playDeletions(c *cluster.Cluster, requests, backups cluster.Kind) {
	each(c, requests, func(ctx context.Context, request *unstructured.Unstructured) {
		name, _, _ := unstructured.NestedString(request.Object, "spec", "backupName")
		backup, err := c.Look(ctx, backups, request.GetNamespace(), name)
		if err != nil || phaseOf(request) != "" {
			return
		}
		if backup != nil && wayOf(backup) == sticks {
			request.Object["status"] = map[string]any{"phase": "Processed", "errors": []any{"the bucket is read-only"}}
			_, _ = c.Objects(requests, request.GetNamespace()).Update(ctx, request, metav1.UpdateOptions{FieldManager: "velero"})
			return
		}
		_ = c.Objects(backups, request.GetNamespace()).Delete(ctx, name, metav1.DeleteOptions{})
		_ = c.Objects(requests, request.GetNamespace()).Delete(ctx, request.GetName(), metav1.DeleteOptions{})
	})
}

// home makes a namespace for Velero, with a place for backups.
func home(t testing.TB, location map[string]any) string {
	t.Helper()
	prepare(t)
	namespace := shared.Namespace(t)
	_, err := shared.Connect(t).Objects(kind(t, "BackupStorageLocation"), namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "velero.io/v1", "kind": "BackupStorageLocation", "metadata": map[string]any{"name": "default"},
		"spec": map[string]any{
			"default": true, "provider": "lab", "objectStorage": map[string]any{"bucket": "backups"}, "accessMode": "ReadWrite",
		},
		"status": location,
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	return namespace
}

func action(t testing.TB, c *cluster.Cluster, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, velero.Actions(c), name)
}

// names are those of the objects of a kind in a namespace.
func names(t testing.TB, of, namespace string) string {
	t.Helper()
	all, err := shared.Connect(t).Objects(kind(t, of), namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	var found []string
	for _, object := range all.Items {
		found = append(found, object.GetName())
	}
	return strings.Join(found, " ")
}

// It is not parallel, so that it comes before any test that defines the kinds.
func TestWithoutVeleroThePlanSaysSo(t *testing.T) {
	for name, c := range map[string]struct {
		params map[string]any
		kind   string
	}{
		"velero_backup":  {map[string]any{}, "Backup"},
		"velero_restore": {map[string]any{"backup": "nightly"}, "Restore"},
	} {
		handler := action(t, shared.Connect(t), name)
		preview, err := handler.Plan(t.Context(), lab.Request(t, c.params))
		lab.Must(t, err)
		if want := fmt.Sprintf("The cluster serves no %s in velero.io/v1, which Velero brings.", c.kind); len(preview.Blockers) != 1 || preview.Blockers[0] != want {
			t.Errorf("%s: the blockers are %q, want %q", name, preview.Blockers, want)
		}
		_, err = handler.Apply(t.Context(), lab.Request(t, c.params), &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != sdk.Permanent || !sdk.AsError(err).Unchanged {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
