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
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/revision"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// statefulSet is the kind of workload whose controller waits.
const statefulSet = "StatefulSet"

// patience is how long the controller may take to see that the template was taken back.
const patience = schema.Duration(time.Minute)

// waits says whether a StatefulSet waits for a pod before it replaces it: for one that never
// gets ready it waits for ever, also when the template that it was made from was taken
// back (kubernetes#67250). Somebody must delete that pod.
func waits(set *appsv1.StatefulSet) bool {
	return set.Spec.PodManagementPolicy != appsv1.ParallelPodManagement &&
		set.Spec.UpdateStrategy.Type != appsv1.OnDeleteStatefulSetStrategyType
}

// rights are what freeing a StatefulSet takes.
func rights(namespace string) []cluster.Right {
	return []cluster.Right{
		{Verb: "list", Resource: "pods", Namespace: namespace},
		revision.Right(statefulSet, namespace),
		{Verb: "delete", Resource: "pods", Namespace: namespace},
	}
}

// Warnings say what freeing a workload takes and one may not do. By is who would free it:
// "Undo of this step".
func Warnings(ctx context.Context, c *cluster.Cluster, workload runtime.Object, by string) ([]string, error) {
	set, is := workload.(*appsv1.StatefulSet)
	if !is || !waits(set) {
		return nil, nil
	}
	lacking, err := c.Lacking(ctx, rights(set.Namespace)...)
	for i := range lacking {
		lacking[i] += " " + by + " may take it, to free the StatefulSet of a pod that never got ready."
	}
	return lacking, err
}

// Taken is a template that was taken back.
type Taken struct {
	Cluster               *cluster.Cluster
	Kind, Namespace, Name string // of the workload; none but a StatefulSet waits
	// Is says whether it is the template of a revision.
	Is   func(of revision.Revision) bool
	Tell func(seen string)
}

// Free deletes the pods of the StatefulSet that are not ready and were made from the
// template that was taken back, once its controller makes pods from the one before. Pods
// that are ready, and those of any other template, it leaves alone. To do it again is to
// do it once.
func (t Taken) Free(ctx context.Context) error {
	if t.Kind != statefulSet {
		return nil
	}
	return cluster.Again(func() error { return t.free(ctx) })
}

func (t Taken) free(ctx context.Context) error {
	set, err := t.seen(ctx)
	if err != nil || set == nil {
		return err
	}
	stuck, err := t.stuck(ctx, set)
	if err != nil {
		return t.denied(err, "get pods --selector "+metav1.FormatLabelSelector(set.Spec.Selector)+", and delete that which is not ready")
	}
	for _, pod := range stuck {
		if err := t.remove(ctx, pod); err != nil {
			return t.denied(err, "delete pod "+pod.Name)
		}
	}
	return nil
}

// Left says what there is still to do for [Taken.Free], and waits for nothing; empty where
// that is nothing.
func (t Taken) Left(ctx context.Context) (string, error) {
	if t.Kind != statefulSet {
		return "", nil
	}
	set, err := t.get(ctx)
	switch {
	case err != nil || set == nil:
		return "", err
	case !sees(set):
		return unseen, nil
	}
	stuck, err := t.stuck(ctx, set)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Denied:
		return "whether it waits for a pod may not be seen: " + err.Error(), nil
	case err != nil || len(stuck) == 0:
		return "", err
	}
	return fmt.Sprintf("it waits for the pod %s", stuck[0].Name), nil
}

// get reads the StatefulSet; nil where it is gone.
func (t Taken) get(ctx context.Context) (*appsv1.StatefulSet, error) {
	set, err := t.Cluster.Kube.AppsV1().StatefulSets(t.Namespace).Get(ctx, t.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "read the StatefulSet %s/%s", t.Namespace, t.Name)
	}
	return set, nil
}

// unseen is said of a StatefulSet until [sees] is true of it.
const unseen = "its controller has not seen yet what was taken back"

func sees(set *appsv1.StatefulSet) bool { return set.Status.ObservedGeneration >= set.Generation }

// seen reads the StatefulSet once its controller has seen its newest change: from then on
// it makes no more pods of the template before. One that is gone is nil.
func (t Taken) seen(ctx context.Context) (set *appsv1.StatefulSet, err error) {
	kind := cluster.Kind{Name: statefulSet, Served: appsv1.SchemeGroupVersion.WithResource("statefulsets"), Namespaced: true}
	err = cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the controller of the StatefulSet %s/%s has seen what was taken back", t.Namespace, t.Name), Timeout: patience, Tell: t.Tell,
		Look: func(ctx context.Context) (string, bool, error) {
			set, err = t.get(ctx)
			return unseen, err == nil && (set == nil || sees(set)), err
		},
		Sources: []cluster.Source{t.Cluster.Watch(kind, t.Namespace, t.Name)},
	})
	return set, err
}

// stuck lists the pods that the StatefulSet waits for, and shall not.
func (t Taken) stuck(ctx context.Context, set *appsv1.StatefulSet) ([]corev1.Pod, error) {
	if !waits(set) {
		return nil, nil
	}
	of := revision.Of{Object: set, Kind: statefulSet, Selector: set.Spec.Selector}
	revisions, err := revision.List(ctx, t.Cluster, of)
	var pods []corev1.Pod
	if err == nil {
		pods, err = podsOf(ctx, t.Cluster, of)
	}
	if err != nil {
		if sdk.AsError(err).Class == sdk.Denied && set.Status.ReadyReplicas >= set.Status.Replicas {
			return nil, nil // there is nothing to look for
		}
		return nil, err
	}
	revisions = slices.DeleteFunc(revisions, func(r revision.Revision) bool {
		return r.Name == set.Status.UpdateRevision || !t.Is(r)
	})
	return slices.DeleteFunc(pods, func(pod corev1.Pod) bool {
		return !metav1.IsControlledBy(&pod, set) || pod.DeletionTimestamp != nil || cluster.IsReady(&pod) ||
			!slices.ContainsFunc(revisions, func(r revision.Revision) bool { return r.Made(pod, set.Name) })
	}), nil
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
	return sdk.Errorf(sdk.Denied, "the template was taken back, but the StatefulSet %s/%s replaces no pod that never got ready; do: kubectl --namespace %s %s: %w",
		t.Namespace, t.Name, t.Namespace, command, err)
}
