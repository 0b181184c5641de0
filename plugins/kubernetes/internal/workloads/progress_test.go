package workloads

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Until the controller has seen a change, its numbers are about what was there before.
func TestNumbersOfTheTemplateBeforeAreNoProgress(t *testing.T) {
	t.Parallel()
	d := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Generation: 3},
		Spec:       appsv1.DeploymentSpec{Replicas: new(int32(2))},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 2, UpdatedReplicas: 2, AvailableReplicas: 2},
	}
	for seen, want := range map[int64]string{
		2: "its controller has not seen the change yet",
		3: "2/2 updated, 2 available",
	} {
		d.Status.ObservedGeneration = seen
		w, err := as(Target{}, ofDeployment)(d, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.progress(); got != want || w.rolledOut() != (seen == 3) {
			t.Errorf("seen generation %d: %q, rolled out %t", seen, got, w.rolledOut())
		}
	}
}
