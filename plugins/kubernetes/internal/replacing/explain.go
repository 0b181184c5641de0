package replacing

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
	Still   bool     // whether it does not move, so that more is asked
	Failed  []string // what the controller says of pods that it could not make
}

// Explained is why a rollout does not move, in as many words as there are reasons.
type Explained struct {
	Wrong []string // what hardly passes by itself
	Maybe []string // what may pass, as a probe that fails of a pod which takes its time
	OfOld []string // what ails pods of an earlier template, which the rollout may mend
}

// Reasons are those to tell of a rollout that does not move.
func (e Explained) Reasons() []string { return slices.Concat(e.Wrong, e.Maybe) }

// Replaced says what ails the pods that the rollout replaces.
func (e Explained) Replaced() []string {
	if len(e.OfOld) == 0 {
		return nil
	}
	return []string{"of the pods that it replaces: " + strings.Join(e.OfOld, "; ")}
}

// Explain says why a rollout does not move.
func (r Rollout) Explain(ctx context.Context) (Explained, error) {
	said := Explained{Wrong: slices.Clone(r.Failed)}
	pods, err := podsOf(ctx, r.Cluster, r.Of)
	if err != nil {
		return said, err
	}
	none := len(pods) == 0
	pods = slices.DeleteFunc(pods, func(pod corev1.Pod) bool {
		return pod.DeletionTimestamp != nil || cluster.IsReady(&pod) || !r.Still && cluster.Ails(pod) == ""
	})
	of := map[relation][]corev1.Pod{}
	if len(pods) > 0 { // which is rare enough to ask only then
		relate, err := r.relations(ctx)
		if err != nil {
			return said, err
		}
		for _, pod := range pods {
			is := relate(pod)
			of[is] = append(of[is], pod)
		}
	}
	said.Wrong = append(said.Wrong, cluster.AilsOf(of[current])...)
	said.Maybe = append(said.Maybe, cluster.AilsOf(of[over])...)
	taken := slices.ContainsFunc(of[current], func(pod corev1.Pod) bool { return pod.Status.StartTime != nil })
	for _, text := range cluster.AilsOf(of[refused]) {
		said.add(text, !taken) // as each one after it is, until a node takes one
	}
	said.OfOld = cluster.AilsOf(of[earlier])
	if none || r.Short {
		for _, text := range r.Cluster.Warnings(ctx, r.Of.GetNamespace(), r.Of.GetName(), r.Of.GetUID()) {
			said.add(text, text != cluster.Unread)
		}
	}
	if pod := longest(of[current]); pod != nil && r.Still {
		said.add(r.awaits(ctx, *pod))
	}
	return said, nil
}

func (e *Explained) add(text string, wrong bool) {
	if wrong {
		e.Wrong = append(e.Wrong, text)
	} else {
		e.Maybe = append(e.Maybe, text)
	}
}

// deployment is the kind of workload that has its pods made by something between.
const deployment = "Deployment"

// relation is what a pod is to the rollout.
type relation int

const (
	foreign relation = iota // one that the selector meets, and that is not of the workload
	earlier                 // of an earlier template
	current                 // of the newest one
	over                    // ended, so that there is another, or will be
	refused                 // of the newest one, and no node let it begin
)

// relations tells pods apart by what the workload's controller keeps. To whoever may not
// read that, all of a controller are current.
func (r Rollout) relations(ctx context.Context) (func(corev1.Pod) relation, error) {
	revisions, err := revision.List(ctx, r.Cluster, r.Of)
	unknown := err != nil && sdk.AsError(err).Class == sdk.Denied
	if err != nil && !unknown {
		return nil, err
	}
	made := func(by []revision.Revision, pod corev1.Pod) bool {
		return slices.ContainsFunc(by, func(one revision.Revision) bool { return one.Made(pod, r.Of.GetName()) })
	}
	return func(pod corev1.Pod) relation {
		owner := metav1.GetControllerOf(&pod)
		newest := unknown || r.Counted && len(revisions) > 0 && made(revisions[:1], pod)
		switch {
		case owner == nil:
			return foreign
		case owner.UID != r.Of.GetUID() && (r.Of.Kind != deployment || !unknown && !made(revisions, pod)):
			return foreign
		case cluster.IsOver(&pod) && newest && isRefused(pod):
			return refused
		case cluster.IsOver(&pod):
			return over
		case newest:
			return current
		default:
			return earlier
		}
	}, nil
}

