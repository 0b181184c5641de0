package objects

import (
	"context"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// foreseeOwned adds to the plan what goes with an object.
func (o objects) foreseeOwned(ctx context.Context, at place, object *unstructured.Unstructured, preview *sdk.Preview) error {
	if !at.Namespaced && !contents.Holds(at.Kind) {
		preview.Warnings = append(preview.Warnings, "Whether it owns other objects, which would go with it, was not looked for.")
		return nil
	}
	found, unseen, err := contents.GoesWith(ctx, o.Cluster, at.Kind, object)
	if err != nil {
		return err
	}
	for _, other := range found {
		preview.Changes = append(preview.Changes, sdk.Delta{Target: other.String(), Kind: other.Kind.Name, Op: "delete"})
	}
	if len(found) > 0 {
		preview.Summary += ", and with it " + cluster.Count(len(found), "object")
	}
	if len(unseen) > 0 {
		preview.Warnings = append(preview.Warnings, "You may not list these, of which some may go too: "+strings.Join(unseen, ", ")+".")
	}
	return nil
}
