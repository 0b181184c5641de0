package contents

import (
	"context"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Keeps refuses to delete an object with which data would be lost.
func Keeps(ctx context.Context, c *cluster.Cluster, of cluster.Kind, live *unstructured.Unstructured) error {
	lost, err := Data(ctx, c, of, live)
	if err == nil && lost != "" {
		err = sdk.Errorf(sdk.Conflict, "the %s stays: %s", of.Named(live.GetNamespace(), live.GetName()), lost)
	}
	return err
}

// Data says what data would be lost with an object that is deleted, to follow its name and
// a colon: its own, as of a claim, or those of claims that belong to it, with which
// Kubernetes deletes them. Empty: none. What cannot be seen may be there.
func Data(ctx context.Context, c *cluster.Cluster, of cluster.Kind, live *unstructured.Unstructured) (string, error) {
	if isBound(of, live) {
		return "it is bound, and the data would be lost with it", nil
	}
	if !mayOwnData(of) {
		return "", nil
	}
	claims, err := c.Kube.CoreV1().PersistentVolumeClaims(live.GetNamespace()).List(ctx, metav1.ListOptions{})
	switch {
	case apierrors.IsForbidden(err) && len(Rights(of, live)) == 0:
		return "", nil
	case apierrors.IsForbidden(err):
		return "the data of claims may go with it, which you may not list", nil
	case err != nil:
		return "", cluster.FaultIn(ctx, err, "list the claims in %s", live.GetNamespace())
	}
	t := tracing{c: c, namespace: live.GetNamespace(), known: map[types.UID]fate{live.GetUID(): goes}}
	names := map[fate][]string{}
	for _, claim := range claims.Items {
		if isPods := slices.ContainsFunc(claim.OwnerReferences, isPod); isPods || claim.Spec.VolumeName == "" || claim.DeletionTimestamp != nil {
			continue
		}
		is, err := t.of(ctx, claim.OwnerReferences)
		if err != nil {
			return "", err
		}
		names[is] = append(names[is], claim.Name)
	}
	switch {
	case len(names[goes]) > 0:
		return claimsOf(names[goes]) + " would go with it", nil
	case len(names[perhaps]) > 0:
		return claimsOf(names[perhaps]) + " may go with it, by way of an owner that you may not read", nil
	}
	return "", nil
}

func claimsOf(names []string) string {
	return "the data of " + cluster.Count(len(names), "claim") + " (" + strings.Join(cluster.Few(names), ", ") + ")"
}

// isBound says whether it is a claim or a volume that the other one belongs to, or did.
func isBound(of cluster.Kind, live *unstructured.Unstructured) bool {
	if of.Served.Group != "" || of.Name != "PersistentVolumeClaim" && of.Name != "PersistentVolume" {
		return false
	}
	_, claimed, _ := unstructured.NestedMap(live.Object, "spec", "claimRef")
	volume, _, _ := unstructured.NestedString(live.Object, "spec", "volumeName")
	return claimed || volume != ""
}

// Rights are what it takes to see whether data would be lost with an object.
func Rights(of cluster.Kind, object *unstructured.Unstructured) []cluster.Right {
	if !mayOwnData(of) || isStatefulSet(of) && !deletesClaims(object) {
		return nil
	}
	return []cluster.Right{{Verb: "list", Resource: "persistentvolumeclaims", Namespace: object.GetNamespace(), Words: "list persistentvolumeclaims"}}
}

// mayOwnData says whether claims may belong to objects of a kind, so that they go with it:
// to StatefulSets, and to those of operators.
func mayOwnData(kind cluster.Kind) bool {
	group := kind.Served.Group
	ofKubernetes := !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
	return kind.Namespaced && !ofKubernetes || isStatefulSet(kind)
}

func isStatefulSet(kind cluster.Kind) bool {
	return kind.Served.Group == "apps" && kind.Name == "StatefulSet"
}

// deletesClaims says whether a StatefulSet makes its claims belong to it.
func deletesClaims(set *unstructured.Unstructured) bool {
	policy, _, _ := unstructured.NestedString(set.Object, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
	return policy == string(appsv1.DeletePersistentVolumeClaimRetentionPolicyType)
}

// isPod says whether a claim belongs to a pod: it ends with that at any time, and is to keep
// nothing.
func isPod(owner metav1.OwnerReference) bool {
	return owner.APIVersion == corev1.SchemeGroupVersion.String() && owner.Kind == "Pod"
}

// fate is what becomes of an object when another one is deleted. The later outweighs the
// earlier where an object has several owners.
type fate int

const (
	gone    fate = iota // it is not there any more, or goes anyway
	perhaps             // nobody may see
	goes
	stays
)

// tracing finds out what goes with an object that is deleted.
type tracing struct {
	c         *cluster.Cluster
	namespace string
	known     map[types.UID]fate
}

// of is the fate of what has these owners: it stays as long as one of them does.
func (t tracing) of(ctx context.Context, owners []metav1.OwnerReference) (fate, error) {
	if len(owners) == 0 {
		return stays, nil
	}
	is := gone
	for _, owner := range owners {
		next, known := t.known[owner.UID]
		if !known {
			t.known[owner.UID] = gone // that something is its own owner keeps it from nothing
			var err error
			if next, err = t.look(ctx, owner); err != nil {
				return stays, err
			}
			t.known[owner.UID] = next
		}
		is = max(is, next)
	}
	return is, nil
}

// look reads an owner for what becomes of it.
func (t tracing) look(ctx context.Context, owner metav1.OwnerReference) (fate, error) {
	kind, err := t.c.Kind(ctx, owner.APIVersion, owner.Kind)
	if cluster.IsUnserved(err) {
		return stays, nil // Kubernetes deletes nothing of which it cannot look for the owner
	}
	if err != nil {
		return stays, err
	}
	live, err := t.c.Look(ctx, kind, t.namespace, owner.Name)
	switch {
	case err != nil && sdk.AsError(err).Class == sdk.Denied:
		return perhaps, nil
	case err != nil:
		return stays, err
	case live == nil, live.GetUID() != owner.UID, live.GetDeletionTimestamp() != nil:
		return gone, nil
	}
	return t.of(ctx, live.GetOwnerReferences())
}
