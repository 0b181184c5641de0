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
	version, err := schema.ParseGroupVersion(apiVersion)
	if err != nil || version.Group == "" { // which has one version only
		return err
	}
	names, err := namesIn(ctx, c, version)
	if err != nil || slices.Contains(names, kind) {
		return err
	}
	var group metav1.APIGroup
	err = c.Kube.Discovery().RESTClient().Get().AbsPath("/apis", version.Group).Do(ctx).Into(&group)
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return cluster.FaultIn(ctx, err, "ask in what versions the cluster serves %s", version.Group)
	}
	var served []string
	for _, v := range group.Versions {
		names, err := namesIn(ctx, c, schema.GroupVersion{Group: version.Group, Version: v.Version})
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(name, kind) }); i >= 0 {
			served = append(served, names[i]+" in "+v.GroupVersion)
		}
	}
	if len(served) == 0 {
		return nil
	}
	return Missing("kind", "the cluster serves no %s in %s; it serves %s", kind, version, strings.Join(served, ", "))
}

func namesIn(ctx context.Context, c *cluster.Cluster, version schema.GroupVersion) ([]string, error) {
	kinds, err := c.KindsIn(ctx, version)
	names := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		names = append(names, kind.Name)
	}
	return names, err
}
