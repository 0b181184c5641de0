package volumes_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// mounting is what pods are that use a claim. There is no kubelet where they come to be.
func mounting(claim string) map[string]any {
	return map[string]any{
		"nodeName": "no-kubelet-here", "restartPolicy": "Never", "containers": []any{map[string]any{"name": "main", "image": "db:1"}},
		"volumes": []any{map[string]any{"name": "data", "persistentVolumeClaim": map[string]any{"claimName": claim}}},
	}
}

// controlled is what a workload is that makes no pods now.
func controlled(pod map[string]any, more map[string]any) map[string]any {
	delete(pod, "restartPolicy")
	spec := map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "db"}},
		"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "db"}}, "spec": pod},
	}
	maps.Copy(spec, more)
	return spec
}

// undoable is the request to undo a step that made the claim data-db-0.
func undoable(t *testing.T) (namespace string, req sdk.Request) {
	t.Helper()
	world, host := kept(map[string]any{"name": "data-db-0", "storageClass": "lazy"})(t), &sdktest.Host{}
	req = lab.Request(t, world.Params)
	restored(t, req, host)
	req.Before = host.StateBefore()
	return world.Params["namespace"].(string), req
}

// What was written to a volume since is not lost with its pods being gone at the moment.
func TestUndoOfRestoreLeavesAClaimThatAWorkloadNames(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	handler := action(t, c, "pvc_restore")
	namespace, req := undoable(t)
	none, batch := map[string]any{"replicas": int64(0)}, map[string]any{"template": map[string]any{"spec": mounting("data-db-0")}, "suspend": true}
	for _, user := range []struct {
		apiVersion, kind string
		spec             map[string]any
	}{
		{"v1", "Pod", mounting("data-db-0")}, // which has ended
		{"apps/v1", "Deployment", controlled(mounting("data-db-0"), none)},
		{"apps/v1", "ReplicaSet", controlled(mounting("data-db-0"), none)},
		{"apps/v1", "StatefulSet", controlled(mounting("data-db-0"), none)},
		{"apps/v1", "StatefulSet", controlled(mounting("other"), map[string]any{"replicas": int64(0), "volumeClaimTemplates": []any{map[string]any{
			"metadata": map[string]any{"name": "data"},
			"spec": map[string]any{
				"accessModes": []any{"ReadWriteOnce"}, "resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}},
			},
		}}})},
		{"apps/v1", "DaemonSet", controlled(mounting("data-db-0"), nil)},
		{"batch/v1", "Job", batch},
		{"batch/v1", "CronJob", map[string]any{"schedule": "0 0 1 1 *", "suspend": true, "jobTemplate": map[string]any{"spec": batch}}},
	} {
		kind, err := c.Kind(t.Context(), user.apiVersion, user.kind)
		lab.Must(t, err)
		_, err = c.Objects(kind, namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": user.apiVersion, "kind": user.kind, "metadata": map[string]any{"name": "db"}, "spec": user.spec,
		}}, metav1.CreateOptions{})
		lab.Must(t, err)
		if user.kind == "Pod" {
			_, err := shared.Kube.CoreV1().Pods(namespace).Patch(t.Context(), "db", types.MergePatchType,
				[]byte(`{"status":{"phase":"Succeeded"}}`), metav1.PatchOptions{}, "status")
			lab.Must(t, err)
		}
		lab.Fails(t, handler.Undo(t.Context(), req, &sdktest.Host{}), sdk.Conflict, "used by the "+user.kind+" db")
		lab.Must(t, c.Objects(kind, namespace).Delete(t.Context(), "db", metav1.DeleteOptions{
			PropagationPolicy: new(metav1.DeletePropagationBackground), GracePeriodSeconds: new(int64(0)),
		}))
	}
	lab.Eventually(t, "nobody is left, and the undo deletes the claim", func(ctx context.Context) error {
		return handler.Undo(ctx, req, &sdktest.Host{})
	})
	if left := claims(t, namespace); len(left) != 1 || left[0] != "data" {
		t.Errorf("there are %v", left)
	}
}

