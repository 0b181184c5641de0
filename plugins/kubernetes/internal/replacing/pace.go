package replacing

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Least is how long a rollout of some pods of a workload takes at least: each must be ready
// for some time before the next ones are replaced. 0 is what cannot be told, since nobody
// knows how long pods take until they are ready.
func Least(workload runtime.Object, pods int32) time.Duration {
	var seconds int32
	atOnce := int32(1) // as a StatefulSet does
	switch of := workload.(type) {
	case *appsv1.Deployment:
		seconds = of.Spec.MinReadySeconds
		atOnce = pods // as the strategy Recreate does
		if update := of.Spec.Strategy.RollingUpdate; update != nil {
			atOnce = share(update.MaxSurge, pods, true) + share(update.MaxUnavailable, pods, false)
		}
	case *appsv1.StatefulSet:
		seconds = of.Spec.MinReadySeconds
	case *appsv1.DaemonSet:
		seconds = of.Spec.MinReadySeconds
		if update := of.Spec.UpdateStrategy.RollingUpdate; update != nil {
			atOnce = share(update.MaxSurge, pods, true) + share(update.MaxUnavailable, pods, true)
		}
	}
	atOnce = max(1, atOnce)
	batches := (pods + atOnce - 1) / atOnce
	return time.Duration(batches) * time.Duration(seconds) * time.Second
}

// share is how many pods a number or a percentage means; 0 where there is none.
func share(of *intstr.IntOrString, pods int32, up bool) int32 {
	if of == nil {
		return 0
	}
	// What the API server took is a number or a percentage.
	count, _ := intstr.GetScaledValueFromIntOrPercent(of, int(pods), up)
	return int32(count)
}
