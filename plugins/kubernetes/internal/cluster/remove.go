package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Look reads an object of any kind; nil where there is none.
func (c *Cluster) Look(ctx context.Context, of Kind, namespace, name string) (*unstructured.Unstructured, error) {
	found, err := c.Objects(of, namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, FaultIn(ctx, err, "read the %s", of.Named(namespace, name))
	}
	return found, nil
}

// Removal is the way of one object out of the cluster.
type Removal struct {
	Kind            Kind
	Namespace, Name string
	UID             types.UID // keeps it from a new object of the same name
	Options         metav1.DeleteOptions
	Timeout         schema.Duration
	Tell            func(seen string) // is told what holds the object
}

// Grace is how long a pod may take to end, as the API counts: in whole seconds, of which 0
// kills at once, so that a part of one is one. Nil stays nil: it is what the pod says.
// Its error is that of the field grace.
func Grace(given *schema.Duration) (seconds *int64, err error) {
	switch {
	case given == nil:
		return nil, nil
	case *given < 0:
		return nil, sdk.FieldErrorf("grace", "must not be negative")
	}
	return new(int64((given.Std() + time.Second - 1) / time.Second)), nil
}

// Remove deletes an object and waits until it is gone. Where the wait ends before, its
// error says what holds the object.
func (c *Cluster) Remove(ctx context.Context, r Removal) error {
	if gone, err := c.AskToGo(ctx, r); err != nil || gone {
		return err
	}
	return c.AwaitGone(ctx, r)
}

// AwaitGone is Remove of an object that is on its way already.
func (c *Cluster) AwaitGone(ctx context.Context, r Removal) error {
	what := r.Kind.Named(r.Namespace, r.Name)
	return Await(ctx, Awaited{
		What: fmt.Sprintf("the %s is gone", what), Timeout: r.Timeout, Tell: r.Tell,
		Look: func(ctx context.Context) (string, bool, error) {
			found, err := c.Look(ctx, r.Kind, r.Namespace, r.Name)
			if err != nil || found == nil || found.GetUID() != r.UID {
				return "", err == nil, err
			}
			return fmt.Sprintf("the %s %s", what, Holds(found)), false, nil
		},
		Sources: []Source{c.Watch(r.Kind, r.Namespace, r.Name)},
	})
}

// AskToGo tells the server to delete an object, and says whether it is gone already.
func (c *Cluster) AskToGo(ctx context.Context, r Removal) (gone bool, err error) {
	conditions := metav1.Preconditions{UID: &r.UID}
	if given := r.Options.Preconditions; given != nil {
		conditions.ResourceVersion = given.ResourceVersion
	}
	r.Options.Preconditions = &conditions
	err = c.Objects(r.Kind, r.Namespace).Delete(ctx, r.Name, r.Options)
	if apierrors.IsConflict(err) {
		// It is another object, or a namespace that is on its way out already.
		found, looked := c.Look(ctx, r.Kind, r.Namespace, r.Name)
		switch {
		case looked != nil:
			return false, looked
		case found == nil || found.GetUID() != r.UID:
			return true, nil
		case found.GetDeletionTimestamp() != nil:
			return false, nil
		}
	}
	if apierrors.IsNotFound(err) {
		return true, nil
	}
	return false, FaultIn(ctx, err, "delete the %s", r.Kind.Named(r.Namespace, r.Name))
}

// Holds says what keeps an object that is to go, to follow its name in a sentence.
func Holds(object *unstructured.Unstructured) string {
	if object.GetDeletionTimestamp() == nil {
		return "is not deleted yet"
	}
	own, _, _ := unstructured.NestedStringSlice(object.Object, "spec", "finalizers") // of namespaces
	finalizers := slices.Concat(object.GetFinalizers(), own)
	if len(finalizers) == 0 {
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
