package workloads_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// A rollout takes as long as its pods must be ready, one batch after the other, at least.
func TestPlanOfARolloutEstimates(t *testing.T) {
	t.Parallel()
	c := shared.Connect(t)
	set := map[string]any{"kind": "StatefulSet"}
	for name, test := range map[string]struct {
		world func(testing.TB) sdktest.World
		want  time.Duration
	}{
		"nothing is known": {deployed(nil, nil), 0},
		"two at once, of five": {deployed(nil, func(d *appsv1.Deployment) {
			d.Spec.Replicas, d.Spec.MinReadySeconds, d.Spec.ProgressDeadlineSeconds = new(int32(5)), 1, new(int32(600))
			d.Spec.Strategy.RollingUpdate = &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromInt32(1)), MaxUnavailable: new(intstr.FromString("20%"))}
		}), 3 * time.Second},
		"one after the other, but for one that is held back": {sets(3, set, func(s *appsv1.StatefulSet) {
			s.Spec.MinReadySeconds = 30
			s.Spec.UpdateStrategy.RollingUpdate = &appsv1.RollingUpdateStatefulSetStrategy{Partition: new(int32(1))}
		}), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			preview, err := action(t, c, "rollout").Plan(t.Context(), lab.Request(t, test.world(t).Params))
			lab.Must(t, err)
			if preview.Estimate != test.want {
				t.Errorf("got %s, want %s", preview.Estimate, test.want)
			}
		})
	}
}
