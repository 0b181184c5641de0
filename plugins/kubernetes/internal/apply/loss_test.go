package apply_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// service is the manifest of a Service that gets a port of the nodes.
func service(name string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"type": "NodePort", "ports": []any{map[string]any{"port": 80}}},
	}
}

// job is the manifest of a Job.
func job(name string) map[string]any {
	return map[string]any{
		"apiVersion": "batch/v1", "kind": "Job", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"template": template("main", "Never")},
	}
}

func template(name, restart string) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"labels": map[string]any{"app": name}},
		"spec":     map[string]any{"restartPolicy": restart, "containers": []any{map[string]any{"name": "main", "image": "x:1"}}},
	}
}

// claim is the spec of a PersistentVolumeClaim.
func claim() map[string]any {
	return map[string]any{"accessModes": []any{"ReadWriteOnce"}, "resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}}}
}

// What was pruned comes back, but for a Job: it would run a second time.
func TestUndoMakesAnewWhatWasPrunedAndRunsNothing(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	set := map[string]any{
		"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": map[string]any{"name": "db"},
		"spec": map[string]any{
			"replicas": 0, "serviceName": "s", "selector": map[string]any{"matchLabels": map[string]any{"app": "db"}}, "template": template("db", "Always"),
			"volumeClaimTemplates": []any{map[string]any{"metadata": map[string]any{"name": "data"}, "spec": claim()}},
		},
	}
	applied(t, in(namespace, pruning(configMap("a", map[string]any{"x": "1"}), job("j"), service("s"), set, configMap("z", nil))))
	was, err := shared.Kube.CoreV1().Services(namespace).Get(t.Context(), "s", metav1.GetOptions{})
	lab.Must(t, err)
	req, host := lab.Request(t, in(namespace, pruning(configMap("a", map[string]any{"x": "2"})))), &sdktest.Host{}
	preview, err := h.Plan(t.Context(), req)
	if warned := strings.Join(preview.Warnings, " "); err != nil || !strings.Contains(warned, "The Job "+namespace+"/j is deleted, and undo does not make it anew") {
		t.Errorf("the plan warns %q, %v", warned, err)
	}
	if out := outputs(t, req, host); len(out.Pruned) != 4 {
		t.Fatalf("it pruned %v", out.Pruned)
	}
	req.Before = host.StateBefore()
	for range 2 {
		lab.Fails(t, h.Undo(t.Context(), req, &sdktest.Host{}), sdk.Permanent, "the Job "+namespace+"/j is lost")
	}
	a, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "a", metav1.GetOptions{})
	lab.Must(t, err)
	if a.Data["x"] != "1" {
		t.Errorf("the ConfigMap that stayed was not taken back: %v", a.Data)
	}
	now, err := shared.Kube.CoreV1().Services(namespace).Get(t.Context(), "s", metav1.GetOptions{})
	lab.Must(t, err)
	if now.Spec.Ports[0].NodePort != was.Spec.Ports[0].NodePort {
		t.Errorf("the Service has the port %d, and had %d", now.Spec.Ports[0].NodePort, was.Spec.Ports[0].NodePort)
	}
	for what, look := range map[string]func() error{
		"StatefulSet": func() error {
			_, err := shared.Kube.AppsV1().StatefulSets(namespace).Get(t.Context(), "db", metav1.GetOptions{})
			return err
		},
		"ConfigMap": func() error {
			_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "z", metav1.GetOptions{})
			return err
		},
	} {
		if err := look(); err != nil {
			t.Errorf("the %s is not there again: %v", what, err)
		}
	}
	if _, err := shared.Kube.BatchV1().Jobs(namespace).Get(t.Context(), "j", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the Job runs again: %v", err)
	}
}

// An owner that is gone would take the object with it again; one that is there stays one.
func TestUndoMakesNothingAnewForAnOwnerThatIsGone(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	maps := shared.Kube.CoreV1().ConfigMaps(namespace)
	owner := func(name string) map[string]any {
		made, err := maps.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		lab.Must(t, err)
		return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": string(made.UID)}
	}
	owned := configMap("owned", nil)
	owned["metadata"] = map[string]any{"name": "owned", "ownerReferences": []any{owner("stays"), owner("goes")}}
	applied(t, in(namespace, pruning(configMap("a", nil), owned)))
	req, host := lab.Request(t, in(namespace, pruning(configMap("a", nil)))), &sdktest.Host{}
	outputs(t, req, host)
	lab.Must(t, maps.Delete(t.Context(), "goes", metav1.DeleteOptions{}))
	req.Before = host.StateBefore()
	lab.Must(t, h.Undo(t.Context(), req, &sdktest.Host{}))
	now, err := maps.Get(t.Context(), "owned", metav1.GetOptions{})
	lab.Must(t, err)
	if len(now.OwnerReferences) != 1 || now.OwnerReferences[0].Name != "stays" {
		t.Errorf("its owners are %v", now.OwnerReferences)
	}
}

