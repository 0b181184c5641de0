package contents_test

import (
	"context"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
)

// owning makes a StatefulSet that has no pods.
func owning(t *testing.T, namespace string, whenDeleted appsv1.PersistentVolumeClaimRetentionPolicyType) metav1.OwnerReference {
	t.Helper()
	made, err := shared.Kube.AppsV1().StatefulSets(namespace).Create(t.Context(), &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db"},
		Spec: appsv1.StatefulSetSpec{
			Replicas: new(int32(0)), Selector: lab.Selector("db"), Template: lab.Template("db", "db:1"),
			PersistentVolumeClaimRetentionPolicy: &appsv1.StatefulSetPersistentVolumeClaimRetentionPolicy{WhenDeleted: whenDeleted},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	return metav1.OwnerReference{APIVersion: "apps/v1", Kind: "StatefulSet", Name: made.Name, UID: made.UID}
}

// between makes a ConfigMap of an owner, or of none.
func between(t *testing.T, namespace, name string, owners ...metav1.OwnerReference) metav1.OwnerReference {
	t.Helper()
	made, err := shared.Kube.CoreV1().ConfigMaps(namespace).Create(t.Context(),
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners}}, metav1.CreateOptions{})
	lab.Must(t, err)
	return metav1.OwnerReference{APIVersion: "v1", Kind: "ConfigMap", Name: name, UID: made.UID}
}

// operated makes an object of an operator.
func operated(t *testing.T, namespace string) metav1.OwnerReference {
	t.Helper()
	shared.Define(t, "../objects/testdata/widgets.yaml")
	c := shared.Connect(t)
	kind, err := c.Kind(t.Context(), "objects.example/v1", "Widget")
	lab.Must(t, err)
	made, err := c.Objects(kind, namespace).Create(t.Context(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "objects.example/v1", "kind": "Widget", "metadata": map[string]any{"name": "pg"},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	return metav1.OwnerReference{APIVersion: made.GetAPIVersion(), Kind: made.GetKind(), Name: "pg", UID: made.GetUID()}
}

// claim makes a claim, which is bound where it has a volume.
func claim(t *testing.T, namespace, volume string, owners ...metav1.OwnerReference) {
	t.Helper()
	claimOf(t, namespace, "data", volume, owners...)
}

func claimOf(t *testing.T, namespace, name, volume string, owners ...metav1.OwnerReference) {
	t.Helper()
	_, err := shared.Kube.CoreV1().PersistentVolumeClaims(namespace).Create(t.Context(), &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: owners},
		Spec: corev1.PersistentVolumeClaimSpec{
			VolumeName: volume, AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, metav1.CreateOptions{})
	lab.Must(t, err)
}

// An object takes with it the data of the claims that nobody else owns.
func TestDataGoesWithItsLastOwner(t *testing.T) {
	t.Parallel()
	const lost = "the data of 1 claim (data) would go with it"
	lists := func(resource string) []rbacv1.PolicyRule {
		return []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{resource}, Verbs: []string{"list"}}}
	}
	for name, c := range map[string]struct {
		claims func(t *testing.T, namespace string, set metav1.OwnerReference)
		policy appsv1.PersistentVolumeClaimRetentionPolicyType
		rights []rbacv1.PolicyRule // empty: all
		want   string
	}{
		"its own":   {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) { claim(t, namespace, "disk", set) }, want: lost},
		"nobody's":  {claims: func(t *testing.T, namespace string, _ metav1.OwnerReference) { claim(t, namespace, "disk") }},
		"not bound": {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) { claim(t, namespace, "", set) }},
		"by another": {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) {
			claim(t, namespace, "disk", between(t, namespace, "part", set))
		}, want: lost},
		"with another that stays": {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) {
			claim(t, namespace, "disk", set, between(t, namespace, "other"))
		}},
		"with another that is gone": {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) {
			former := between(t, namespace, "other")
			former.UID = types.UID("former")
			claim(t, namespace, "disk", set, former)
		}, want: lost},
		"of a pod of its own": {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) {
			pod, err := shared.Kube.CoreV1().Pods(namespace).Create(t.Context(),
				&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "db", OwnerReferences: []metav1.OwnerReference{set}}, Spec: lab.Template("db", "db:1").Spec}, metav1.CreateOptions{})
			lab.Must(t, err)
			claim(t, namespace, "disk", metav1.OwnerReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID})
		}},
		"of an owner that may not be read": {claims: func(t *testing.T, namespace string, set metav1.OwnerReference) {
			claim(t, namespace, "disk", between(t, namespace, "part", set))
		}, rights: lists("persistentvolumeclaims"), want: "the data of 1 claim (data) may go with it, by way of what you may not read: the ConfigMap part"},
		"of an operator's object that may not be read": {claims: func(t *testing.T, namespace string, _ metav1.OwnerReference) {
			claim(t, namespace, "disk", operated(t, namespace))
		}, rights: lists("persistentvolumeclaims")},
		"where none may be listed": {
			claims: func(*testing.T, string, metav1.OwnerReference) {}, policy: appsv1.DeletePersistentVolumeClaimRetentionPolicyType,
			rights: lists("configmaps"), want: "the data of claims may go with it, which you may not list",
		},
		"where none may be listed, and none belongs to it": {claims: func(*testing.T, string, metav1.OwnerReference) {}, rights: lists("configmaps")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, policy := shared.Namespace(t), appsv1.RetainPersistentVolumeClaimRetentionPolicyType
			if c.policy != "" {
				policy = c.policy
			}
			set := owning(t, namespace, policy)
			c.claims(t, namespace, set)
			all := shared.Connect(t)
			kind, err := all.Kind(t.Context(), set.APIVersion, set.Kind)
			lab.Must(t, err)
			live, err := all.Look(t.Context(), kind, namespace, set.Name)
			lab.Must(t, err)
			asks := all
			if c.rights != nil {
				shared.Allow(t, "reader-"+namespace, c.rights...)
				asks = shared.ConnectAs(t, "reader-"+namespace)
			}
			got, err := contents.Data(t.Context(), asks, kind, live)
			if err != nil || got != c.want {
				t.Errorf("it says %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// Claims belong to nothing that Kubernetes itself knows, but to StatefulSets: to see them
// takes no right where there are none.
func TestOperatorsOwnData(t *testing.T) {
	t.Parallel()
	object := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"namespace": shared.Namespace(t)},
		"spec":     map[string]any{"persistentVolumeClaimRetentionPolicy": map[string]any{"whenDeleted": "Delete"}},
	}}
	for of, want := range map[schema.GroupKind]int{
		{Group: "apps", Kind: "StatefulSet"}: 1, {Group: "postgresql.cnpg.io", Kind: "Cluster"}: 1, {Group: "cluster.x-k8s.io", Kind: "Cluster"}: 1,
		{Group: "apps", Kind: "Deployment"}: 0, {Kind: "ConfigMap"}: 0, {Group: "networking.k8s.io", Kind: "Ingress"}: 0,
	} {
		kind := cluster.Kind{Name: of.Kind, Namespaced: true, Served: schema.GroupVersionResource{Group: of.Group}}
		sees := contents.Foresight{Cluster: shared.Connect(t)}
		if got, _, err := sees.Rights(t.Context(), kind, object); err != nil || len(got) != want {
			t.Errorf("of a %s it takes %v, %v", of, got, err)
		}
	}
}

