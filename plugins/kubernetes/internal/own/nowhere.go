package own

import (
	"context"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Named is an object by its name, in one version of its API group.
type Named struct{ APIVersion, Kind, Namespace, Name string }

// Find reads an object by the version that it is named in or, where it is not there by that
// one, by another that serves its kind: by which, is said. Nil is one that is there by none.
// Its error is that of [cluster.Cluster.Kind] where the kind is not served as it is named.
func Find(ctx context.Context, c *cluster.Cluster, n Named) (by cluster.Kind, live *unstructured.Unstructured, err error) {
	by, err = c.Kind(ctx, n.APIVersion, n.Kind)
	if err == nil {
		live, err = c.Look(ctx, by, n.Namespace, n.Name)
	}
	if live != nil || err != nil && !cluster.IsUnserved(err) {
		return by, live, err
	}
	if other, moved, asked := elsewhere(ctx, c, n); moved != nil || asked != nil {
		return other, moved, asked
	}
	return by, nil, err
}

// Gone makes sure of an object, which is not there by the version that it is named in, that it
// is there by no other: a version that is served no longer has no objects, though the kind was
// asked for when it still was. is tells the object from another one of its name.
func Gone(ctx context.Context, c *cluster.Cluster, n Named, is func(live *unstructured.Unstructured) bool) error {
	by, live, err := elsewhere(ctx, c, n)
	if err != nil || live == nil || !is(live) {
		return err
	}
	return Stays(by, n)
}

// Stays is the error for an object that is there by another version only.
func Stays(by cluster.Kind, n Named) error {
	return sdk.Errorf(sdk.Permanent, "the %s stays: the cluster serves its kind no longer in %s, but in %s",
		by.Named(n.Namespace, n.Name), n.APIVersion, by.Served.GroupVersion())
}

// elsewhere reads an object by another version than the one that it is named in, where that
// serves its kind no longer; nil where there is none.
func elsewhere(ctx context.Context, c *cluster.Cluster, n Named) (by cluster.Kind, live *unstructured.Unstructured, err error) {
	kinds, err := others(ctx, c, n.APIVersion, n.Kind)
	if err != nil || len(kinds) == 0 {
		return by, nil, err
	}
	live, err = c.Look(ctx, kinds[0], n.Namespace, n.Name)
	return kinds[0], live, err
}

// Nowhere makes sure, of an object that is not there by one version of its API group, that it
// is there by no other: a cluster that serves its kind no longer in the one, or never did,
// says of each such object that it is not there. Its error is that of the field kind.
func Nowhere(ctx context.Context, c *cluster.Cluster, apiVersion, kind string) error {
	kinds, err := others(ctx, c, apiVersion, kind)
	if err != nil || len(kinds) == 0 {
		return err
	}
	served := make([]string, 0, len(kinds))
	for _, other := range kinds {
		served = append(served, other.Name+" in "+other.Served.GroupVersion().String())
	}
	return Missing("kind", "the cluster serves no %s in %s; it serves %s", kind, apiVersion, strings.Join(served, ", "))
}

// others is how a kind is served in other versions of its API group, the preferred one
// first, where it is not served in one; a name of a kind may be written in another case.
func others(ctx context.Context, c *cluster.Cluster, apiVersion, kind string) ([]cluster.Kind, error) {
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
	var found []cluster.Kind
	for _, v := range group.Versions {
		kinds, err := c.KindsIn(ctx, schema.GroupVersion{Group: version.Group, Version: v.Version})
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(kinds, func(k cluster.Kind) bool { return strings.EqualFold(k.Name, kind) }); i >= 0 {
			found = append(found, kinds[i])
		}
	}
	return found, nil
}
