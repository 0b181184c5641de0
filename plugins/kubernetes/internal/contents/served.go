package contents

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Served says whether the kind that a CustomResourceDefinition defines is served in all of
// its versions.
func Served(ctx context.Context, c *cluster.Cluster, definition *unstructured.Unstructured) (bool, error) {
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
