package cluster

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Defined is the kind that a CustomResourceDefinition defines, without a version, and
// the versions that it is served in.
func Defined(definition *unstructured.Unstructured) (kind Kind, served []string) {
	text := func(path ...string) string {
		found, _, _ := unstructured.NestedString(definition.Object, append([]string{"spec"}, path...)...)
		return found
	}
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, version := range versions {
		v, _ := version.(map[string]any)
		if name, _ := v["name"].(string); v["served"] == true {
			served = append(served, name)
		}
	}
	return Kind{
		Name: text("names", "kind"), Namespaced: text("scope") != "Cluster",
		Served: schema.GroupVersionResource{Group: text("group"), Resource: text("names", "plural")},
	}, served
}
