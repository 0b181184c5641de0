package diff

import (
	"fmt"

	"github.com/aymanbagabas/go-udiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"
)

// Objects is the change from one object to another: a unified diff of their YAML,
// without what the server keeps for itself, and with the values of a Secret masked. A
// nil object is one that is not there. Objects that are alike have an empty diff.
func Objects(from, to *unstructured.Unstructured) (string, error) {
	from, to = presentable(from), presentable(to)
	for _, object := range []*unstructured.Unstructured{from, to} {
		if object != nil {
			unstructured.RemoveNestedField(object.Object, "status")
		}
	}
	return unified(from, to)
}

// WithStatus is [Objects] for a change of the status, which that leaves out.
func WithStatus(from, to *unstructured.Unstructured) (string, error) {
	return unified(presentable(from), presentable(to))
}

func unified(from, to *unstructured.Unstructured) (string, error) {
	mask(from, to)
	before, err := text(from)
	if err != nil {
		return "", err
	}
	after, err := text(to)
	if err != nil {
		return "", err
	}
	return udiff.Unified("live", "planned", before, after), nil
}

// Typed is [Objects] for two objects of a type of client-go's, which do not know
// their own kind.
func Typed(kind string, from, to any) (string, error) {
	var objects [2]*unstructured.Unstructured
	for i, typed := range []any{from, to} {
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
		if err != nil {
			return "", fmt.Errorf("show a %s: %w", kind, err)
		}
		objects[i] = &unstructured.Unstructured{Object: fields}
		objects[i].SetKind(kind)
	}
	return Objects(objects[0], objects[1])
}

func text(object *unstructured.Unstructured) (string, error) {
	if object == nil {
		return "", nil
	}
	out, err := yaml.Marshal(object.Object)
	if err != nil {
		return "", fmt.Errorf("show the %s %s: %w", object.GetKind(), object.GetName(), err)
	}
	return string(out), nil
}

// LastApplied is the annotation where kubectl keeps a copy of the whole object, of a Secret's values too.
const LastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// presentable returns a copy without what says nothing to a reader.
func presentable(object *unstructured.Unstructured) *unstructured.Unstructured {
	if object == nil {
		return nil
	}
	shown := Bare(object)
	unstructured.RemoveNestedField(shown.Object, "metadata", "annotations", LastApplied)
	if annotations, _, _ := unstructured.NestedMap(shown.Object, "metadata", "annotations"); len(annotations) == 0 {
		unstructured.RemoveNestedField(shown.Object, "metadata", "annotations")
	}
	return shown
}

// mask hides the values of Secrets, and yet shows which of them change.
func mask(from, to *unstructured.Unstructured) {
	for _, field := range []string{"data", "stringData"} {
		before, after := secretValues(from, field), secretValues(to, field)
		for name, value := range after {
			old, was := before[name]
			switch {
			case was && old == value:
				after[name], before[name] = "***", "***"
			case was:
				after[name], before[name] = "*** (after)", "*** (before)"
			default:
				after[name] = "***"
			}
		}
		for name := range before {
			if _, stays := after[name]; !stays {
				before[name] = "***"
			}
		}
	}
}

func secretValues(object *unstructured.Unstructured, field string) map[string]any {
	if object == nil || !IsSecret(object) {
		return nil
	}
	values, _, _ := unstructured.NestedFieldNoCopy(object.Object, field)
	found, _ := values.(map[string]any)
	return found
}

// IsSecret reports whether an object's values must not be shown.
func IsSecret(object *unstructured.Unstructured) bool {
	version := object.GetAPIVersion()
	return object.GetKind() == "Secret" && (version == "v1" || version == "")
}