// A namespace may have more objects than one answer holds.
func TestUndoOfRestoreSeesAllWhoUseTheClaim(t *testing.T) {
	t.Parallel()
	namespace, req := undoable(t)
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/deployments") {
			query := r.URL.Query()
			query.Set("limit", "1")
			r.URL.RawQuery = query.Encode()
		}
		api.ServeHTTP(w, r)
	})
	for name, claim := range map[string]string{"a": "other", "b": "data-db-0"} {
		shared.Deploy(t, namespace, name, "db:1", 0, func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
			}}}
		})
	}
	lab.Fails(t, action(t, c, "pvc_restore").Undo(t.Context(), req, &sdktest.Host{}), sdk.Conflict, "used by the Deployment b")
}

// A Deployment that was switched to the claim and back again, as a rollback does, needs it
// no more: that its older ReplicaSet names it does not matter.
func TestUndoOfRestoreDeletesAClaimThatADeploymentHasGoneBackFrom(t *testing.T) {
	t.Parallel()
	namespace, req := undoable(t)
	mounts := func(claim string) func(*appsv1.Deployment) {
		return func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim},
			}}}
		}
	}
	shared.Deploy(t, namespace, "db", "db:1", 0, mounts("data-db-0"))
	deployments := shared.Kube.AppsV1().Deployments(namespace)
	live, err := deployments.Get(t.Context(), "db", metav1.GetOptions{})
	lab.Must(t, err)
	mounts("data")(live)
	_, err = deployments.Update(t.Context(), live, metav1.UpdateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "there is an older ReplicaSet", func(ctx context.Context) error {
		sets, err := shared.Kube.AppsV1().ReplicaSets(namespace).List(ctx, metav1.ListOptions{})
		if err == nil && len(sets.Items) != 2 {
			err = fmt.Errorf("there are %d", len(sets.Items))
		}
		return err
	})
	lab.Must(t, action(t, shared.Connect(t), "pvc_restore").Undo(t.Context(), req, &sdktest.Host{}))
	if left := claims(t, namespace); len(left) != 1 || left[0] != "data" {
		t.Errorf("there are %v", left)
	}
}

// Whoever may not see who uses the claim is told by the plan, and his undo leaves it.
func TestUndoOfRestoreLeavesAClaimWhoseUsersItMayNotSee(t *testing.T) {
	t.Parallel()
	world := kept(map[string]any{"name": "other", "storageClass": "lazy"})(t)
	namespace := world.Params["namespace"].(string)
	shared.Allow(t, "restorer",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"get", "create", "delete"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{"apps"}, Resources: []string{"deployments", "daemonsets", "replicasets"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{"batch"}, Resources: []string{"jobs", "cronjobs"}, Verbs: []string{"list"}},
		rbacv1.PolicyRule{APIGroups: []string{"storage.k8s.io"}, Resources: []string{"storageclasses"}, Verbs: []string{"get"}},
		rbacv1.PolicyRule{APIGroups: []string{"snapshot.storage.k8s.io"}, Resources: []string{"volumesnapshots", "volumesnapshotcontents"}, Verbs: []string{"get"}})
	handler, req, host := action(t, shared.ConnectAs(t, "restorer"), "pvc_restore"), lab.Request(t, world.Params), &sdktest.Host{}
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	want := "You may not list statefulsets in " + namespace + ". Undo of this step takes it, to see who uses the claim."
	if len(preview.Blockers) > 0 || len(preview.Warnings) == 0 || preview.Warnings[0] != want {
		t.Errorf("it warns %q, and is blocked by %q", preview.Warnings, preview.Blockers)
	}
	_, err = handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	lab.Fails(t, handler.Undo(t.Context(), req, host), sdk.Denied, "statefulsets")
	if left := claims(t, namespace); len(left) != 2 {
		t.Errorf("there are %v", left)
	}
}
