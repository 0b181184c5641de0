package nodes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// load is the pods of a node, by what a drain does with them.
type load struct {
	leave []verdict // evicted, or ending already
	stay  []verdict // left alone
	held  []verdict // nobody said that they may be lost
}

// verdict is what a drain does with a pod, and why.
type verdict struct {
	pod corev1.Pod
	why string // "is static"; empty for those that simply leave
}

func (v verdict) name() string { return v.pod.Namespace + "/" + v.pod.Name }

func (v verdict) String() string {
	if v.why == "" {
		return v.name()
	}
	return v.name() + " " + v.why
}

func listed(pods []verdict) string {
	texts := make([]string, 0, len(pods))
	for _, pod := range pods {
		texts = append(texts, pod.String())
	}
	return strings.Join(cluster.Few(texts), ", ")
}

func namesOf(pods []verdict) []string {
	found := make([]string, 0, len(pods))
	for _, pod := range pods {
		found = append(found, pod.name())
	}
	slices.Sort(found)
	return found
}

// deletions are the changes of a plan by which pods go.
func deletions(pods []verdict) []sdk.Delta {
	var changes []sdk.Delta
	for _, name := range namesOf(pods) {
		changes = append(changes, sdk.Delta{Target: "Pod " + name, Kind: "Pod", Op: "delete"})
	}
	return changes
}

// load reads the pods of the node.
func (n nodes) load(ctx context.Context, in DrainInput) (load, error) {
	selector, err := labels.Parse(in.Selector)
	if err != nil {
		return load{}, sdk.FieldErrorf("selector", "%w", err)
	}
	if _, err := cluster.Grace(in.Grace); err != nil {
		return load{}, err
	}
	pods, err := n.podsOn(ctx, in.Node)
	if err != nil {
		return load{}, err
	}
	var found load
	for _, pod := range pods {
		if selector.Matches(labels.Set(pod.Labels)) {
			found.add(pod, in)
		} else {
			found.stay = append(found.stay, verdict{pod, "is not selected"})
		}
	}
	return found, nil
}

// add judges a pod as kubectl drain does.
func (l *load) add(pod corev1.Pod, in DrainInput) {
	controller := metav1.GetControllerOf(&pod)
	_, static := pod.Annotations[corev1.MirrorPodAnnotationKey]
	daemon := controller != nil && controller.Kind == "DaemonSet"
	switch {
	case static:
		l.stay = append(l.stay, verdict{pod, "is a static pod of the node"})
	case daemon && in.IgnoreDaemonSets:
		l.stay = append(l.stay, verdict{pod, "is of the DaemonSet " + controller.Name})
	case pod.DeletionTimestamp != nil, cluster.IsOver(&pod):
		l.leave = append(l.leave, verdict{pod: pod})
	case daemon:
		l.held = append(l.held, verdict{pod, "is of the DaemonSet " + controller.Name + ", which would put it there again (ignoreDaemonSets leaves it)"})
	case controller == nil && !in.Force:
		l.held = append(l.held, verdict{pod, "has no controller that makes it anew (force evicts it)"})
	case hasEmptyDir(pod) && !in.DeleteEmptyDir:
		l.held = append(l.held, verdict{pod, "would lose the data of its emptyDir volume (deleteEmptyDir evicts it)"})
	default:
		l.leave = append(l.leave, verdict{pod: pod})
	}
}

func hasEmptyDir(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.EmptyDir != nil })
}

// refusal is why a node is not drained that has pods nobody said may be lost.
func (l load) refusal(node string) *sdk.Error {
	return sdk.Errorf(sdk.Permanent, "%s cannot be drained: %s", node, listed(l.held))
}

// preview says which pods go and which stay.
func (l load) preview(in DrainInput) sdk.Preview {
	preview := sdk.Preview{Summary: fmt.Sprintf("would drain %s: %s to go, %d to stay", in.Node, cluster.Count(len(l.leave), "pod"), len(l.stay))}
	preview.Changes = deletions(l.leave)
	if len(l.stay) > 0 {
		preview.Warnings = append(preview.Warnings, "These pods stay: "+listed(l.stay)+".")
	}
	if slow := l.slow(in); len(slow) > 0 {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf(
			"These pods may take longer to end than the timeout of %s: %s.", in.Timeout, listed(slow)))
	}
	return preview
}

// slow is the pods whose grace is longer than the timeout.
func (l load) slow(in DrainInput) []verdict {
	var slow []verdict
	for _, pod := range l.leave {
		if grace := graceOf(pod.pod, in); grace > in.Timeout {
			slow = append(slow, verdict{pod.pod, "(" + grace.String() + ")"})
		}
	}
	return slow
}

// longest is how long the slowest pod may take to end, all of which end side by side.
func (l load) longest(in DrainInput) time.Duration {
	var longest schema.Duration
	for _, pod := range l.leave {
		longest = max(longest, graceOf(pod.pod, in))
	}
	return longest.Std()
}

// graceOf is how long a pod may take to end. One that is over has nothing to end.
func graceOf(pod corev1.Pod, in DrainInput) schema.Duration {
	switch own := pod.Spec.TerminationGracePeriodSeconds; {
	case cluster.IsOver(&pod):
		return 0
	case in.Grace != nil:
		return *in.Grace
	case own != nil:
		return schema.Duration(time.Duration(*own) * time.Second)
	default:
		return 0
	}
}

// rights are what evicting takes, for each namespace once.
func (l load) rights() []cluster.Right {
	var rights []cluster.Right
	seen := map[string]bool{}
	for _, pod := range l.leave {
		if namespace := pod.pod.Namespace; !seen[namespace] {
			seen[namespace] = true
			rights = append(rights, cluster.Right{
				Verb: "create", Resource: "pods", Subresource: "eviction", Namespace: namespace, Words: "evict pods",
			})
		}
	}
	return rights
}
