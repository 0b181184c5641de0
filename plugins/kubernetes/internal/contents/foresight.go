package contents

import (
	"context"
	"strings"

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
// belong to that are there, as far as they may not be read: it may be the object. What else
// keeps those from being read is a warning: it may be over when it matters, if it ever does.
func (f *Foresight) Rights(ctx context.Context, of cluster.Kind, object *unstructured.Unstructured) (takes []cluster.Right, warnings []string, err error) {
	about := saidOf{object.GetNamespace(), isStatefulSet(of)}
	if takes = rights(of, object); len(takes) == 0 || f.said[about] {
		return nil, nil, nil
	}
	if f.said == nil {
		f.said = map[saidOf]bool{}
	}
	f.said[about] = true
	t := &tracing{c: f.Cluster, of: of, namespace: about.namespace, known: map[types.UID]fate{}, foresees: true}
	if _, err = t.claims(ctx); len(t.errs) > 0 {
		warnings = []string{"Whether claims in " + about.namespace + " belong to what undo deletes cannot be seen now: " + strings.Join(cluster.Few(t.errs), "; ") + "."}
	}
	return append(takes, t.lacking...), warnings, err
}

// rights are what it takes to see which claims belong to an object.
func rights(of cluster.Kind, object *unstructured.Unstructured) []cluster.Right {
	if !mayOwnData(of) || isStatefulSet(of) && !deletesClaims(object) {
		return nil
	}
	return []cluster.Right{{Verb: "list", Resource: "persistentvolumeclaims", Namespace: object.GetNamespace(), Words: "list persistentvolumeclaims"}}
}
