package proof

import (
	"context"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// template is a pod template for the app of a name.
func template(name, image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
	}
}

func selector(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

// deploy makes a Deployment that may stall for three seconds, and waits until it is
// rolled out.
func (l *lab) deploy(t *testing.T, namespace, name, image string, replicas int32) {
	t.Helper()
	_, err := l.client.AppsV1().Deployments(namespace).Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas, Selector: selector(name), Template: template(name, image),
			ProgressDeadlineSeconds: new(int32(3)),
		},
	}, metav1.CreateOptions{})
	must(t, err)
	l.awaitRollout(t, namespace, "deployment/"+name)
}

func (l *lab) awaitRollout(t *testing.T, namespace, object string) {
	t.Helper()
	l.kubectl(t, "--namespace", namespace, "rollout", "status", object, "--timeout=60s")
}

// pods returns the pods of the app of a name.
func (l *lab) pods(ctx context.Context, namespace, name string) ([]corev1.Pod, error) {
	list, err := l.client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=" + name})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// podsRun complains until there are just so many pods of an app, with the image,
// and all are ready.
func (l *lab) podsRun(namespace, name, image string, count int) func(context.Context) error {
	return func(ctx context.Context) error {
		pods, err := l.pods(ctx, namespace, name)
		if err != nil {
			return err
		}
		var states []string
		good := 0
		for _, pod := range pods {
			if podReady(pod) && pod.Spec.Containers[0].Image == image && pod.Status.PodIP != "" {
				good++
			}
			states = append(states, fmt.Sprintf("%s %s %v", pod.Name, pod.Status.Phase, podReady(pod)))
		}
		if good != count || len(pods) != count {
			return fmt.Errorf("%d of %d pods run %s:\n%s", good, count, image, strings.Join(states, "\n"))
		}
		return nil
	}
}

func podReady(pod corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// waitingFor is why an app's container waits, "" if it does not.
func waitingFor(pod corev1.Pod) string {
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Waiting != nil {
			return status.State.Waiting.Reason
		}
	}
	return ""
}
