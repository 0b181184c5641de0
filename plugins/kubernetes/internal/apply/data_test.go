package apply_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// database is the manifest of a StatefulSet whose claim goes with it.
func database() map[string]any {
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": map[string]any{"name": "db"},
		"spec": map[string]any{
			"replicas": 1, "serviceName": "s", "selector": map[string]any{"matchLabels": map[string]any{"app": "db"}}, "template": template("db", "Always"),
			"persistentVolumeClaimRetentionPolicy": map[string]any{"whenDeleted": "Delete"},
			"volumeClaimTemplates":                 []any{map[string]any{"metadata": map[string]any{"name": "data"}, "spec": claim()}},
		},
	}
}

// boundToDatabase waits until the claim belongs to the StatefulSet, and binds it, as a
// provisioner of volumes would.
func boundToDatabase(t *testing.T, namespace string) {
	t.Helper()
	claims := shared.Kube.CoreV1().PersistentVolumeClaims(namespace)
	lab.Eventually(t, "the claim belongs to the StatefulSet", func(ctx context.Context) error {
		found, err := claims.Get(ctx, "data-db-0", metav1.GetOptions{})
		if err == nil && len(found.OwnerReferences) == 0 {
			err = errors.New("it has no owner yet")
		}
		return err
	})
	_, err := claims.Patch(t.Context(), "data-db-0", types.MergePatchType, []byte(`{"spec":{"volumeName":"disk"}}`), metav1.PatchOptions{FieldManager: "kube-controller-manager"})
	lab.Must(t, err)
}

// stands makes sure that nothing of the database is gone, or about to go.
func stands(t *testing.T, namespace string) {
	t.Helper()
	set, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(t.Context(), "db", metav1.GetOptions{})
	lab.Must(t, err)
	held, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).Get(t.Context(), "data-db-0", metav1.GetOptions{})
	lab.Must(t, err)
	if set.DeletionTimestamp != nil || held.DeletionTimestamp != nil {
		t.Errorf("the StatefulSet goes since %v, and the claim since %v", set.DeletionTimestamp, held.DeletionTimestamp)
	}
}

// An undo does not delete what would take data with it.
func TestUndoLeavesWhatDataBelongsTo(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	req, host := lab.Request(t, in(namespace, manifest(configMap("a", nil), database()))), &sdktest.Host{}
	if out := outputs(t, req, host); len(out.Created) != 2 {
		t.Fatalf("it did %+v", out)
	}
	boundToDatabase(t, namespace)
	req.Before = host.StateBefore()
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Conflict, "the StatefulSet "+namespace+"/db stays: the data of 1 claim (data-db-0) would go with it")
	stands(t, namespace)
	if strings.Contains(probe(t, namespace), "ConfigMap a") {
		t.Error("the ConfigMap was not taken back")
	}
}

// Nor does a prune, which says so beforehand, and keeps it on its list.
func TestPruneLeavesWhatDataBelongsTo(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	applied(t, in(namespace, pruning(configMap("a", nil), database())))
	boundToDatabase(t, namespace)
	params := in(namespace, pruning(configMap("a", nil)))
	for range 2 {
		preview, err := h.Plan(t.Context(), lab.Request(t, params))
		const says = " is no longer among the objects, and stays: the data of 1 claim (data-db-0) would go with it."
		if err != nil || len(preview.Changes) > 0 || len(preview.Warnings) != 1 || preview.Warnings[0] != "The StatefulSet "+namespace+"/db"+says {
			t.Errorf("the plan is %+v, %v", preview, err)
		}
		if out := applied(t, params); len(out.Pruned) > 0 {
			t.Errorf("it pruned %v", out.Pruned)
		}
	}
	stands(t, namespace)
}

// What comes to belong to an object after the look at it is not lost either.
func TestPruneLeavesWhatDataCameToBelongTo(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	applied(t, in(namespace, pruning(configMap("a", nil), database())))
	host := &sdktest.Host{OnBefore: func() { boundToDatabase(t, namespace) }}
	_, err := h.Apply(t.Context(), lab.Request(t, in(namespace, pruning(configMap("a", nil)))), host)
	lab.Fails(t, err, sdk.Conflict, "the StatefulSet "+namespace+"/db stays: the data of 1 claim (data-db-0)")
	stands(t, namespace)
}

