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

// Behind counts the pods of a StatefulSet that its partition lets go, and that are not of
// its newest template. The controller's count of those that are does not say on which side
// of the partition they are: where a template was taken back, most of them are on the other.
func Behind(ctx context.Context, c *cluster.Cluster, set *appsv1.StatefulSet) (int32, error) {
	pods, err := podsOf(ctx, c, revision.Of{Object: set, Kind: statefulSet, Selector: set.Spec.Selector})
	if err != nil {
		return 0, err
	}
	first := 0 // ordinal that is let go
	if update := set.Spec.UpdateStrategy.RollingUpdate; update != nil && update.Partition != nil {
		first = int(*update.Partition)
	}
	if ordinals := set.Spec.Ordinals; ordinals != nil {
		first += int(ordinals.Start)
	}
	var behind int32
	for _, pod := range pods {
		ordinal, err := strconv.Atoi(strings.TrimPrefix(pod.Name, set.Name+"-"))
		if err == nil && ordinal >= first && metav1.IsControlledBy(&pod, set) &&
			pod.Labels[appsv1.ControllerRevisionHashLabelKey] != set.Status.UpdateRevision {
			behind++
		}
	}
	return behind, nil
}
