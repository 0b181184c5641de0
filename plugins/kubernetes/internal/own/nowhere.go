package own

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Nowhere makes sure, of an object that is not there by one version of its API group, that it
// is there by no other: a cluster that serves its kind no longer in the one, or never did,
// says of each such object that it is not there. Its error is that of the field kind.
func Nowhere(ctx context.Context, c *cluster.Cluster, apiVersion, kind string) error {
	others, err := Elsewhere(ctx, c, apiVersion, kind)
	if err != nil || len(others) == 0 {
		return err
	}
	served := make([]string, 0, len(others))
	for _, other := range others {
		served = append(served, other.Name+" in "+other.Served.GroupVersion().String())
	}
	return Missing("kind", "the cluster serves no %s in %s; it serves %s", kind, apiVersion, strings.Join(served, ", "))
}

// Elsewhere is how a kind is served in other versions of its API group, the preferred one
// first, where it is not served in one; a name of a kind may be written in another case.
func Elsewhere(ctx context.Context, c *cluster.Cluster, apiVersion, kind string) ([]cluster.Kind, error) {
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil || version.Group == "" { // which has one version only
		return nil, err
	}
	kinds, err := c.KindsIn(ctx, version)
	if err != nil || slices.ContainsFunc(kinds, func(k cluster.Kind) bool { return k.Name == kind }) {
		return nil, err
	}
	var group metav1.APIGroup
	err = c.Kube.Discovery().RESTClient().Get().AbsPath("/apis", version.Group).Do(ctx).Into(&group)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, cluster.FaultIn(ctx, err, "ask in what versions the cluster serves %s", version.Group)
	}
	var others []cluster.Kind
	for _, v := range group.Versions {
		kinds, err := c.KindsIn(ctx, schema.GroupVersion{Group: version.Group, Version: v.Version})
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(kinds, func(k cluster.Kind) bool { return strings.EqualFold(k.Name, kind) }); i >= 0 {
			others = append(others, kinds[i])
		}
	}
	return others, nil
}
