package diff

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Kept are the fields of an object's metadata that the server keeps by itself.
func Kept() []string {
	return []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}
}

// Bare is a copy of an object without what the server keeps in its metadata by itself.
func Bare(object *unstructured.Unstructured) *unstructured.Unstructured {
	bare := object.DeepCopy()
	for _, name := range Kept() {
		unstructured.RemoveNestedField(bare.Object, "metadata", name)
	}
	return bare
}
