package volumes

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// user is a kind of objects that may use a claim.
type user struct {
	cluster.Kind
	pod []string // where it says what its pods are
}

// userKinds are pods, and the workloads that make them. A workload without pods, as while
// its data is restored, has pods again that count on what they wrote.
func userKinds() []user {
	apps, batch, template := appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion, []string{"spec", "template", "spec"}
	return []user{
		{cluster.Kind{Name: "Pod", Served: corev1.SchemeGroupVersion.WithResource("pods"), Namespaced: true}, []string{"spec"}},
		{cluster.Kind{Name: "Deployment", Served: apps.WithResource("deployments"), Namespaced: true}, template},
		{cluster.Kind{Name: "StatefulSet", Served: apps.WithResource("statefulsets"), Namespaced: true}, template},
		{cluster.Kind{Name: "DaemonSet", Served: apps.WithResource("daemonsets"), Namespaced: true}, template},
		{cluster.Kind{Name: "ReplicaSet", Served: apps.WithResource("replicasets"), Namespaced: true}, template},
		{cluster.Kind{Name: "Job", Served: batch.WithResource("jobs"), Namespaced: true}, template},
		{cluster.Kind{Name: "CronJob", Served: batch.WithResource("cronjobs"), Namespaced: true}, []string{"spec", "jobTemplate", "spec", "template", "spec"}},
	}
}

// cannotUndo says what undoing takes and one may not do.
func (v volumes) cannotUndo(ctx context.Context, namespace string) ([]string, error) {
	var rights []cluster.Right
	for _, of := range userKinds() {
		rights = append(rights, of.Right("list", namespace, ""))
	}
	lacking, err := v.Lacking(ctx, rights...)
	for i := range lacking {
		lacking[i] += " Undo of this step takes it, to see who uses the claim."
	}
	return lacking, err
}

// users are what the data of a claim belongs to: pods, also those that have ended, and
// workloads, also those that have no pods now.
func (v volumes) users(ctx context.Context, namespace, claim string) ([]string, error) {
	var users []string
	for _, of := range userKinds() {
		options := metav1.ListOptions{Limit: cluster.PageSize}
		for more := true; more; more = options.Continue != "" {
			page, err := v.Objects(of.Kind, namespace).List(ctx, options)
			if err != nil {
				return nil, cluster.FaultIn(ctx, err, "list the %s of %s", of.Served.Resource, namespace)
			}
			for _, object := range page.Items {
				if of.uses(&object, claim) {
					users = append(users, fmt.Sprintf("the %s %s", of.Name, object.GetName()))
				}
			}
			options.Continue = page.GetContinue()
		}
	}
	return users, nil
}

// uses says whether an object of the kind uses a claim. The older ReplicaSets of a
// Deployment do not: what the Deployment has gone back from needs the claim no more.
func (u user) uses(object *unstructured.Unstructured, claim string) bool {
	if maker := metav1.GetControllerOf(object); u.Name == "ReplicaSet" && maker != nil && maker.Kind == "Deployment" {
		return false
	}
	mounted, _, _ := unstructured.NestedSlice(object.Object, append(slices.Clone(u.pod), "volumes")...)
	own, _, _ := unstructured.NestedSlice(object.Object, "spec", "volumeClaimTemplates")
	return slices.ContainsFunc(mounted, func(volume any) bool {
		fields, _ := volume.(map[string]any)
		named, _, _ := unstructured.NestedString(fields, "persistentVolumeClaim", "claimName")
		return named == claim
	}) || slices.ContainsFunc(own, func(template any) bool {
		fields, _ := template.(map[string]any)
		name, _, _ := unstructured.NestedString(fields, "metadata", "name")
		ordinal, is := strings.CutPrefix(claim, name+"-"+object.GetName()+"-")
		_, err := strconv.ParseUint(ordinal, 10, 31)
		return is && err == nil
	})
}