// A plan is made from the claims that would go and from those by which they would, and not
// from all that were looked through; where nothing is there yet to be deleted, from none.
func TestAPlanIsMadeFromTheDataThatGoes(t *testing.T) {
	t.Parallel()
	namespace, c := shared.Namespace(t), shared.Connect(t)
	set := owning(t, namespace, appsv1.RetainPersistentVolumeClaimRetentionPolicyType)
	claimOf(t, namespace, "going", "disk-1", between(t, namespace, "part", set))
	claimOf(t, namespace, "others", "disk-2", between(t, namespace, "apart", between(t, namespace, "whole")))
	kind, err := c.Kind(t.Context(), set.APIVersion, set.Kind)
	lab.Must(t, err)
	live, err := c.Look(t.Context(), kind, namespace, set.Name)
	lab.Must(t, err)
	reads := func(look func(context.Context) error) []string {
		t.Helper()
		var reading request.Reading
		lab.Must(t, look(reading.In(t.Context())))
		var names []string
		for _, object := range reading.Objects() {
			names = append(names, object.Kind+" "+object.Name)
		}
		return names
	}
	got := reads(func(ctx context.Context) error {
		_, err := contents.Data(ctx, c, kind, live)
		return err
	})
	if want := []string{"ConfigMap part", "PersistentVolumeClaim going"}; !slices.Equal(got, want) {
		t.Errorf("it is made from %q, want %q", got, want)
	}
	got = reads(func(ctx context.Context) error {
		lab.Must(t, unstructured.SetNestedField(live.Object, "Delete", "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"))
		sees := contents.Foresight{Cluster: c}
		takes, _, err := sees.Rights(ctx, kind, live)
		if len(takes) == 0 {
			t.Error("it did not look")
		}
		return err
	})
	if len(got) > 0 {
		t.Errorf("before there is anything, it is made from %q", got)
	}
}
