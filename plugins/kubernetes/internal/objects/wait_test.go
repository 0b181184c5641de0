package objects_test

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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/objects"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// waitFor are the parameters of a wait for the ConfigMap web.
func waitFor(namespace string, more map[string]any) map[string]any {
	params := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": "web", "namespace": namespace}
	maps.Copy(params, more)
	return params
}

func TestWaitKeepsTheContract(t *testing.T) {
	t.Parallel()
	world := func(more map[string]any) func(testing.TB) sdktest.World {
		return func(t testing.TB) sdktest.World {
			namespace := shared.Namespace(t)
			configMap(t, namespace, "web", map[string]string{"color": "red"})
			return sdktest.World{Params: waitFor(namespace, more)}
		}
	}
	deployed := func(t testing.TB) sdktest.World {
		namespace := shared.Namespace(t)
		shared.Deploy(t, namespace, "web", "web:1", 1, nil)
		return sdktest.World{Params: waitFor(namespace, map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "condition": map[string]any{"type": "Available"},
		})}
	}
	sdktest.Run(t, action(t, shared.Connect(t), "wait"),
		sdktest.Case{Name: "a condition", World: deployed},
		sdktest.Case{Name: "an expression", World: world(map[string]any{"expr": `object.data.color == "red"`})},
		sdktest.Case{Name: "it is there", World: world(map[string]any{"state": "exists"})},
		sdktest.Case{Name: "it is gone", World: world(map[string]any{"name": "db", "state": "gone"})},
		sdktest.Case{Name: "it never is", World: world(map[string]any{"state": "gone"}), Blocks: true},
		sdktest.Case{Name: "its timeout", World: world(map[string]any{"state": "gone", "timeout": "1s"}), Fails: sdk.Transient},
		sdktest.Case{Name: "two questions", World: world(map[string]any{"state": "gone", "expr": "true"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "no kind", World: world(map[string]any{"kind": "Nonsense", "state": "gone"}), Fails: sdk.Permanent})
}

// begun starts a wait, and returns where its end will be told.
func begun(t *testing.T, params map[string]any, host *sdktest.Host) <-chan ended {
	t.Helper()
	handler, result := action(t, shared.Connect(t), "wait"), make(chan ended, 1)
	go func() {
		outputs, err := handler.Apply(t.Context(), lab.Request(t, params), host)
		result <- ended{outputs, err}
	}()
	return result
}

type ended struct {
	outputs json.RawMessage
	err     error
}

// saw waits until an action has told that it sees something.
func saw(t *testing.T, host *sdktest.Host, what string) {
	t.Helper()
	lab.Eventually(t, "it sees "+what, func(context.Context) error {
		if told := fmt.Sprint(host.ProgressTold()); !strings.Contains(told, what) {
			return fmt.Errorf("it said %s", told)
		}
		return nil
	})
}

func TestWaitFollowsAnObjectFromBeforeItsCreationToItsEnd(t *testing.T) {
	t.Parallel()
	namespace, host := shared.Namespace(t), &sdktest.Host{}
	maps := shared.Kube.CoreV1().ConfigMaps(namespace)
	blue := begun(t, waitFor(namespace, map[string]any{"expr": `object.data.color == "blue"`}), host)
	saw(t, host, "there is no ConfigMap "+namespace+"/web")
	configMap(t, namespace, "web", nil)
	saw(t, host, "no answer yet: no such key: data")
	for _, color := range []string{"red", "blue"} {
		_, err := maps.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"data":{"color":"`+color+`"}}`), metav1.PatchOptions{})
		lab.Must(t, err)
		if color == "red" {
			saw(t, host, "the expression is false")
		}
	}
	if end := <-blue; end.err != nil {
		t.Error(end.err)
	}
	gone := begun(t, waitFor(namespace, map[string]any{"state": "gone"}), host)
	saw(t, host, "the ConfigMap "+namespace+"/web is there")
	lab.Must(t, maps.Delete(t.Context(), "web", metav1.DeleteOptions{}))
	end := <-gone
	lab.Must(t, end.err)
	var out objects.WaitOutput
	lab.Must(t, json.Unmarshal(end.outputs, &out))
	if out.Exists || out.UID != "" {
		t.Errorf("got %s", end.outputs)
	}
}

// A condition that is about an earlier generation of the object is none.
func TestWaitBelievesNoConditionOfTheGenerationBefore(t *testing.T) {
	t.Parallel()
	shared.Define(t, "testdata/widgets.yaml")
	namespace, host := shared.Namespace(t), &sdktest.Host{}
	patch := widget(t, namespace)
	says := func(observed int, status string) {
		patch(fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q,"reason":"AsTold","observedGeneration":%d}]}}`, status, observed), "status")
	}
	says(1, "True")
	patch(`{"spec":{"size":2}}`)
	ready := begun(t, waitFor(namespace, map[string]any{
		"apiVersion": "objects.example/v1", "kind": "Widget", "condition": map[string]any{"type": "Ready"},
	}), host)
	saw(t, host, "Ready=True (AsTold), which is about generation 1 and not the current 2")
	says(2, "False")
	saw(t, host, "Ready=False (AsTold)")
	says(2, "True")
	end := <-ready
	lab.Must(t, end.err)
	var out objects.WaitOutput
	lab.Must(t, json.Unmarshal(end.outputs, &out))
	if !out.Exists || out.Generation != 2 || len(out.Conditions) != 1 || out.Conditions[0].Reason != "AsTold" {
		t.Errorf("got %s", end.outputs)
	}
}

