package nodes

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// foretell says which pods the taints that are new delete from the node.
func (n nodes) foretell(ctx context.Context, node *corev1.Node, wanted []corev1.Taint, preview *sdk.Preview) error {
	fresh := slices.DeleteFunc(slices.Clone(wanted), func(t corev1.Taint) bool {
		had := slices.ContainsFunc(node.Spec.Taints, func(old corev1.Taint) bool { return old.ToString() == t.ToString() })
		return had || t.Effect != corev1.TaintEffectNoExecute
	})
	if len(fresh) == 0 {
		return nil
	}
	lacking, err := n.Lacking(ctx, listPods())
	if err != nil {
		return err
	}
	if len(lacking) > 0 {
		preview.Warnings = append(preview.Warnings, lacking[0]+" So it is not known which "+inWords(fresh)+" deletes.")
		return nil
	}
	pods, err := n.podsOn(ctx, node.Name)
	if err != nil {
		return err
	}
	var gone, later []verdict
	for _, pod := range pods {
		switch stays, how := staysUnder(pod, fresh); {
		case pod.DeletionTimestamp != nil || how == forEver:
		case how == forTime:
			later = append(later, verdict{pod, "after " + schema.Duration(stays).String()})
		default:
			gone = append(gone, verdict{pod: pod})
		}
	}
	preview.Summary += fmt.Sprintf(": %s to be deleted at once, %d later", cluster.Count(len(gone), "pod"), len(later))
	if all := append(gone, later...); len(all) > 0 {
		preview.Changes = append(preview.Changes, deletions(all)...)
		preview.Warnings = append(preview.Warnings, "Pods are deleted without regard to PodDisruptionBudgets: "+listed(all)+".")
	}
	return nil
}

// stay says how long a pod stays.
type stay int

const (
	notAtAll stay = iota
	forTime
	forEver
)

// staysUnder says how long a pod stays on a node with the taints, as the controller
// judges that deletes pods for them.
func staysUnder(pod corev1.Pod, taints []corev1.Taint) (time.Duration, stay) {
	least, how := time.Duration(0), forEver
	for _, taint := range taints {
		tolerated := false
		for _, toleration := range pod.Spec.Tolerations {
			if !toleration.ToleratesTaint(klog.Logger{}, &taint, true) {
				continue
			}
			tolerated = true
			if seconds := toleration.TolerationSeconds; seconds != nil {
				limit := time.Duration(max(0, *seconds)) * time.Second
				if how == forEver || limit < least {
					least, how = limit, forTime
				}
			}
			break // the first that matches counts
		}
		if !tolerated {
			return 0, notAtAll
		}
	}
	return least, how
}