// isRefused says whether a pod failed since its node would not have it, for want of room or
// of a device. One that had to leave its node was taken by it once.
func isRefused(pod corev1.Pod) bool {
	left := []string{"", "Evicted", "Preempting", "NodeShutdown", "Terminated", "NodeLost"}
	return pod.Status.Phase == corev1.PodFailed && !slices.Contains(left, pod.Status.Reason) && !hasStarted(pod)
}

// hasStarted says whether any container of a pod has begun.
func hasStarted(pod corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses),
		func(c corev1.ContainerStatus) bool { return c.State.Running != nil || c.State.Terminated != nil })
}

// longest is the pod among those that ail of nothing which is waited for the longest. One
// that has not started is asked about before one that runs: it may never.
func longest(pods []corev1.Pod) *corev1.Pod {
	pods = slices.DeleteFunc(slices.Clone(pods), func(pod corev1.Pod) bool { return cluster.Ails(pod) != "" })
	if len(pods) == 0 {
		return nil
	}
	pod := slices.MinFunc(pods, func(a, b corev1.Pod) int {
		if started := hasStarted(a); started != hasStarted(b) {
			return map[bool]int{true: 1, false: -1}[started]
		}
		return a.CreationTimestamp.Compare(b.CreationTimestamp.Time)
	})
	return &pod
}

// awaits says what a pod waits for that is not ready. What keeps one from starting, such
// as a volume, only its events say. That hardly passes where it is something that is not
// there; a probe fails as well of a pod that takes its time.
func (r Rollout) awaits(ctx context.Context, pod corev1.Pod) (text string, wrong bool) {
	started := hasStarted(pod)
	text = "pod " + pod.Name + " does not start"
	if started {
		text = "pod " + pod.Name + " is not ready"
	}
	events, err := r.Cluster.Events(ctx, pod.Namespace, pod.Name, pod.UID)
	events = slices.DeleteFunc(events, isScheduling)
	switch {
	case apierrors.IsForbidden(err):
		return fmt.Sprintf("%s, and %s", text, cluster.Unread), false
	case len(events) > 0 && events[0].Type == corev1.EventTypeWarning:
		return fmt.Sprintf("%s: %s: %s", text, events[0].Reason, events[0].Message), !started && isWrong(events[0])
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady && c.Message != "" {
			text += ": " + c.Message
		}
	}
	return text, false
}

// isWrong says whether a warning about a pod that has not started is of what hardly passes
// by itself: nobody has made what a volume is to hold. That another node still holds the
// volume, or that its driver or the network is not there yet, passes, and may take minutes.
func isWrong(warning corev1.Event) bool {
	missing := regexp.MustCompile(`\b(configmap|secret|serviceaccount|persistentvolumeclaim)s? "[^"]*" not found|non-existent (config|secret) key`)
	return warning.Reason == "FailedMount" && missing.MatchString(warning.Message)
}

// isScheduling is about the events of a pod before it had its node.
func isScheduling(event corev1.Event) bool {
	return event.Reason == "Scheduled" || event.Reason == "FailedScheduling"
}

// podsOf lists the pods that a workload selects.
func podsOf(ctx context.Context, c *cluster.Cluster, of revision.Of) ([]corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(of.Selector)
	if err != nil {
		return nil, err
	}
	pods, err := c.Kube.CoreV1().Pods(of.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the pods of the %s", of)
	}
	return pods.Items, nil
}
