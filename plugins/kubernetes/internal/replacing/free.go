package replacing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// patience is how long the controller may take to see that the template was taken back.
const patience = schema.Duration(time.Minute)

// Waits says whether a StatefulSet waits for a pod before it replaces it: for one that never
// gets ready it waits for ever, also when the template that it was made from was taken
// back (kubernetes#67250). Somebody must delete that pod.
func Waits(set *appsv1.StatefulSet) bool {
	return set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement &&
		set.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType
}

// Rights are what freeing a StatefulSet takes.
func Rights(namespace string) []cluster.Right {
	return []cluster.Right{
		{Verb: "list", Resource: "pods", Namespace: namespace},
		revision.Right("StatefulSet", namespace),
		{Verb: "delete", Resource: "pods", Namespace: namespace},
	}
}

// Taken is a template that was taken back: its images, by the names of their containers.
type Taken struct {
	Cluster         *cluster.Cluster
	Namespace, Name string // of the StatefulSet
	Images          map[string]string
	Tell            func(seen string)
}

// Free deletes the pods of the StatefulSet that are not ready and were made from the
// template that was taken back, once its controller makes pods from the one before. Pods
// that are ready, and those of any other template, it leaves alone. To do it again is to
// do it once.
func (t Taken) Free(ctx context.Context) error {
	return cluster.Again(func() error { return t.free(ctx) })
}

func (t Taken) free(ctx context.Context) error {
	set, err := t.seen(ctx)
	if err != nil || set == nil || !Waits(set) {
		return err
	}
	stuck, err := t.stuck(ctx, set)
	if err != nil {
		if sdk.AsError(err).Class == sdk.Denied && set.Status.ReadyReplicas >= set.Status.Replicas {
			return nil // there is nothing to look for
		}
		return t.denied(err, "get pods --selector "+metav1.FormatLabelSelector(set.Spec.Selector)+", and delete that which is not ready")
	}
	for _, pod := range stuck {
		if err := t.remove(ctx, pod); err != nil {
			return t.denied(err, "delete pod "+pod.Name)
		}
	}
	return nil
}

// seen reads the StatefulSet once its controller has seen its newest change: from then on
// it makes no more pods of the template before. One that is gone is nil.
func (t Taken) seen(ctx context.Context) (set *appsv1.StatefulSet, err error) {
	kind := cluster.Kind{Name: "StatefulSet", Served: appsv1.SchemeGroupVersion.WithResource("statefulsets"), Namespaced: true}
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the controller of the StatefulSet %s/%s has seen what was taken back", t.Namespace, t.Name), Timeout: patience, Tell: t.Tell,
		Look: func(ctx context.Context) (string, bool, error) {
			set, err = t.Cluster.Kube.AppsV1().StatefulSets(t.Namespace).Get(ctx, t.Name, metav1.GetOptions{})
			if apierrors.IsNotFound(err) {
				set = nil
				return "", true, nil
			}
			if err != nil {
				return "", false, cluster.FaultIn(ctx, err, "read the StatefulSet %s/%s", t.Namespace, t.Name)
			}
			return "its controller has not seen yet what was taken back", set.Status.ObservedGeneration >= set.Generation, nil
		},
		Sources: []cluster.Source{t.Cluster.Watch(kind, t.Namespace, t.Name)},
	})
	return set, err
}

// stuck lists the pods that the StatefulSet waits for, and shall not.
func (t Taken) stuck(ctx context.Context, set *appsv1.StatefulSet) ([]corev1.Pod, error) {
	revisions, err := revision.List(ctx, t.Cluster, revision.Of{Object: set, Kind: "StatefulSet", Selector: set.Spec.Selector})
	if err != nil {
		return nil, err
	}
	selector, err := metav1.LabelSelectorAsSelector(set.Spec.Selector)
	if err != nil {
		return nil, err
	}
	pods, err := t.Cluster.Kube.CoreV1().Pods(t.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, cluster.FaultIn(ctx, err, "list the pods of the StatefulSet %s/%s", t.Namespace, t.Name)
	}
	revisions = slices.DeleteFunc(revisions, func(r revision.Revision) bool {
		return r.Name == set.Status.UpdateRevision || !t.made(r)
	})
	return slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool {
		return !metav1.IsControlledBy(&pod, set) || pod.DeletionTimestamp != nil || cluster.IsReady(&pod) ||
			!slices.ContainsFunc(revisions, func(r revision.Revision) bool { return r.Made(pod, set.Name) })
	}), nil
}

// made says whether a revision has the images that were taken back.
func (t Taken) made(of revision.Revision) bool {
	for name, image := range t.Images {
		if of.Images[name] != image {
			return false
		}
	}
	return true
}

// remove deletes a pod as it was seen. One that was changed since may be ready, and then it
// is the controller that replaces it.
func (t Taken) remove(ctx context.Context, pod corev1.Pod) error {
	t.Tell(fmt.Sprintf("deletes the pod %s, which is of the template that was taken back and not ready: %s", pod.Name, why(pod)))
	err := t.Cluster.Kube.CoreV1().Pods(t.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &pod.UID, ResourceVersion: &pod.ResourceVersion},
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return cluster.FaultIn(ctx, err, "delete the pod %s/%s", t.Namespace, pod.Name)
}

func why(pod corev1.Pod) string {
	if ails := cluster.Ails(pod); ails != "" {
		return ails
	}
	return "it is " + strings.ToLower(string(pod.Status.Phase))
}

// denied tells whoever may not free the StatefulSet what somebody else must do.
func (t Taken) denied(err error, command string) error {
	if sdk.AsError(err).Class != sdk.Denied {
		return err
	}
	return sdk.Errorf(sdk.Denied, "the images are as before, but the StatefulSet %s/%s replaces no pod that never got ready; do: kubectl --namespace %s %s: %w",
		t.Namespace, t.Name, t.Namespace, command, err)
}
