package nodes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// weighBudgets says which PodDisruptionBudgets stand in the way of the pods.
func (n nodes) weighBudgets(ctx context.Context, pods []verdict, preview *sdk.Preview) error {
	byNamespace := map[string][]verdict{}
	for _, pod := range pods {
		if pod.pod.DeletionTimestamp == nil {
			byNamespace[pod.pod.Namespace] = append(byNamespace[pod.pod.Namespace], pod)
		}
	}
	group, listing := errgroup.WithContext(ctx)
	group.SetLimit(evictedAtOnce)
	var mu sync.Mutex // of the preview
	for namespace, inside := range byNamespace {
		group.Go(func() error {
			budgets, err := n.Kube.PolicyV1().PodDisruptionBudgets(namespace).List(listing, metav1.ListOptions{})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case apierrors.IsForbidden(err):
				preview.Warnings = append(preview.Warnings,
					fmt.Sprintf("You may not list PodDisruptionBudgets in %s, so that it is not known whether they block.", namespace))
				return nil
			case err != nil:
				return cluster.FaultIn(ctx, err, "list the PodDisruptionBudgets of %s", namespace)
			default:
				weigh(budgets.Items, inside, preview)
				return nil
			}
		})
	}
	err := group.Wait()
	slices.Sort(preview.Blockers)
	slices.Sort(preview.Warnings)
	return err
}

func weigh(budgets []policyv1.PodDisruptionBudget, pods []verdict, preview *sdk.Preview) {
	over := map[string][]string{} // the budgets of each pod
	for _, budget := range budgets {
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		if err != nil {
			continue // the server takes no such budget
		}
		var kept []verdict
		for _, pod := range pods {
			if !startedAndNotOver(pod.pod) || !selector.Matches(labels.Set(pod.pod.Labels)) {
				continue
			}
			over[pod.name()] = append(over[pod.name()], budget.Name)
			if keeps(budget, pod.pod) {
				kept = append(kept, pod)
			}
		}
		if len(kept) > 0 {
			weighOne(budget, kept, preview)
		}
	}
	for pod, names := range over {
		if len(names) > 1 {
			preview.Blockers = append(preview.Blockers, fmt.Sprintf(
				"The pod %s cannot be evicted, since it has more than one PodDisruptionBudget: %s.", pod, strings.Join(names, ", ")))
		}
	}
}

// startedAndNotOver says whether budgets count for a pod at all.
func startedAndNotOver(pod corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodRunning || pod.Status.Phase == corev1.PodUnknown
}

// keeps says whether a budget counts for a pod, as the server judges: one that is not
// ready may go where its budget says so, or has enough of the others.
func keeps(budget policyv1.PodDisruptionBudget, pod corev1.Pod) bool {
	policy, status := budget.Spec.UnhealthyPodEvictionPolicy, budget.Status
	switch {
	case cluster.IsReady(&pod):
		return true
	case policy != nil && *policy == policyv1.AlwaysAllow:
		return false
	default:
		return status.CurrentHealthy < status.DesiredHealthy || status.DesiredHealthy == 0
	}
}

func weighOne(budget policyv1.PodDisruptionBudget, kept []verdict, preview *sdk.Preview) {
	name, status := budget.Namespace+"/"+budget.Name, budget.Status
	switch allowed := int(status.DisruptionsAllowed); {
	case allowed == 0:
		preview.Blockers = append(preview.Blockers, fmt.Sprintf(
			"The PodDisruptionBudget %s lets no pod go now (%d healthy, %d needed), and holds %s.",
			name, status.CurrentHealthy, status.DesiredHealthy, listed(kept)))
	case allowed < len(kept):
		preview.Warnings = append(preview.Warnings, fmt.Sprintf(
			"The PodDisruptionBudget %s lets %d of its %d pods here go at a time.", name, allowed, len(kept)))
	}
}
