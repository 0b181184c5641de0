package workloads_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// The rollout of a fix is not judged by the pods that it replaces, which are ill.
func TestARolloutOfAFixIsNoStall(t *testing.T) {
	t.Parallel()
	ready := map[string]string{"kubelab/ready-after": "6s"}
	t.Run("of a Deployment", func(t *testing.T) {
		t.Parallel()
		namespace := shared.Namespace(t)
		_, err := shared.Kube.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: "web"},
			Spec:       appsv1.DeploymentSpec{Replicas: new(int32(4)), Selector: lab.Selector("web"), Template: lab.Template("web", "web:bad")},
		}, metav1.CreateOptions{})
		lab.Must(t, err)
		awaitIll(t, namespace, 4)
		edit(t, namespace, func(d *appsv1.Deployment) {
			d.Spec.Template.Annotations, d.Spec.Template.Spec.Containers[0].Image = ready, "web:2"
		})
		isRolledOut(t, map[string]any{"name": "web", "namespace": namespace})
	})
	t.Run("of a StatefulSet", func(t *testing.T) {
		t.Parallel()
		world := sets(2, map[string]any{"kind": "StatefulSet"}, func(s *appsv1.StatefulSet) {
			s.Spec.PodManagementPolicy = appsv1.ParallelPodManagement
			s.Spec.Template.Spec.Containers[0].Image = "db:bad"
		})(t)
		namespace := world.Params["namespace"].(string)
		awaitIll(t, namespace, 2)
		body, err := json.Marshal(map[string]any{"spec": map[string]any{"template": map[string]any{
			"metadata": map[string]any{"annotations": ready},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "main", "image": "db:2"}}},
		}}})
		lab.Must(t, err)
		_, err = shared.Kube.AppsV1().StatefulSets(namespace).Patch(t.Context(), "db", types.StrategicMergePatchType, body, metav1.PatchOptions{})
		lab.Must(t, err)
		isRolledOut(t, world.Params)
	})
}

// awaitIll waits until as many pods ail.
func awaitIll(t *testing.T, namespace string, count int) {
	t.Helper()
	lab.Eventually(t, "the pods ail", func(ctx context.Context) error {
		pods, err := shared.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		ill := slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return cluster.Ails(pod) == "" })
		if len(ill) != count {
			return fmt.Errorf("%d of %d", len(ill), count)
		}
		return nil
	})
}

// isRolledOut rolls out a fix that takes longer than a stall, and hears of what it mends.
func isRolledOut(t *testing.T, params map[string]any) {
	t.Helper()
	host := &sdktest.Host{}
	_, err := action(t, shared.Connect(t), "rollout").Apply(t.Context(), lab.Request(t, with(params, map[string]any{"stall": "2s"})), host)
	lab.Must(t, err)
	if said := fmt.Sprint(host.ProgressTold()); !strings.Contains(said, "of the pods that it replaces: container main with ") {
		t.Errorf("it said %s", said)
	}
}
