package apply_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// deployment is the manifest of a Deployment, which leaves to others how many pods it has.
func deployment(name string) map[string]any {
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": name}}, "template": template(name, "Always")},
	}
}

// managersOf are who manages an object, and how, but for its status.
func managersOf(object metav1.Object) []string {
	var found []string
	for _, entry := range object.GetManagedFields() {
		if entry.Subresource != "status" {
			found = append(found, fmt.Sprint(entry.Manager, " ", entry.Operation, " ", entry.Subresource, " ", entry.FieldsV1))
		}
	}
	slices.Sort(found)
	return found
}

// What a controller set in an object is still its own when undoing has made that anew: the
// next apply takes nothing from it.
func TestAnObjectIsMadeAnewForAllWhoManagedIt(t *testing.T) {
	t.Parallel()
	namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
	live := shared.Kube.AppsV1().Deployments(namespace)
	both := in(namespace, pruning(configMap("stays", nil), deployment("web")))
	applied(t, both)
	_, err := live.UpdateScale(t.Context(), "web", &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: 3},
	}, metav1.UpdateOptions{FieldManager: "kube-controller-manager"})
	lab.Must(t, err)
	shared.AwaitDeployment(t, namespace, "web")
	was, err := live.Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)

	req, host := lab.Request(t, in(namespace, pruning(configMap("stays", nil)))), &sdktest.Host{}
	if out := outputs(t, req, host); len(out.Pruned) != 1 {
		t.Fatalf("it did %+v", out)
	}
	req.Before = host.StateBefore()
	lab.Must(t, h.Undo(t.Context(), req, host))
	now, err := live.Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	if got, want := managersOf(now), managersOf(was); !slices.Equal(got, want) {
		t.Errorf("it is managed by\n%s\nand was by\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	preview, err := h.Plan(t.Context(), lab.Request(t, both))
	if err != nil || len(preview.Changes) > 0 || *now.Spec.Replicas != 3 {
		t.Errorf("it has %d replicas, and the plan of the next apply is %+v, %v", *now.Spec.Replicas, preview, err)
	}
}

// An undo that was cut off after it made the object goes on where it was.
func TestAnObjectIsGivenBackByALaterAttempt(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	applied(t, in(namespace, pruning(configMap("stays", nil), configMap("old", map[string]any{"a": "1"}))))
	was, err := live.Apply(t.Context(), corev1ac.ConfigMap("old", namespace).WithData(map[string]string{"b": "1"}), metav1.ApplyOptions{FieldManager: "flux"})
	lab.Must(t, err)
	req, host := lab.Request(t, in(namespace, pruning(configMap("stays", nil)))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	var cut atomic.Bool
	h := handler(t, shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "/old") && cut.CompareAndSwap(false, true) {
			http.Error(w, "service unavailable", http.StatusServiceUnavailable)
			return
		}
		api.ServeHTTP(w, r)
	}))
	lab.Fails(t, h.Undo(t.Context(), req, host), sdk.Transient, "give the ConfigMap "+namespace+"/old back")
	for range 2 {
		lab.Must(t, h.Undo(t.Context(), req, host))
	}
	now, err := live.Get(t.Context(), "old", metav1.GetOptions{})
	lab.Must(t, err)
	if got, want := managersOf(now), managersOf(was); !slices.Equal(got, want) || now.UID == was.UID {
		t.Errorf("it is managed by\n%s\nand was by\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What somebody makes in the very moment in which undoing makes an object anew stays his.
func TestUndoWritesIntoNothingThatComesBetween(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	applied(t, in(namespace, pruning(configMap("stays", nil), configMap("old", map[string]any{"a": "1"}))))
	req, host := lab.Request(t, in(namespace, pruning(configMap("stays", nil)))), &sdktest.Host{}
	outputs(t, req, host)
	req.Before = host.StateBefore()
	c := shared.Ahead(t, http.MethodPost, "/configmaps", func(ctx context.Context) error {
		made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "old"}, Data: map[string]string{"theirs": "1"}}
		_, err := live.Create(ctx, made, metav1.CreateOptions{FieldManager: "somebody-else"})
		return err
	})
	lab.Fails(t, handler(t, c).Undo(t.Context(), req, host), sdk.Conflict, "somebody made another ConfigMap "+namespace+"/old meanwhile")
	now, err := live.Get(t.Context(), "old", metav1.GetOptions{})
	lab.Must(t, err)
	if len(now.Data) != 1 || len(now.Annotations) > 0 {
		t.Errorf("undo wrote into it: %v, %v", now.Data, now.Annotations)
	}
}
