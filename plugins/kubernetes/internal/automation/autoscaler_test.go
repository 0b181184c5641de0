package automation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// suspend applies hpa_suspend to a world's autoscaler, and returns the outputs.
func suspend(t *testing.T, world sdktest.World, direction string) string {
	t.Helper()
	outputs, err := action(t, shared.Connect(t), "hpa_suspend").Apply(t.Context(),
		lab.Request(t, map[string]any{"name": "web", "namespace": world.Params["namespace"], "suspend": direction}), &sdktest.Host{})
	lab.Must(t, err)
	return string(outputs)
}

// Under a load that would treble its pods, a suspended autoscaler sees it and scales
// nothing. Resumed, it scales.
func TestASuspendedAutoscalerDoesNotScale(t *testing.T) {
	t.Parallel()
	shared.Define(t, "testdata/podmetrics.yaml")
	world := scaled(nil, nil)(t)
	namespace := world.Params["namespace"].(string)
	suspend(t, world, "both")
	shared.Deploy(t, namespace, "web", "web:1", 2, nil)
	use(t, namespace, "300Mi")
	lab.Eventually(t, "the autoscaler has seen the load", func(context.Context) error {
		hpa := autoscaler(t, namespace)
		if len(hpa.Status.CurrentMetrics) == 0 {
			return fmt.Errorf("its conditions are %+v", hpa.Status.Conditions)
		}
		return nil
	})
	if got := replicas(t, namespace); got != 2 {
		t.Errorf("suspended, it scaled to %d pods", got)
	}
	if out := suspend(t, world, "none"); !strings.Contains(out, `"suspended":"none","before":"both","changed":true`) {
		t.Errorf("got %s", out)
	}
	lab.Eventually(t, "the autoscaler scales", func(context.Context) error {
		if got := replicas(t, namespace); got != 6 {
			return fmt.Errorf("%d pods", got)
		}
		return nil
	})
}

// use says that each pod of web uses so much memory.
func use(t *testing.T, namespace, memory string) {
	t.Helper()
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), "metrics.k8s.io/v1beta1", "PodMetrics")
	lab.Must(t, err)
	pods, err := shared.Kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app=web"})
	lab.Must(t, err)
	for _, pod := range pods.Items {
		_, err := c.Objects(kind, namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics",
			"metadata":  map[string]any{"name": pod.Name, "labels": map[string]any{"app": "web"}},
			"timestamp": time.Now().UTC().Format(time.RFC3339), "window": "30s",
			"containers": []any{map[string]any{"name": "main", "usage": map[string]any{"cpu": "1", "memory": memory}}},
		}}, metav1.CreateOptions{})
		lab.Must(t, err)
	}
}

func replicas(t *testing.T, namespace string) int32 {
	t.Helper()
	var d *appsv1.Deployment
	d, err := shared.Kube.AppsV1().Deployments(namespace).Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	return *d.Spec.Replicas
}

// patchAs changes the autoscaler as somebody else does.
func patchAs(t *testing.T, world sdktest.World, patch string) {
	t.Helper()
	_, err := shared.Kube.AutoscalingV2().HorizontalPodAutoscalers(world.Params["namespace"].(string)).Patch(t.Context(), "web",
		types.MergePatchType, []byte(patch), metav1.PatchOptions{FieldManager: "somebody-else"})
	lab.Must(t, err)
}

// Steps that follow each other: what the first one met is what the last one restores.
func TestSuspensionsAreNotPiledUp(t *testing.T) {
	t.Parallel()
	world := scaled(careful(), nil)(t)
	before := world.Probe()
	for _, step := range []struct{ direction, want string }{
		{"up", `"suspended":"up","before":"none","changed":true`},
		{"both", `"suspended":"both","before":"up","changed":true`},
		{"down", `"suspended":"down","before":"both","changed":true`},
		{"down", `"suspended":"down","before":"down","changed":false`},
		{"none", `"suspended":"none","before":"down","changed":true`},
	} {
		if out := suspend(t, world, step.direction); !strings.Contains(out, step.want) {
			t.Errorf("%s: got %s, want in it %s", step.direction, out, step.want)
		}
	}
	if after := world.Probe(); after != before {
		t.Errorf("it is\n%s\nand was\n%s", after, before)
	}
}

// What somebody else changes in the behavior meanwhile stays, beside the policies that
// the undo puts back; the policies themselves are a conflict.
func TestUndoKeepsWhatSomebodyElseSet(t *testing.T) {
	t.Parallel()
	handler, host := action(t, shared.Connect(t), "hpa_suspend"), &sdktest.Host{}
	world := scaled(nil, nil)(t)
	req := lab.Request(t, world.Params)
	_, err := handler.Apply(t.Context(), req, host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	patchAs(t, world, `{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":77}}}}`)
	for range 2 {
		lab.Must(t, handler.Undo(t.Context(), req, host))
	}
	hpa := autoscaler(t, world.Params["namespace"].(string))
	down := hpa.Spec.Behavior.ScaleDown
	if *down.SelectPolicy != autoscalingv2.MaxChangePolicySelect || *down.StabilizationWindowSeconds != 77 || len(hpa.Annotations) > 0 {
		t.Errorf("it is %s", world.Probe())
	}

	_, err = handler.Apply(t.Context(), lab.Request(t, world.Params), host)
	lab.Must(t, err)
	req.Before = host.StateBefore()
	patchAs(t, world, `{"spec":{"behavior":{"scaleDown":{"selectPolicy":"Min"}}}}`)
	lab.Fails(t, handler.Undo(t.Context(), req, host), sdk.Conflict, "somebody-else changed")
}

// An annotation that is not gatebook's is not taken for one.
func TestAForeignNoteIsRefused(t *testing.T) {
	t.Parallel()
	world := scaled(careful(), nil)(t)
	patchAs(t, world, `{"metadata":{"annotations":{"gatebook.dev/suspended":"yes"}}}`)
	_, err := action(t, shared.Connect(t), "hpa_suspend").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	if err == nil || !strings.Contains(err.Error(), `is not one of gatebook's: "yes"`) {
		t.Errorf("got %v", err)
	}
}
