package workloads_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
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

// A rollout that stalled half-way is taken back, and then waited for: half of the pods are
// of each template.
func TestTheWayBackFromAStall(t *testing.T) {
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

// After another rollout has begun, the controller takes a moment to withdraw that the
// deadline of the one before has passed.
func TestADeadlineThatIsWithdrawnIsNoStall(t *testing.T) {
	t.Parallel()
	world := deployed(nil, nil)(t)
	var reads atomic.Int32
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if !strings.HasSuffix(r.URL.Path, "/deployments/web") || reads.Add(1) > 2 {
			api.ServeHTTP(w, r)
			return
		}
		d, err := shared.Kube.AppsV1().Deployments(world.Params["namespace"].(string)).Get(r.Context(), "web", metav1.GetOptions{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		d.Kind, d.APIVersion = "Deployment", "apps/v1"
		d.Status.UpdatedReplicas = 1
		d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: "False", Reason: "ProgressDeadlineExceeded"}}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(d); err != nil {
			t.Error(err)
		}
	})
	_, err := action(t, c, "rollout").Apply(t.Context(), lab.Request(t, world.Params), &sdktest.Host{})
	lab.Must(t, err)
	if reads.Load() < 3 {
		t.Error("it did not look again")
	}
}
