package contents

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// AwaitServed waits until the kind that a CustomResourceDefinition defines is served, as a
// wait says that names nothing yet.
func AwaitServed(ctx context.Context, c *cluster.Cluster, of cluster.Kind, name string, wait cluster.Awaited) error {
	wait.What = fmt.Sprintf("the %s is served", of.Named("", name))
	wait.Look = func(ctx context.Context) (string, bool, error) {
		live, err := c.Look(ctx, of, "", name)
		if err != nil || live == nil {
			return "it is gone", false, err
		}
		is, err := served(ctx, c, live)
		return "its kind is not served yet", is, err
	}
	wait.Sources = []cluster.Source{c.Watch(of, "", name)}
	return cluster.Await(ctx, wait)
}

// served says whether the kind that a CustomResourceDefinition defines is served in all of
// its versions.
func served(ctx context.Context, c *cluster.Cluster, definition *unstructured.Unstructured) (bool, error) {
	kind, versions := cluster.Defined(definition)
	for _, version := range versions {
		if _, err := c.Kind(ctx, kind.Served.Group+"/"+version, kind.Name); err != nil {
			if cluster.IsUnserved(err) {
				return false, nil
			}
			return false, err
		}
	}
	conditions, _, _ := unstructured.NestedSlice(definition.Object, "status", "conditions")
	for _, condition := range conditions {
		if c, _ := condition.(map[string]any); c["type"] == "Established" && c["status"] == "True" {
			return true, nil
		}
	}
	return false, nil
}
