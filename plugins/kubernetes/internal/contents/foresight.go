package contents

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Foresight says of objects that are still to be made what it will take to see whether data
// would be lost with them. What it said of one namespace it does not say again.
type Foresight struct {
	Cluster *cluster.Cluster
	said    map[saidOf]bool
}

// saidOf is what claims matter to: what they belong to is not the same for a StatefulSet.
type saidOf struct {
	namespace string
	set       bool
}

// Rights are to list the claims that may come to belong to an object, and to read what those
// belong to that are there, as far as they may not be read: it may be the object.
func (f *Foresight) Rights(ctx context.Context, of cluster.Kind, object *unstructured.Unstructured) ([]cluster.Right, error) {
	takes, about := rights(of, object), saidOf{object.GetNamespace(), isStatefulSet(of)}
	if len(takes) == 0 || f.said[about] {
		return nil, nil
	}
	if f.said == nil {
		f.said = map[saidOf]bool{}
	}
	f.said[about] = true
	t := &tracing{c: f.Cluster, of: of, namespace: about.namespace, known: map[types.UID]fate{}}
	_, err := t.claims(ctx)
	return append(takes, t.lacking...), err
}

// rights are what it takes to see which claims belong to an object.
func rights(of cluster.Kind, object *unstructured.Unstructured) []cluster.Right {
	if !mayOwnData(of) || isStatefulSet(of) && !deletesClaims(object) {
		return nil
	}
	return []cluster.Right{{Verb: "list", Resource: "persistentvolumeclaims", Namespace: object.GetNamespace(), Words: "list persistentvolumeclaims"}}
}
