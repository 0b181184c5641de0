package manifest

import (
	"encoding/json"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
)

// Bare is an object without what the server keeps in it by itself.
func Bare(object *unstructured.Unstructured) *unstructured.Unstructured {
	bare := diff.Bare(object)
	delete(bare.Object, "status")
	return bare
}

// Decode reads an object that was kept.
func Decode(text json.RawMessage) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	return object, object.UnmarshalJSON(text) // it keeps whole numbers whole
}
