package replacing

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Rollout is the replacing of a workload's pods.
type Rollout struct {
	Cluster *cluster.Cluster
	Of      revision.Of
	Counted bool     // whether the workload's controller has seen its newest change
	Short   bool     // whether there are fewer pods than there shall be
	Failed  []string // what the controller says of pods that it could not make
}

// Explain says why a rollout does not move, in as many words as there are reasons. What
// ails pods of an earlier template is none, since the rollout may be what mends it.
func (r Rollout) Explain(ctx context.Context) (reasons, ofOld []string, err error) {
	pods, err := podsOf(ctx, r.Cluster, r.Of)
	if err != nil {
		return nil, nil, err
	}
	ailing, old := slices.Clone(pods), []corev1.Pod(nil)
	ailing = slices.DeleteFunc(ailing, func(pod corev1.Pod) bool { return cluster.Ails(pod) == "" })
	if len(ailing) > 0 { // which is rare enough to ask only then
		isOld, err := r.older(ctx)
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
	reasons = append(slices.Clone(r.Failed), cluster.AilsOf(ailing)...)
	if len(pods) == 0 || r.Short {
		reasons = append(reasons, r.Cluster.Warnings(ctx, r.Of.GetNamespace(), r.Of.GetName(), r.Of.GetUID())...)
	}
	return reasons, cluster.AilsOf(old), nil
}

// older tells the pods of earlier templates from those of the current one, by what the
// workload's controller keeps. To whoever may not read that, all are current.
func (r Rollout) older(ctx context.Context) (func(corev1.Pod) bool, error) {
	revisions, err := revision.List(ctx, r.Cluster, r.Of)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Denied:
		return func(corev1.Pod) bool { return false }, nil
	case err != nil:
		return nil, err
	case !r.Counted || len(revisions) == 0:
		return func(corev1.Pod) bool { return true }, nil
	}
	return func(pod corev1.Pod) bool { return !revisions[0].Made(pod, r.Of.GetName()) }, nil
}

// podsOf lists the pods that a workload selects.
func podsOf(ctx context.Context, c *cluster.Cluster, of revision.Of) ([]corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(of.Selector)
	if err != nil {
		return nil, err
	}
	pods, err := c.Kube.CoreV1().Pods(of.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the pods of the %s %s/%s", of.Kind, of.GetNamespace(), of.GetName())
	}
	return pods.Items, nil
}
