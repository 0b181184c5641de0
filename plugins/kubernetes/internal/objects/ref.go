package objects

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Ref names an object, as its manifest does.
type Ref struct {
	APIVersion string `json:"apiVersion" required:"true" minLength:"1" example:"apps/v1" doc:"Group and version of the object's kind."`
	Kind       string `json:"kind" required:"true" minLength:"1" example:"Deployment" doc:"Kind of the object."`
	Name       string `json:"name" required:"true" pattern:"^[^/%]+$" example:"web" doc:"Name of the object."`
	Namespace  string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the object; without it, the connection's. Kinds that have none do not look at it."`
}

// refFields are the parameters that a [Ref] is made of.
func refFields() []string { return []string{"apiVersion", "kind", "name", "namespace"} }

// place is where an object is, or would be.
type place struct {
	cluster.Kind
	namespace, name string
}

// String is the object as a person reads it: "Deployment shop/web".
func (p place) String() string { return p.Named(p.namespace, p.name) }

// right is what doing something with the object takes.
func (p place) right(verb string) cluster.Right { return p.Right(verb, p.namespace, p.name) }

// find asks how the object's kind is served, and changes nothing in the reference but
// the namespace that it leaves out.
func (o objects) find(ctx context.Context, ref Ref) (place, error) {
	kind, err := o.Kind(ctx, ref.APIVersion, ref.Kind)
	if err != nil {
		return place{}, err
	}
	at := place{Kind: kind, name: ref.Name}
	if kind.Namespaced {
		at.namespace = o.In(ref.Namespace)
	}
	return at, nil
}

// named is the object in the namespace that the reference means.
func (o objects) named(ref Ref) own.Named {
	return own.Named{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: o.In(ref.Namespace), Name: ref.Name}
}

// look reads an object; nil where there is none.
func (o objects) look(ctx context.Context, at place) (*unstructured.Unstructured, error) {
	return o.Look(ctx, at.Kind, at.namespace, at.name)
}

// read reads an object that must be there.
func (o objects) read(ctx context.Context, at place) (*unstructured.Unstructured, error) {
	found, err := o.look(ctx, at)
	if err == nil && found == nil {
		err = sdk.FieldErrorf("name", "there is no %s", at)
	}
	return found, err
}

// hidden stands where a Secret has a value.
const hidden = "(secret)"

// shown is a copy of an object that may leave the cluster: without the book of its
// managers, and of a Secret with its names only.
func shown(object *unstructured.Unstructured) map[string]any {
	out := object.DeepCopy()
	unstructured.RemoveNestedField(out.Object, "metadata", "managedFields")
	if !diff.IsSecret(out) {
		return out.Object
	}
	unstructured.RemoveNestedField(out.Object, "metadata", "annotations", diff.LastApplied)
	for _, field := range []string{"data", "stringData"} {
		values, _, _ := unstructured.NestedFieldNoCopy(out.Object, field)
		if values, is := values.(map[string]any); is {
			for name := range values {
				values[name] = hidden
			}
		}
	}
	return out.Object
}
