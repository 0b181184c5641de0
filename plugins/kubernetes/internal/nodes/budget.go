package nodes

import (
	"context"
	"fmt"
	"slices"
	"strings"

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
	for namespace, inside := range byNamespace {
		budgets, err := n.Kube.PolicyV1().PodDisruptionBudgets(namespace).List(ctx, metav1.ListOptions{})
		if apierrors.IsForbidden(err) {
			preview.Warnings = append(preview.Warnings,
				fmt.Sprintf("You may not list PodDisruptionBudgets in %s, so that it is not known whether they block.", namespace))
			continue
		}
		if err != nil {
			return cluster.FaultIn(ctx, err, "list the PodDisruptionBudgets of %s", namespace)
		}
		weigh(budgets.Items, inside, preview)
	}
	slices.Sort(preview.Blockers)
	slices.Sort(preview.Warnings)
	return nil
}

func weigh(budgets []policyv1.PodDisruptionBudget, pods []verdict, preview *sdk.Preview) {
	over := map[string][]string{} // the budgets of each pod
	for _, budget := range budgets {
		selector, err := metav1.LabelSelectorAsSelector(budget.Spec.Selector)
		if err != nil {
			continue // the server takes no such budget
		}
		var covered []verdict
		for _, pod := range pods {
			if selector.Matches(labels.Set(pod.pod.Labels)) {
				covered = append(covered, pod)
				over[pod.name()] = append(over[pod.name()], budget.Name)
			}
		}
		if len(covered) > 0 {
			weighOne(budget, covered, preview)
		}
	}
	for pod, names := range over {
		if len(names) > 1 {
			preview.Blockers = append(preview.Blockers, fmt.Sprintf(
				"The pod %s cannot be evicted, since it has more than one PodDisruptionBudget: %s.", pod, strings.Join(names, ", ")))
		}
	}
}

func weighOne(budget policyv1.PodDisruptionBudget, covered []verdict, preview *sdk.Preview) {
	name, status := budget.Namespace+"/"+budget.Name, budget.Status
	switch allowed := int(status.DisruptionsAllowed); {
	case allowed == 0:
		preview.Blockers = append(preview.Blockers, fmt.Sprintf(
			"The PodDisruptionBudget %s lets no pod go now (%d healthy, %d needed), and holds %s.",
			name, status.CurrentHealthy, status.DesiredHealthy, listed(covered)))
	case allowed < len(covered):
		preview.Warnings = append(preview.Warnings, fmt.Sprintf(
			"The PodDisruptionBudget %s lets %d of its %d pods here go at a time.", name, allowed, len(covered)))
	}
}
