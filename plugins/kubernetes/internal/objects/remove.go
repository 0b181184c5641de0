package objects

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/schema"
)

// removal is the way of one object out of the cluster.
type removal struct {
	objects
	at      place
	uid     types.UID
	options metav1.DeleteOptions
	timeout schema.Duration
	tell    func(seen string)
}

// run deletes the object and waits until it is gone.
func (r removal) run(ctx context.Context) error {
	if gone, err := r.ask(ctx); err != nil || gone {
		return err
	}
	return cluster.Await(ctx, cluster.Awaited{
		What: fmt.Sprintf("the %s is gone", r.at), Timeout: r.timeout, Tell: r.tell,
		Look: func(ctx context.Context) (string, bool, error) {
			found, err := r.look(ctx, r.at)
			if err != nil || found == nil || found.GetUID() != r.uid {
				return "", err == nil, err
			}
			return fmt.Sprintf("the %s %s", r.at, held(found)), false, nil
		},
		Sources: []cluster.Source{r.Watch(r.at.Kind, r.at.namespace, r.at.name)},
	})
}

// ask tells the server to delete the object, and says whether it is gone already. The
// UID keeps it from a new object of the same name.
func (r removal) ask(ctx context.Context) (gone bool, err error) {
	r.options.Preconditions = &metav1.Preconditions{UID: &r.uid}
	err = r.Objects(r.at.Kind, r.at.namespace).Delete(ctx, r.at.name, r.options)
	if apierrors.IsConflict(err) {
		// It is another object, or a namespace that is on its way out already.
		found, looked := r.look(ctx, r.at)
		switch {
		case looked != nil:
			return false, looked
		case found == nil || found.GetUID() != r.uid:
			return true, nil
		case found.GetDeletionTimestamp() != nil:
			return false, nil
		}
	}
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	return false, cluster.FaultIn(ctx, err, "delete the %s", r.at)
}

// held says what keeps an object that is to go.
func held(object *unstructured.Unstructured) string {
	if object.GetDeletionTimestamp() == nil {
		return "is not deleted yet"
	}
	finalizers := object.GetFinalizers()
	own, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "finalizers") // of namespaces
	if finalizers = slices.Concat(finalizers, own); len(finalizers) == 0 {
		return "is ending"
	}
	text := "is held by its finalizers " + strings.Join(finalizers, ", ")
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, condition := range conditions {
		// Those of namespaces that are true say what is left in them.
		c, _ := condition.(map[string]any)
		if message, _ := c["message"].(string); len(own) > 0 && c["status"] == "True" && message != "" {
			text += "; " + message
		}
	}
	return text
}
