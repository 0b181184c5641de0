package apply_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// edit changes a ConfigMap as somebody else does.
func edit(t testing.TB, namespace, name, patch string) {
	t.Helper()
	_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Patch(context.WithoutCancel(t.Context()), name, types.MergePatchType, []byte(patch),
		metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
}

// What somebody changes after the plan is not overwritten, unless it is said to be.
func TestAForeignChangeBetweenPlanAndRunIsAConflict(t *testing.T) {
	t.Parallel()
	namespace, c := shared.Namespace(t), shared.Connect(t)
	applied(t, in(namespace, manifest(configMap("first", nil), configMap("web", map[string]any{"color": "red"}))))
	params := in(namespace, manifest(configMap("first", map[string]any{"a": "1"}), configMap("web", map[string]any{"color": "blue"})))
	req := lab.Request(t, params)
	preview, err := handler(t, c).Plan(t.Context(), req)
	if err != nil || len(preview.Blockers) > 0 {
		t.Fatalf("the plan is %+v, %v", preview, err)
	}
	edit(t, namespace, "web", `{"data":{"color":"green"}}`)
	state := probe(t, namespace)
	_, err = handler(t, c).Apply(t.Context(), req, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, `.data.color ("somebody-else" using v1)`, "ConfigMap "+namespace+"/web")
	if !sdk.AsError(err).Unchanged || probe(t, namespace) != state {
		t.Error("something was changed before the conflict was found")
	}
	preview, err = handler(t, c).Plan(t.Context(), req)
	if err != nil || len(preview.Blockers) != 1 || !strings.Contains(preview.Blockers[0], "somebody-else") {
		t.Errorf("the plan is %+v, %v", preview, err)
	}

	params["force"] = true
	req, host := lab.Request(t, params), &sdktest.Host{}
	if out := outputs(t, req, host); len(out.Changed) != 2 {
		t.Errorf("with force, it did %+v", out)
	}
	req.Before = host.StateBefore()
	lab.Must(t, handler(t, c).Undo(t.Context(), req, host))
	if after := probe(t, namespace); after != state {
		t.Errorf("after the undo, the state is\n%s\nand was\n%s", after, state)
	}
}

// Single fields that other actions of ours set are no conflict: to the server they have
// another manager, and to a runbook they have not.
func TestApplyTakesOverWhatOurOwnActionsSet(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	applied(t, in(namespace, manifest(configMap("web", map[string]any{"color": "red"}))))
	_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Patch(t.Context(), "web", types.MergePatchType, []byte(`{"data":{"color":"green"}}`),
		metav1.PatchOptions{FieldManager: "gatebook"})
	lab.Must(t, err)
	if out := applied(t, in(namespace, manifest(configMap("web", map[string]any{"color": "blue"})))); len(out.Changed) != 1 {
		t.Errorf("it did %+v", out)
	}
}

// Undoing gives back what nobody changed since, and names who changed the rest.
func TestUndoOfApplyOverwritesNobody(t *testing.T) {
	t.Parallel()
	namespace, c := shared.Namespace(t), shared.Connect(t)
	applied(t, in(namespace, pruning(configMap("one", map[string]any{"a": "1"}), configMap("two", map[string]any{"a": "1"}), configMap("old", nil))))
	params := in(namespace, pruning(configMap("one", map[string]any{"a": "2"}), configMap("two", map[string]any{"a": "2"}), configMap("new", nil)))
	req, host := lab.Request(t, params), &sdktest.Host{}
	outputs(t, req, host)
	edit(t, namespace, "one", `{"data":{"a":"3"}}`)
	edit(t, namespace, "two", `{"data":{"b":"3"}}`)
	req.Before = host.StateBefore()
	err := handler(t, c).Undo(t.Context(), req, host)
	lab.Fails(t, err, sdk.Conflict, "somebody-else changed data.a of the ConfigMap "+namespace+"/one meanwhile")
	if strings.Contains(err.Error(), "/two") {
		t.Errorf("nobody changed what was set in the other one: %v", err)
	}
	found, err := shared.Kube.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	var got []string
	for _, m := range found.Items {
		if m.Name != "kube-root-ca.crt" && m.Name != "all" {
			got = append(got, fmt.Sprint(m.Name, m.Data))
		}
	}
	if want := []string{"oldmap[]", "onemap[a:3]", "twomap[a:1 b:3]"}; !slices.Equal(got, want) {
		t.Errorf("after the undo there are %v, want %v", got, want)
	}
}

// What somebody else made since, or marked as his, is not pruned.
func TestPruneLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	applied(t, in(namespace, pruning(configMap("web", nil), configMap("anew", nil), configMap("moved", nil))))
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	lab.Must(t, live.Delete(t.Context(), "anew", metav1.DeleteOptions{}))
	_, err := live.Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "anew"}}, metav1.CreateOptions{})
	lab.Must(t, err)
	applied(t, in(namespace, map[string]any{"manifest": configMap("moved", nil), "inventory": "other", "force": true}))
	if out := applied(t, in(namespace, pruning(configMap("web", nil)))); len(out.Pruned) > 0 {
		t.Errorf("it pruned %v", out.Pruned)
	}
}

