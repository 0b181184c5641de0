package workloads_test

import (
	"encoding/json"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/workloads"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// StatefulSets and DaemonSets have no conditions that say why: their pods and events do.
func TestRolloutExplainsAStallOfSets(t *testing.T) {
	t.Parallel()
	rollout := action(t, shared.Connect(t), "rollout")
	stalls := func(t *testing.T, params map[string]any, says string) {
		t.Helper()
		_, err := rollout.Apply(t.Context(), lab.Request(t, with(params, map[string]any{"stall": "2s"})), &sdktest.Host{})
		if err == nil || sdk.AsError(err).Class != sdk.Permanent || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "nothing moved for 2s") {
			t.Errorf("got %v, want a permanent error with %q", err, says)
		}
	}
	ofSet := map[string]any{"kind": "StatefulSet"}
	t.Run("a StatefulSet over its quota", func(t *testing.T) {
		t.Parallel()
		world := sets(2, ofSet, nil)(t)
		namespace := world.Params["namespace"].(string)
		_, err := rollout.Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
		lab.Must(t, err)
		limitPods(t, namespace)
		_, err = shared.Kube.AppsV1().StatefulSets(namespace).Patch(t.Context(), "db", types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{})
		lab.Must(t, err)
		stalls(t, world.Params, "exceeded quota: two")
	})
	t.Run("a StatefulSet without a node", func(t *testing.T) {
		t.Parallel()
		world := sets(1, ofSet, func(s *appsv1.StatefulSet) {
			s.Spec.Template.Spec.NodeSelector = map[string]string{"no": "where"}
		})(t)
		stalls(t, world.Params, "unschedulable: ")
	})
	t.Run("a DaemonSet without its image", func(t *testing.T) {
		t.Parallel()
		namespace, template := shared.Namespace(t), lab.Template("agent", "agent:bad")
		lab.OnNode(&template, shared.Node(t))
		_, err := shared.Kube.AppsV1().DaemonSets(namespace).Create(t.Context(), &appsv1.DaemonSet{
			ObjectMeta: metav1.ObjectMeta{Name: "agent"}, Spec: appsv1.DaemonSetSpec{Selector: lab.Selector("agent"), Template: template},
		}, metav1.CreateOptions{})
		lab.Must(t, err)
		stalls(t, map[string]any{"kind": "DaemonSet", "name": "agent", "namespace": namespace}, "container main with agent:bad: ImagePullBackOff")
	})
}

// Back from a stall, the Deployment says for a moment still that its deadline has passed.
// Half of its pods are of each template, so that no number shows the controller that it
// goes on.
func TestTheWayBackFromAStallIsNoStall(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	namespace := shared.Namespace(t)
	shared.Deploy(t, namespace, "web", "web:1", 4, func(d *appsv1.Deployment) {
		d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromInt(0)), MaxUnavailable: new(intstr.FromInt(2))}
	})
	edit(t, namespace, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = "web:bad" })
	params, host := map[string]any{"name": "web", "namespace": namespace}, &sdktest.Host{}
	_, err := action(t, c, "rollout").Apply(t.Context(), lab.Request(t, params), host)
	if err == nil || !strings.Contains(err.Error(), "stands still at 2/4 updated, 2 available, and its progress deadline has passed") {
		t.Fatalf("got %v, want a stall half-way", err)
	}
	_, err = action(t, c, "rollout_undo").Apply(t.Context(), lab.Request(t, params), host)
	lab.Must(t, err)
	outputs, err := action(t, c, "rollout").Apply(t.Context(), lab.Request(t, params), host)
	lab.Must(t, err)
	var status workloads.Status
	lab.Must(t, json.Unmarshal(outputs, &status))
	if status.Images["main"] != "web:1" || status.AvailableReplicas != 4 {
		t.Errorf("got %s", outputs)
	}
}