// What one object denies does not end the undo of the others, and the plan warns of it.
func TestUndoGoesOnPastWhatIsDenied(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	user := "nodelete-" + namespace
	shared.Allow(t, user,
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "create", "patch", "delete", "list", "watch"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"services"}, Verbs: []string{"get", "create", "patch", "list", "watch"}})
	h := handler(t, shared.ConnectAs(t, user))
	req, host := lab.Request(t, in(namespace, manifest(configMap("a", nil), service("s")))), &sdktest.Host{}
	preview, err := h.Plan(t.Context(), req)
	lab.Must(t, err)
	if warned := strings.Join(preview.Warnings, " "); len(preview.Blockers) > 0 || !strings.Contains(warned, "Undo could not take all back. You may not delete the Service s in") {
		t.Errorf("the plan is %+v", preview)
	}
	_, err = h.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	lab.Fails(t, h.Undo(t.Context(), req, &sdktest.Host{}), sdk.Denied, "delete the Service "+namespace+"/s")
	if _, err = shared.Kube.CoreV1().ConfigMaps(namespace).Get(t.Context(), "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the ConfigMap, which may be deleted, is there: %v", err)
	}
}

// An undo that is stopped says how much is left.
func TestUndoOfApplyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	req, host := lab.Request(t, in(namespace, manifest(configMap("a", nil), configMap("b", nil)))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lab.Fails(t, h.Undo(ctx, req, &sdktest.Host{}), sdk.Cancelled, "2 things left to be taken back")
}

