package workloads

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// estimate is how long a rollout of all pods takes at least: each must be ready for some
// time before the next ones are replaced. 0 is what cannot be told, since nobody knows
// how long pods take until they are ready.
func (w *workload) estimate() time.Duration {
	total := w.replicas - w.untouched
	var seconds int32
	atOnce := int32(1) // as a StatefulSet does
	switch of := w.Object.(type) {
	case *appsv1.Deployment:
		seconds = of.Spec.MinReadySeconds
		atOnce = total // as the strategy Recreate does
		if update := of.Spec.Strategy.RollingUpdate; update != nil {
			atOnce = share(update.MaxSurge, total, true) + share(update.MaxUnavailable, total, false)
		}
	case *appsv1.StatefulSet:
		seconds = of.Spec.MinReadySeconds
	case *appsv1.DaemonSet:
		seconds = of.Spec.MinReadySeconds
		if update := of.Spec.UpdateStrategy.RollingUpdate; update != nil {
			atOnce = share(update.MaxSurge, total, true) + share(update.MaxUnavailable, total, true)
		}
	}
	atOnce = max(1, atOnce)
	batches := (total + atOnce - 1) / atOnce
	return time.Duration(batches) * time.Duration(seconds) * time.Second
}

// share is how many pods a number or a percentage means; 0 where there is none.
func share(of *intstr.IntOrString, total int32, up bool) int32 {
	if of == nil {
		return 0
	}
	// What the API server took is a number or a percentage.
	count, _ := intstr.GetScaledValueFromIntOrPercent(of, int(total), up)
	return int32(count)
}
