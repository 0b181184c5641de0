package workloads

import (
	"context"
	"fmt"
	"maps"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
		reasons = append(reasons, w.warnings(ctx, of)...)
	}
	return reasons, nil
}

// warnings are the newest events that warn about the workload: StatefulSets and
// DaemonSets have no condition for pods that cannot be made. Whoever may not read
// events is not kept from anything else.
func (w workloads) warnings(ctx context.Context, of *workload) []string {
	events, err := w.Kube.CoreV1().Events(of.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "type=Warning,involvedObject.name=" + of.Name + ",involvedObject.uid=" + string(of.GetUID()),
	})
	if err != nil {
		if apierrors.IsForbidden(err) {
			return []string{"its events may not be read"}
		}
		return nil
	}
	var found []string
	for _, event := range events.Items {
		if text := event.Reason + ": " + event.Message; !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return found[max(0, len(found)-3):]
}
