package manifest

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Ref names an object, as its manifest does.
type Ref struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// RefOf names an object.
func RefOf(object *unstructured.Unstructured) Ref {
	return Ref{object.GetAPIVersion(), object.GetKind(), object.GetNamespace(), object.GetName()}
}

// String is the object as a person reads it: "Deployment shop/web".
func (r Ref) String() string {
	return cluster.Kind{Name: r.Kind, Namespaced: r.Namespace != ""}.Named(r.Namespace, r.Name)
}

// Group is the group of the object's kind.
func (r Ref) Group() string {
	group, _, has := strings.Cut(r.APIVersion, "/")
	if !has {
		return ""
	}
	return group
}

// Same says whether it is the same object, in whatever version of its kind.
func (r Ref) Same(other Ref) bool {
	return r.Group() == other.Group() && r.Kind == other.Kind && r.Namespace == other.Namespace && r.Name == other.Name
}

// IsNamespace says whether it is the namespace of a name.
func (r Ref) IsNamespace(name string) bool {
	return r.Group() == "" && r.Kind == "Namespace" && r.Name == name
}

// With adds to a list what is not in it.
func With(list, more []Ref) []Ref {
	list = slices.Clone(list)
	for _, r := range more {
		if i := slices.IndexFunc(list, r.Same); i >= 0 {
			list[i] = r
		} else {
			list = append(list, r)
		}
	}
	return list
}

// Without takes out of a list what is in another one.
func Without(list, less []Ref) []Ref {
	return slices.DeleteFunc(slices.Clone(list), func(r Ref) bool { return slices.ContainsFunc(less, r.Same) })
}

// KeepsData says whether an object of the kind holds more than can be made anew.
func (r Ref) KeepsData() bool {
	switch r.Group() + "/" + r.Kind {
	case "/Namespace", "/PersistentVolumeClaim", "/PersistentVolume", "apiextensions.k8s.io/CustomResourceDefinition":
		return true
	default:
		return false
	}
}

// Runs says whether an object that is made anew would run again what it ran once: a
// migration, for one, which a rollback is the last to want.
func (r Ref) Runs() bool {
	switch r.Group() + "/" + r.Kind {
	case "batch/Job", "/Pod":
		return true
	default:
		return false
	}
}
