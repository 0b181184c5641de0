package cluster

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// fewAtMost bounds the things that a sentence names.
const fewAtMost = 10

// Few sorts the names of things for a sentence, and leaves out those that it has no room
// for: how many they are is the last.
func Few(names []string) []string {
	slices.Sort(names)
	if more := len(names) - fewAtMost; more > 0 {
		names = append(names[:fewAtMost], fmt.Sprintf("and %d more", more))
	}
	return names
}

// Count counts things for a sentence: "1 pod", "3 pods".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Sentence makes one of what an error says.
func Sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }

// Readiness says whether a node is ready, and if it is not, why.
func Readiness(node *corev1.Node) (ready bool, why string) {
	for _, c := range node.Status.Conditions {
		switch {
		case c.Type != corev1.NodeReady:
		case c.Status == corev1.ConditionTrue:
			return true, ""
		default:
			return false, c.Reason
		}
	}
	return false, "it has not reported yet"
}

// IsReady says whether a pod is ready.
func IsReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
