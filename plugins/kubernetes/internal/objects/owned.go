package objects

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// foreseeOwned adds to the plan what goes with an object.
func (o objects) foreseeOwned(ctx context.Context, at place, object *unstructured.Unstructured, preview *sdk.Preview) error {
	all, namespace, kinds := true, metav1.NamespaceAll, []cluster.Kind{}
	switch {
	case at.Served.Group == "" && at.Name == "Namespace":
		namespace, kinds = at.name, o.Namespaced()
	case at.Served.Group == "apiextensions.k8s.io" && at.Name == "CustomResourceDefinition":
		if defined, served := cluster.Defined(object); len(served) > 0 {
			defined.Served.Version = served[0]
			kinds = append(kinds, defined)
		}
	case at.Namespaced:
		all, namespace, kinds = false, at.namespace, o.Namespaced()
	default:
		preview.Warnings = append(preview.Warnings, "Whether it owns other objects, which would go with it, was not looked for.")
	}
	found, unseen, err := o.Search(ctx, namespace, kinds)
	if err != nil {
		return err
	}
	if !all {
		found = owned(found, object.GetUID())
	}
	slices.SortFunc(found, func(a, b cluster.Found) int { return strings.Compare(a.String(), b.String()) })
	for _, other := range found {
		preview.Changes = append(preview.Changes, sdk.Delta{Target: other.String(), Kind: other.Kind.Name, Op: "delete"})
	}
	if len(found) > 0 {
		preview.Summary += fmt.Sprintf(", and with it %d objects", len(found))
	}
	if len(unseen) > 0 {
		preview.Warnings = append(preview.Warnings, "You may not list these, of which some may go too: "+strings.Join(unseen, ", ")+".")
	}
	return nil
}

// owned are the objects that go with one: those all of whose owners go.
func owned(found []cluster.Found, uid types.UID) []cluster.Found {
	gone := map[types.UID]bool{uid: true}
	stays := func(owner metav1.OwnerReference) bool { return !gone[owner.UID] }
	var going []cluster.Found
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