// What the step made and somebody changed since is his too.
func TestUndoLeavesWhatSomebodyChangedSince(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	objects := []any{configMap("a", map[string]any{"x": "1"}), configMap("noted", nil), secret("key", map[string]any{"word": "1"})}
	req, host := lab.Request(t, in(namespace, manifest(objects...))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	edit(t, namespace, "a", `{"data":{"x":"9","y":"precious"}}`)
	edit(t, namespace, "noted", `{"metadata":{"annotations":{"seen-by":"a controller"}}}`)
	err := h.Undo(t.Context(), req, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "the ConfigMap "+namespace+"/a stays: somebody-else changed data.", "since the step made it")
	found, err := shared.Kube.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	left := slices.DeleteFunc(found.Items, func(m corev1.ConfigMap) bool { return m.Name == "kube-root-ca.crt" })
	if len(left) != 1 || left[0].Data["y"] != "precious" {
		t.Errorf("there are %v", left)
	}
}

// Nor does a claim go that keeps data.
func TestUndoLeavesAClaimThatIsBound(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	claims := shared.Kube.CoreV1().PersistentVolumeClaims(namespace)
	var made []any
	for _, name := range []string{"bound", "never"} {
		made = append(made, map[string]any{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": name}, "spec": claim()})
	}
	req, host := lab.Request(t, in(namespace, manifest(made...))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	_, err := claims.Patch(t.Context(), "bound", "application/merge-patch+json", []byte(`{"spec":{"volumeName":"disk"}}`),
		metav1.PatchOptions{FieldManager: "kube-controller-manager"}) // which binds claims
	lab.Must(t, err)
	lab.Fails(t, h.Undo(t.Context(), req, &sdktest.Host{}), sdk.Conflict, "the PersistentVolumeClaim "+namespace+"/bound stays: it is bound")
	found, err := claims.List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	if len(found.Items) != 1 || found.Items[0].DeletionTimestamp != nil {
		t.Errorf("there are %v", found.Items)
	}
}

// Values that somebody else set alike stay his alone after an undo.
func TestUndoGivesBackWhatItOnlyCameToManage(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	theirs := func(data map[string]string) *corev1.ConfigMap {
		got, err := live.Apply(t.Context(), corev1ac.ConfigMap("a", namespace).WithData(data), metav1.ApplyOptions{FieldManager: "flux"})
		lab.Must(t, err)
		return got
	}
	theirs(map[string]string{"x": "1", "y": "1"})
	req, host := lab.Request(t, in(namespace, manifest(configMap("a", map[string]any{"x": "1"})))), &sdktest.Host{}
	preview, err := h.Plan(t.Context(), req)
	if warned := strings.Join(preview.Warnings, " "); err != nil || !strings.Contains(warned, "which of them gatebook manages changes") {
		t.Errorf("the plan warns %q, %v", warned, err)
	}
	if out := outputs(t, req, host); len(out.Changed) != 1 {
		t.Errorf("it says %+v", out)
	}
	req.Before = host.StateBefore()
	for range 2 {
		lab.Must(t, h.Undo(t.Context(), req, &sdktest.Host{}))
	}
	now := theirs(map[string]string{"y": "1"})
	if owners := cluster.Owners(now.ManagedFields, "f:data"); len(now.Data) != 1 || !slices.Equal(owners, []string{"flux"}) {
		t.Errorf("flux cannot take its value out: %v, managed by %v", now.Data, owners)
	}
}

// A namespace that an earlier step is to make stands in the way of nothing but this plan.
func TestPlanOfApplyIntoANamespaceThatIsNotThere(t *testing.T) {
	t.Parallel()
	preview, err := handler(t, shared.Connect(t)).Plan(t.Context(), lab.Request(t, in("not-yet-there", manifest(configMap("a", nil), configMap("b", nil)))))
	lab.Must(t, err)
	if !slices.Equal(preview.Blockers, []string{"There is no namespace not-yet-there."}) || len(preview.Changes) != 2 {
		t.Errorf("the plan is %+v", preview)
	}
}

// A kind that an earlier step is to define, neither. The step itself does not do without.
func TestPlanOfApplyOfAKindThatIsNotDefinedYet(t *testing.T) {
	t.Parallel()
	namespace, h, group := shared.Namespace(t), handler(t, shared.Connect(t)), "later.lab.example"
	cog := map[string]any{"apiVersion": group + "/v1", "kind": "Cog", "metadata": map[string]any{"name": "big"}, "teeth": 12}
	req := lab.Request(t, in(namespace, manifest(cog, configMap("a", nil))))
	preview, err := h.Plan(t.Context(), req)
	lab.Must(t, err)
	if !slices.Equal(preview.Blockers, []string{"The cluster serves no Cog in " + group + "/v1."}) || len(preview.Changes) != 2 ||
		preview.Summary != "would create 2 of 2 objects and change 0" || !strings.Contains(preview.Changes[0].Diff, "+teeth: 12\n") {
		t.Errorf("the plan is %+v", preview)
	}
	_, err = h.Apply(t.Context(), req, &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "the cluster serves no Cog in "+group+"/v1")
	if typed := sdk.AsError(err); typed.Field != "manifest[0]" || !typed.Unchanged {
		t.Errorf("got %+v", typed)
	}
	applied(t, manifest(definition(group, "Cog")))
	if out := outputs(t, req, &sdktest.Host{}); len(out.Created) != 2 {
		t.Errorf("it did %+v", out)
	}
	wrong := map[string]any{"apiVersion": "apps/v1", "kind": "Deploymnt", "metadata": map[string]any{"name": "web"}}
	if _, err := h.Plan(t.Context(), lab.Request(t, in(namespace, manifest(wrong)))); err == nil || sdk.AsError(err).Field != "manifest[0]" {
		t.Errorf("no definition brings a kind of the group apps: got %v", err)
	}
}

// In a namespace that is on its way out nothing can be made, and that is all that is said. It
// passes by itself.
func TestPlanOfApplyIntoANamespaceThatIsOnItsWayOut(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	patch := func(finalizers string) {
		t.Helper()
		_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Patch(context.WithoutCancel(t.Context()), "held", types.MergePatchType, []byte(`{"metadata":{"finalizers":[`+finalizers+`]}}`), metav1.PatchOptions{})
		lab.Must(t, err)
	}
	applied(t, in(namespace, manifest(configMap("held", nil))))
	patch(`"lab.example/hold"`)
	defer patch("")
	lab.Must(t, shared.Kube.CoreV1().Namespaces().Delete(t.Context(), namespace, metav1.DeleteOptions{}))
	h := handler(t, shared.Connect(t))
	home := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}
	for _, objects := range [][]any{{configMap("web", nil), configMap("db", nil)}, {secret("key", map[string]any{"word": "x"})}, {home, configMap("web", nil)}} {
		req := lab.Request(t, in(namespace, manifest(objects...)))
		preview, err := h.Plan(t.Context(), req)
		lab.Must(t, err)
		if len(preview.Blockers) != 1 || preview.Blockers[0] != "The Namespace "+namespace+" is on its way out, and has to be gone first." || len(preview.Changes) > 0 {
			t.Errorf("the plan is %+v", preview)
		}
		_, err = h.Apply(t.Context(), req, &sdktest.Host{})
		lab.Fails(t, err, sdk.Transient, "the Namespace "+namespace+" is on its way out")
	}
}
