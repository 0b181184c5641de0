package workloads

import (
	"context"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// explain says why a rollout does not move, in as many words as there are reasons.
func (w workloads) explain(ctx context.Context, of *workload) ([]string, error) {
	var reasons []string
	for _, c := range of.conditions {
		if c.Type == "ReplicaFailure" && c.Status == "True" {
			reasons = append(reasons, c.Reason+": "+c.Message)
		}
	}
	selector, err := metav1.LabelSelectorAsSelector(of.selector)
	if err != nil {
		return nil, err
	}
	pods, err := w.Kube.CoreV1().Pods(of.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the pods of the %s", of)
	}
	byReason := map[string][]string{}
	for _, pod := range pods.Items {
		if why := cluster.Ails(pod); why != "" {
			byReason[why] = append(byReason[why], pod.Name)
		}
	}
	for _, why := range slices.Sorted(maps.Keys(byReason)) {
		text := why + " (pod " + byReason[why][0]
		if more := len(byReason[why]) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		reasons = append(reasons, text+")")
	}
	if len(pods.Items) == 0 || of.existing < of.replicas {
		reasons = append(reasons, w.Warnings(ctx, of.Namespace, of.Name, of.GetUID())...)
	}
	return reasons, nil
}
