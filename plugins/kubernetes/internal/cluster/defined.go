package cluster

import (
	"errors"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/gatebook/gatebook/plugins/sdk"
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

// unserved is the error for a kind that is not served.
type unserved struct {
	cause *sdk.Error
	group string
}

func (u unserved) Error() string { return u.cause.Error() }

func (u unserved) Unwrap() error { return u.cause }

// IsUnserved says whether [Cluster.Kind] failed since the kind is not served.
func IsUnserved(err error) bool {
	_, is := errors.AsType[unserved](err)
	return is
}

// MayCome says whether [Cluster.Kind] failed since the kind is not served, and a
// definition may bring it: the groups of those have names with dots, so that a kind of
// another group is none that there will ever be.
func MayCome(err error) bool {
	found, is := errors.AsType[unserved](err)
	return is && strings.Contains(found.group, ".")
}