// Values that the server chooses, and chooses differently when it is asked beforehand,
// are no change by somebody else.
func TestUndoOfApplyKnowsWhatTheServerChose(t *testing.T) {
	t.Parallel()
	namespace, c := shared.Namespace(t), shared.Connect(t)
	service := func(kind string) map[string]any {
		return map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "web"},
			"spec": map[string]any{"type": kind, "selector": map[string]any{"app": "web"}, "ports": []any{map[string]any{"port": 80}}},
		}
	}
	applied(t, in(namespace, manifest(service("ClusterIP"))))
	req, host := lab.Request(t, in(namespace, manifest(service("NodePort")))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	lab.Must(t, handler(t, c).Undo(t.Context(), req, host))
	found, err := shared.Kube.CoreV1().Services(namespace).Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	if found.Spec.Type != corev1.ServiceTypeClusterIP || found.Spec.Ports[0].NodePort != 0 {
		t.Errorf("got %+v", found.Spec)
	}
}

// A Deployment that rolls has its status written all the time, which is in nobody's way.
func TestApplyAndUndoOfADeploymentThatRolls(t *testing.T) {
	t.Parallel()
	namespace, c := shared.Namespace(t), shared.Connect(t)
	shared.Deploy(t, namespace, "web", "web:1", 2, func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers = append(d.Spec.Template.Spec.Containers, corev1.Container{Name: "side", Image: "side:1"})
	})
	live := shared.Kube.AppsV1().Deployments(namespace)
	images := func() string {
		found, err := live.Get(t.Context(), "web", metav1.GetOptions{})
		lab.Must(t, err)
		containers := found.Spec.Template.Spec.Containers
		return fmt.Sprint(containers[0].Image, containers[1].Image, *found.Spec.Replicas, found.Spec.Template.Labels)
	}
	before := images()
	req, host := lab.Request(t, in(namespace, map[string]any{"force": true, "manifest": map[string]any{
		"apiVersion": appsv1.SchemeGroupVersion.String(), "kind": "Deployment", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "main", "image": "web:2"}}}}},
	}})), &sdktest.Host{}
	outputs(t, req, host)
	if images() == before {
		t.Fatal("nothing was changed")
	}
	// Somebody changes the other container, which stands in the same list.
	_, err := live.Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"side:2"}]}}}}`),
		metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
	req.Before = host.StateBefore()
	lab.Must(t, handler(t, c).Undo(t.Context(), req, host))
	if after, want := images(), strings.Replace(before, "side:1", "side:2", 1); after != want {
		t.Errorf("got %s, want %s", after, want)
	}
}

func TestPlanOfApplySaysWhatIsNotAllowed(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	applied(t, in(namespace, manifest(configMap("web", nil), secret("key", map[string]any{"word": "old-word"}))))
	shared.Allow(t, "applier",
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "patch"}},
		rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "patch"}, ResourceNames: []string{"key"}})
	h := handler(t, shared.ConnectAs(t, "applier"))
	plan := func(objects ...any) []string {
		preview, err := h.Plan(t.Context(), lab.Request(t, in(namespace, manifest(objects...))))
		lab.Must(t, err)
		return preview.Blockers
	}
	for _, c := range []struct {
		says    string
		objects []any
	}{
		{"", []any{configMap("web", map[string]any{"a": "1"})}},
		{"You may not create the ConfigMap new in ", []any{configMap("new", nil)}},
		{"You may not get the Secret other in ", []any{secret("other", nil)}},
		{"You may not create the backup of a Secret in ", []any{secret("key", map[string]any{"word": "new-word"})}},
	} {
		if said := strings.Join(plan(c.objects...), " "); !strings.Contains(said, c.says) || (c.says == "") != (said == "") {
			t.Errorf("the blockers are %q, want %q", said, c.says)
		}
	}
}

// After an undo, everybody manages what he did before: what we set goes when a manifest
// leaves it out, and what others apply is theirs to change.
func TestUndoOfApplyRestoresWhoManagesWhat(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	theirs := func(color string) error {
		_, err := live.Apply(t.Context(), corev1ac.ConfigMap("web", namespace).WithData(map[string]string{"color": color}), metav1.ApplyOptions{FieldManager: "somebody-else"})
		return err
	}
	lab.Must(t, theirs("red"))
	applied(t, in(namespace, manifest(configMap("web", map[string]any{"ours": "1"}))))
	req, host := lab.Request(t, in(namespace, map[string]any{"force": true, "manifest": configMap("web", map[string]any{"ours": "2", "color": "blue"})})), &sdktest.Host{}
	outputs(t, req, host)
	lab.Fails(t, cluster.Fault(theirs("green"), "apply"), sdk.Conflict, "gatebook")
	req.Before = host.StateBefore()
	for range 2 {
		lab.Must(t, h.Undo(t.Context(), req, host))
	}
	lab.Must(t, theirs("green"))
	applied(t, in(namespace, manifest(configMap("web", map[string]any{"new": "1"}))))
	found, err := live.Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	if want := map[string]string{"color": "green", "new": "1"}; !maps.Equal(found.Data, want) {
		t.Errorf("got %v, want %v", found.Data, want)
	}
}

// Who takes an item out of a list leaves no trace, and is neither we nor who has the others.
func TestAConflictAccusesNobodyOfWhatWasTakenOut(t *testing.T) {
	t.Parallel()
	service := func(ports ...string) map[string]any {
		var open []any
		for i, name := range ports {
			open = append(open, map[string]any{"name": name, "port": 80 + i})
		}
		return map[string]any{
			"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "web"},
			"spec": map[string]any{"selector": map[string]any{"app": "web"}, "ports": open},
		}
	}
	edited := func(t *testing.T, namespace, manager, patch string) {
		t.Helper()
		_, err := shared.Kube.CoreV1().Services(namespace).Patch(t.Context(), "web", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: manager})
		lab.Must(t, err)
	}
	for name, c := range map[string]struct {
		do   func(t *testing.T, namespace string) taken
		says string
	}{
		"of what a step made": {func(t *testing.T, namespace string) taken {
			return take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(service("http", "metrics", "admin"))))
		}, "stays: somebody changed spec.ports of it"},
		"of what a step changed": {func(t *testing.T, namespace string) taken {
			applied(t, in(namespace, manifest(service("http"))))
			return take(t, actions(t), "apply", "step-0-do", in(namespace, manifest(service("http", "metrics", "admin"))))
		}, "somebody changed spec.ports of the Service"},
		"of what a step put beside that of others": {func(t *testing.T, namespace string) taken {
			applied(t, in(namespace, manifest(service("http"))))
			edited(t, namespace, "kubectl-edit", `{"spec":{"ports":[{"name":"metrics","port":81}]}}`)
			return take(t, objects.Actions(shared.Connect(t)), "patch", "step-0-do", map[string]any{
				"apiVersion": "v1", "kind": "Service", "name": "web", "namespace": namespace, "type": "strategic",
				"patch": map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"name": "admin", "port": 82}, map[string]any{"name": "debug", "port": 83}}}},
			})
		}, "somebody changed spec.ports of the Service"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := shared.Namespace(t)
			step := c.do(t, namespace)
			edited(t, namespace, "somebody-else", `{"spec":{"ports":[{"$patch":"delete","port":82}]}}`)
			lab.Fails(t, step.back(t), sdk.Conflict, c.says)
		})
	}
}
