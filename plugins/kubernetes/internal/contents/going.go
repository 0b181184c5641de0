package contents

import (
	"context"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
)

// GoesWith lists what goes with an object that is deleted, in an order of its own: what it
// holds or, where it holds nothing, what is in its namespace and owned by it. What cannot be
// seen is returned by name. A plan is made from what goes, and not from all that is looked
// through for it.
func GoesWith(ctx context.Context, c *cluster.Cluster, kind cluster.Kind, object *unstructured.Unstructured) (going []Found, unseen []string, err error) {
	ctx, keep := request.Aside(ctx)
	if Holds(kind) {
		going, unseen, err = held(ctx, c, kind, object)
	} else {
		going, unseen, err = OfNamespace(ctx, c, object.GetNamespace())
		going = owned(going, object.GetUID())
	}
	if err != nil {
		return nil, nil, err
	}
	kinds := make(map[types.UID]string, len(going))
	for _, other := range going {
		kinds[other.Meta.UID] = other.Kind.Name
	}
	keep(kinds)
	slices.SortFunc(going, func(a, b Found) int { return strings.Compare(a.String(), b.String()) })
	return going, unseen, nil
}

// owned are the objects that go with one: those all of whose owners go.
func owned(found []Found, uid types.UID) []Found {
	gone := map[types.UID]bool{uid: true}
	stays := func(owner metav1.OwnerReference) bool { return !gone[owner.UID] }
	var going []Found
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
