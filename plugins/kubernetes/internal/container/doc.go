// Package container reads what the containers of pods print: which container of a pod
// is meant, its log line by line, over disconnects, and what is kept of it. It leaves
// out what any one action does with that.
package container

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// defaultAnnotation is how a pod says which of its containers is meant when none is
// named, as a service mesh writes it beside its own.
const defaultAnnotation = "kubectl.kubernetes.io/default-container"

// Pick returns the container of a pod that is meant: the one that is asked for, or
// else the one that kubectl takes. Its error is that of the field container.
func Pick(pod *corev1.Pod, asked string) (string, error) {
	names := namesIn(pod)
	for _, wanted := range []string{asked, pod.Annotations[defaultAnnotation]} {
		for _, name := range names {
			if name == wanted {
				return name, nil
			}
		}
		if asked != "" {
			return "", sdk.FieldErrorf("container", "the pod %s/%s has no container %q; it has %s",
				pod.Namespace, pod.Name, asked, strings.Join(names, ", "))
		}
	}
	return names[0], nil
}

// namesIn are the names of all containers, with those first that do the pod's work.
func namesIn(pod *corev1.Pod) []string {
	var names []string
	for _, c := range pod.Spec.Containers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.InitContainers {
		names = append(names, c.Name)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		names = append(names, c.Name)
	}
	return names
}

// Status is what a pod's kubelet says of a container; nil where it says nothing yet.
func Status(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, statuses := range [][]corev1.ContainerStatus{
		pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses, pod.Status.EphemeralContainerStatuses,
	} {
		for i := range statuses {
			if statuses[i].Name == name {
				return &statuses[i]
			}
		}
	}
	return nil
}

// HasEnded says whether a container has ended for good, and is not started again.
func HasEnded(pod *corev1.Pod, name string) bool {
	if cluster.IsOver(pod) {
		return true
	}
	status := Status(pod, name)
	if status == nil || status.State.Terminated == nil {
		return false
	}
	init := slices.IndexFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == name })
	isInit := init >= 0
	switch {
	case isInit && isSidecar(pod.Spec.InitContainers[init]):
		return false // whatever it ended with, for as long as the pod lives
	case pod.Spec.RestartPolicy == corev1.RestartPolicyNever:
		return true
	case pod.Spec.RestartPolicy == corev1.RestartPolicyOnFailure, isInit:
		return status.State.Terminated.ExitCode == 0
	default:
		return false
	}
}

// isSidecar says whether an init container is one that runs beside the others.
func isSidecar(init corev1.Container) bool {
	return init.RestartPolicy != nil && *init.RestartPolicy == corev1.ContainerRestartPolicyAlways
}
