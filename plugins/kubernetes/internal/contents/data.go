package contents

import (
	"context"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
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
	t := &tracing{c: c, of: of, namespace: live.GetNamespace(), known: map[types.UID]fate{live.GetUID(): goes}}
	names, err := t.claims(ctx)
	switch {
	case err != nil, t.hidden && len(rights(of, live)) == 0:
		return "", err
	case t.hidden:
		return "the data of claims may go with it, which you may not list", nil
	case len(names[goes]) > 0:
		return claimsOf(names[goes]) + " would go with it", nil
	case len(names[perhaps]) > 0:
		return claimsOf(names[perhaps]) + " may go with it, by way of what you may not read: " + strings.Join(cluster.Few(t.unread), ", "), nil
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

// mayOwnData says whether claims may belong to objects of a kind, so that they go with it:
// to StatefulSets, and to those of operators.
func mayOwnData(kind cluster.Kind) bool {
	return kind.Namespaced && isOperators(kind) || isStatefulSet(kind)
}

// isOperators says whether a kind is none of those that Kubernetes itself knows.
func isOperators(kind cluster.Kind) bool {
	group := kind.Served.Group
	return strings.Contains(group, ".") && !strings.HasSuffix(group, ".k8s.io")
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
