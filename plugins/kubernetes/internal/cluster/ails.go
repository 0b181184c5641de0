package cluster

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Ails says what is wrong with a pod; empty: nothing that can be seen. A pod that goes
// ails of nothing.
func Ails(pod corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return ""
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Reason == corev1.PodReasonUnschedulable {
			return "unschedulable: " + c.Message
		}
	}
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		// These two are what every container passes through.
		if wait := c.State.Waiting; wait != nil && wait.Reason != "ContainerCreating" && wait.Reason != "PodInitializing" && wait.Reason != "" {
			return fmt.Sprintf("container %s with %s: %s", c.Name, c.Image, orReason(wait.Reason, wait.Message))
		}
		if end := c.State.Terminated; end != nil && end.ExitCode != 0 {
			return fmt.Sprintf("container %s with %s ended with %d: %s", c.Name, c.Image, end.ExitCode, orReason(end.Reason, end.Message))
		}
	}
	if pod.Status.Phase == corev1.PodFailed {
		return "failed: " + orReason(pod.Status.Reason, pod.Status.Message)
	}
	return ""
}

// AilsOf says what is wrong with pods, each reason with one pod that it is true of and how
// many more there are.
func AilsOf(pods []corev1.Pod) []string {
	byReason := map[string][]string{}
	for _, pod := range pods {
		if why := Ails(pod); why != "" {
			byReason[why] = append(byReason[why], pod.Name)
		}
	}
	var texts []string
	for _, why := range slices.Sorted(maps.Keys(byReason)) {
		text := why + " (pod " + byReason[why][0]
		if more := len(byReason[why]) - 1; more > 0 {
			text += fmt.Sprintf(" and %d more", more)
		}
		texts = append(texts, text+")")
	}
	return texts
}

// IsOver says whether a pod has ended for good.
func IsOver(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func orReason(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + ", " + message
}