// Whether the claims of one operator belong to the object of another is not to be seen by who may
// not read what they belong to. The plan says so, and what it takes.
func TestPlanOfApplySaysWhoseClaimsItMayNotSee(t *testing.T) {
	t.Parallel()
	namespace, all, user := shared.Namespace(t), shared.Connect(t), "issuer-"+t.Name()
	const passes, bases = "passes.lab.example", "bases.lab.example"
	applied(t, manifest(definition(passes, "Pass"), definition(bases, "Base")))
	applied(t, in(namespace, manifest(map[string]any{"apiVersion": bases + "/v1", "kind": "Base", "metadata": map[string]any{"name": "pg"}})))
	kind, err := all.Kind(t.Context(), bases+"/v1", "Base")
	lab.Must(t, err)
	base, err := all.Look(t.Context(), kind, namespace, "pg")
	lab.Must(t, err)
	bound := claim()
	bound["volumeName"] = "disk"
	applied(t, in(namespace, manifest(map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": bound, "metadata": map[string]any{"name": "pg-1", "ownerReferences": []any{
			map[string]any{"apiVersion": base.GetAPIVersion(), "kind": base.GetKind(), "name": base.GetName(), "uid": string(base.GetUID())},
		}},
	})))
	shared.Allow(t, user,
		rbacv1.PolicyRule{APIGroups: []string{passes}, Resources: []string{"*"}, Verbs: []string{"*"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"persistentvolumeclaims"}, Verbs: []string{"list"}})
	pass := func(name string) any {
		return map[string]any{"apiVersion": passes + "/v1", "kind": "Pass", "metadata": map[string]any{"name": name}}
	}
	req, host := lab.Request(t, in(namespace, manifest(pass("a"), pass("b")))), &sdktest.Host{}
	h := handler(t, shared.ConnectAs(t, user))
	warns := func(warnings string) {
		t.Helper()
		preview, err := h.Plan(t.Context(), req)
		if said := strings.Join(preview.Warnings, " "); err != nil || len(preview.Blockers) > 0 || said != warnings {
			t.Errorf("the plan is %+v, %v", preview, err)
		}
	}
	warns("Undo could not take all back. You may not get the Base pg in " + namespace + ".")
	_, err = h.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Conflict, "stays: the data of 1 claim (pg-1) may go with it, by way of what you may not read: the Base pg")
	shared.Allow(t, user, rbacv1.PolicyRule{APIGroups: []string{bases}, Resources: []string{"bases"}, Verbs: []string{"get"}})
	lab.Must(t, h.Undo(t.Context(), req, host))
	req.Before = nil
	warns("")
}

// Nor is it while the owner cannot be read at all, as where a webhook that converts its kind is
// away. It is somebody else's, and stands in nobody's way who makes objects beside it.
func TestPlanOfApplyWarnsOfClaimsWhoseOwnerCannotBeRead(t *testing.T) {
	t.Parallel()
	namespace, all := shared.Namespace(t), shared.Connect(t)
	const buoys, docks = "buoys.lab.example", "docks.lab.example"
	applied(t, manifest(definition(buoys, "Buoy"), definition(docks, "Dock")))
	kind, err := all.Kind(t.Context(), docks+"/v1", "Dock")
	lab.Must(t, err)
	applied(t, in(namespace, manifest(map[string]any{"apiVersion": docks + "/v1", "kind": "Dock", "metadata": map[string]any{"name": "pg"}})))
	dock, err := all.Look(t.Context(), kind, namespace, "pg")
	lab.Must(t, err)
	bound := claim()
	bound["volumeName"] = "disk"
	applied(t, in(namespace, manifest(map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": bound, "metadata": map[string]any{"name": "pg-1", "ownerReferences": []any{
			map[string]any{"apiVersion": docks + "/v1", "kind": "Dock", "name": "pg", "uid": string(dock.GetUID())},
		}},
	})))
	for name, away := range map[string]string{"its webhook is away": "/docks/pg", "its server is away": "/apis/" + docks + "/v1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := handler(t, shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
				if strings.HasSuffix(r.URL.Path, away) {
					http.Error(w, "conversion webhook failed", http.StatusInternalServerError)
					return
				}
				api.ServeHTTP(w, r)
			}))
			buoy := map[string]any{"apiVersion": buoys + "/v1", "kind": "Buoy", "metadata": map[string]any{"name": "a"}}
			preview, err := h.Plan(t.Context(), lab.Request(t, in(namespace, manifest(buoy))))
			if err != nil || len(preview.Blockers) > 0 || len(preview.Changes) != 1 || len(preview.Warnings) != 1 ||
				!strings.Contains(preview.Warnings[0], "Whether claims in "+namespace+" belong to what undo deletes cannot be seen now: ") {
				t.Errorf("the plan is %+v, %v", preview, err)
			}
		})
	}
}
