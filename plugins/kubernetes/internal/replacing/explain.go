package workloads

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// explain says why a rollout does not move, in as many words as there are reasons. What
// ails pods of an earlier template is none, since the rollout may be what mends it.
func (w workloads) explain(ctx context.Context, of *workload) (reasons, ofOld []string, err error) {
	for _, c := range of.conditions {
		if c.Type == "ReplicaFailure" && c.Status == "True" {
			reasons = append(reasons, c.Reason+": "+c.Message)
		}
	}
	selector, err := metav1.LabelSelectorAsSelector(of.selector)
	if err != nil {
		return nil, nil, err
	}
	pods, err := w.Kube.CoreV1().Pods(of.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, nil, cluster.FaultIn(ctx, err, "list the pods of the %s", of)
	}
	ailing, old := slices.Clone(pods.Items), []corev1.Pod(nil)
	ailing = slices.DeleteFunc(ailing, func(pod corev1.Pod) bool { return cluster.Ails(pod) == "" })
	if len(ailing) > 0 { // which is rare enough to ask only then
		isOld, err := w.older(ctx, of)
		if err != nil {
			return nil, nil, err
		}
		for _, pod := range ailing {
			if isOld(pod) {
				old = append(old, pod)
			}
		}
		ailing = slices.DeleteFunc(ailing, isOld)
	}
	reasons = append(reasons, cluster.AilsOf(ailing)...)
	if len(pods.Items) == 0 || of.existing < of.replicas {
		reasons = append(reasons, w.Warnings(ctx, of.Namespace, of.Name, of.GetUID())...)
	}
	return reasons, cluster.AilsOf(old), nil
}

// older tells the pods of earlier templates from those of the current one, by what the
// workload's controller keeps. To whoever may not read that, all are current.
func (w workloads) older(ctx context.Context, of *workload) (func(corev1.Pod) bool, error) {
	revisions, err := w.revisions(ctx, of)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Denied:
		return func(corev1.Pod) bool { return false }, nil
	case err != nil:
		return nil, err
	case !of.counted() || len(revisions) == 0:
		return func(corev1.Pod) bool { return true }, nil
	}
	return func(pod corev1.Pod) bool { return !revisions[0].Made(pod, of.Name) }, nil
}
