package replacing

import (
	"context"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
)

// LetGo counts the pods of a StatefulSet that its partition lets go: how many of them there
// are of its newest template, and how many of any are ready. The controller's count of
// those of the newest template does not say on which side of the partition they are: where
// a template was taken back, most of them are on the other. And it may be older than the
// pods, so that one which is gone is still in it.
func LetGo(ctx context.Context, c *cluster.Cluster, set *appsv1.StatefulSet) (renewed, ready int32, err error) {
	pods, err := podsOf(ctx, c, revision.Of{Object: set, Kind: statefulSet, Selector: set.Spec.Selector})
	if err != nil {
		return 0, 0, err
	}
	start, first, end := 0, 0, 1
	if ordinals := set.Spec.Ordinals; ordinals != nil {
		start = int(ordinals.Start)
	}
	if update := set.Spec.UpdateStrategy.RollingUpdate; update != nil && update.Partition != nil {
		first = int(*update.Partition)
	}
	if set.Spec.Replicas != nil {
		end = int(*set.Spec.Replicas)
	}
	for _, pod := range pods {
		ordinal, err := strconv.Atoi(strings.TrimPrefix(pod.Name, set.Name+"-"))
		if err != nil || ordinal < start+first || ordinal >= start+end || !metav1.IsControlledBy(&pod, set) {
			continue
		}
		if pod.DeletionTimestamp == nil && pod.Labels[appsv1.ControllerRevisionHashLabelKey] == set.Status.UpdateRevision {
			renewed++
		}
		if cluster.IsReady(&pod) {
			ready++
		}
	}
	return renewed, ready, nil
}