// A watch that never opens, as for somebody who may get and not watch, is no hindrance.
func TestWaitWithoutTheRightToWatch(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	configMap(t, namespace, "web", nil)
	shared.Allow(t, "getter-only", readers("configmaps", "get")...)
	handler := action(t, shared.ConnectAs(t, "getter-only"), "wait")
	req := lab.Request(t, waitFor(namespace, map[string]any{"state": "gone"}))
	host, result := &sdktest.Host{}, make(chan error, 1)
	go func() { _, err := handler.Apply(t.Context(), req, host); result <- err }()
	saw(t, host, "is there")
	lab.Must(t, shared.Kube.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "web", metav1.DeleteOptions{}))
	lab.Must(t, <-result)
}

func TestWaitKnowsBeforeTheRunWhatCannotBe(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	handler := action(t, shared.Connect(t), "wait")
	_, err := handler.Plan(t.Context(), lab.Request(t, waitFor(namespace, map[string]any{"expr": "object.status.phase = 1"})))
	if err == nil || sdk.AsError(err).Field != "expr" || !strings.Contains(err.Error(), "at 1:21") {
		t.Errorf("got %v", err)
	}
	preview, err := handler.Plan(t.Context(), lab.Request(t, waitFor(namespace, map[string]any{"state": "exists"})))
	lab.Must(t, err)
	if want := fmt.Sprintf("would wait until the ConfigMap %[1]s/web is there; now, there is no ConfigMap %[1]s/web", namespace); preview.Summary != want {
		t.Errorf("got %q, want %q", preview.Summary, want)
	}
	stranger := action(t, shared.ConnectAs(t, "stranger"), "wait")
	preview, err = stranger.Plan(t.Context(), lab.Request(t, waitFor(namespace, map[string]any{"state": "exists"})))
	lab.Must(t, err)
	if want := "You may not get the ConfigMap web in " + namespace + "."; len(preview.Blockers) != 1 || preview.Blockers[0] != want {
		t.Errorf("the blockers are %q, want %q", preview.Blockers, want)
	}
	_, err = stranger.Apply(t.Context(), lab.Request(t, waitFor(namespace, map[string]any{"state": "exists"})), &sdktest.Host{})
	if err == nil || sdk.AsError(err).Class != sdk.Denied {
		t.Errorf("got %v, want a denied error", err)
	}
}

// What an expression fails of over a Secret is not told, since it may hold a value.
func TestWaitTellsNoSecret(t *testing.T) {
	t.Parallel()
	namespace, host := shared.Namespace(t), &sdktest.Host{}
	secret(t, namespace, "web", map[string]string{"word": "opensesame"})
	_, err := action(t, shared.Connect(t), "wait").Apply(t.Context(), lab.Request(t, waitFor(namespace, map[string]any{
		"kind": "Secret", "expr": "int(object.data.word) > 1", "timeout": "1s",
	})), host)
	if err == nil || sdk.AsError(err).Class != sdk.Transient {
		t.Fatalf("got %v", err)
	}
	// The value as it is in the Secret is its base64.
	if said := fmt.Sprint(err, host.ProgressTold()); strings.Contains(said, "b3BlbnNlc2FtZQ") || !strings.Contains(said, "no answer yet") {
		t.Errorf("it told %s", said)
	}
}

// readers are rights on objects of the core group.
func readers(resource string, verbs ...string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{resource}, Verbs: verbs}}
}

// widget makes the Widget web, of a kind that nobody looks after, and returns what
// patches it.
func widget(t testing.TB, namespace string) (patch func(patch string, below ...string)) {
	t.Helper()
	made := widgets(t, namespace)
	_, err := made.Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "objects.example/v1", "kind": "Widget", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{"size": int64(1)},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	return func(patch string, below ...string) {
		t.Helper()
		_, err := made.Patch(t.Context(), "web", types.MergePatchType, []byte(patch), metav1.PatchOptions{}, below...)
		lab.Must(t, err)
	}
}

func widgets(t testing.TB, namespace string) dynamic.ResourceInterface {
	t.Helper()
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), "objects.example/v1", "Widget")
	lab.Must(t, err)
	return c.Objects(kind, namespace)
}

func widgetStatus(t testing.TB, namespace string) map[string]any {
	t.Helper()
	found, err := widgets(t, namespace).Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	status, _, _ := unstructured.NestedMap(found.Object, "status")
	return status
}

// The API server is killed while something is waited for, and comes back.
func TestWaitOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	alone, err := lab.Start(0)
	lab.Must(t, err)
	t.Cleanup(alone.Stop)
	namespace, host, result := alone.Namespace(t), &sdktest.Host{}, make(chan error, 1)
	handler := action(t, alone.Connect(t), "wait")
	req := lab.Request(t, waitFor(namespace, map[string]any{"expr": `object.data.color == "blue"`}))
	go func() { _, err := handler.Apply(t.Context(), req, host); result <- err }()
	saw(t, host, "there is no ConfigMap")
	lab.Must(t, alone.Kill())
	saw(t, host, "connect")
	lab.Must(t, alone.Up())
	made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Data: map[string]string{"color": "blue"}}
	_, err = alone.Kube.CoreV1().ConfigMaps(namespace).Create(t.Context(), made, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Must(t, <-result)
}
