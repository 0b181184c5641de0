package objects

import (
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// foreseeOwned adds to the plan what goes with an object. It was made from that, and not from
// all that is looked through for it.
func (o objects) foreseeOwned(ctx context.Context, at place, object *unstructured.Unstructured, preview *sdk.Preview) error {
	var found []contents.Found
	var unseen []string
	var err error
	ctx, keep := request.Aside(ctx)
	switch {
	case contents.Holds(at.Kind):
		found, unseen, err = contents.Of(ctx, o.Cluster, at.Kind, object)
	case at.Namespaced:
		found, unseen, err = contents.OfNamespace(ctx, o.Cluster, at.namespace)
		found = owned(found, object.GetUID())
	default:
		preview.Warnings = append(preview.Warnings, "Whether it owns other objects, which would go with it, was not looked for.")
	}
	if err != nil {
		return err
	}
	slices.SortFunc(found, func(a, b contents.Found) int { return strings.Compare(a.String(), b.String()) })
	going := make(map[types.UID]string, len(found))
	for _, other := range found {
		going[other.Meta.UID] = other.Kind.Name
		preview.Changes = append(preview.Changes, sdk.Delta{Target: other.String(), Kind: other.Kind.Name, Op: "delete"})
	}
	keep(going)
	if len(found) > 0 {
		preview.Summary += ", and with it " + cluster.Count(len(found), "object")
	}
	if len(unseen) > 0 {
		preview.Warnings = append(preview.Warnings, "You may not list these, of which some may go too: "+strings.Join(unseen, ", ")+".")
	}
	return nil
}

// owned are the objects that go with one: those all of whose owners go.
func owned(found []contents.Found, uid types.UID) []contents.Found {
	gone := map[types.UID]bool{uid: true}
	stays := func(owner metav1.OwnerReference) bool { return !gone[owner.UID] }
	var going []contents.Found
	for more := true; more; {
		more = false
		for _, other := range found {
			owners := other.Meta.OwnerReferences
			if !gone[other.Meta.UID] && len(owners) > 0 && !slices.ContainsFunc(owners, stays) {
				gone[other.Meta.UID], more = true, true
				going = append(going, other)
			}
		}
	}
	return going
}
