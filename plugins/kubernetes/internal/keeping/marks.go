package keeping

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
)

// CreatedBy is the annotation of an object that holds the key of the step that created it.
const CreatedBy = own.CreatedBy

// Marked is an object that is to be applied, with marks in its annotations, and those that
// it has where it is there: they would be taken away.
func Marked(object, live *unstructured.Unstructured, marks map[string]string) *unstructured.Unstructured {
	wanted := object.DeepCopy()
	annotations := map[string]string{}
	maps.Copy(annotations, wanted.GetAnnotations())
	if live != nil {
		for _, mark := range []string{own.CreatedBy, PartOf, cluster.AppliedBy} {
			if value, has := live.GetAnnotations()[mark]; has {
				annotations[mark] = value
			}
		}
	}
	maps.Copy(annotations, marks)
	if len(annotations) > 0 {
		wanted.SetAnnotations(annotations)
	}
	return wanted
}

// Stamped is what becomes of an object that the step with a key applies.
func Stamped(after *unstructured.Unstructured, key string) *unstructured.Unstructured {
	return Marked(after, nil, map[string]string{cluster.AppliedBy: key})
}
