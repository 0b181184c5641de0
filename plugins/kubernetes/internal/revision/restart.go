package revision

import (
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// BeforeRestart is the revision whose template is the newest one but for the mark of a
// restart. Where the restart is taken back already, that is the newest itself; and where
// anything else was changed since, there is none.
func BeforeRestart(revisions []Revision, mark string) (to Revision, is bool) {
	if len(revisions) < 2 || !revisions[0].alikeBut(revisions[1], cluster.KeyAnnotation) {
		return Revision{}, false
	}
	newest, before := revisions[0], revisions[1]
	switch {
	case newest.Restarted(mark):
		return before, true
	case before.Restarted(mark) && !newest.created.After(before.created): // and nobody has restarted it since
		return newest, true
	}
	return Revision{}, false
}

// Restarted says whether the template has the mark of a restart.
func (r Revision) Restarted(mark string) bool {
	value, _, _ := unstructured.NestedString(r.Template, "metadata", "annotations", cluster.KeyAnnotation)
	return value == mark
}

// alikeBut says whether two templates differ in nothing, but perhaps in an annotation.
func (r Revision) alikeBut(other Revision, key string) bool {
	without := func(template map[string]any) map[string]any {
		template = runtime.DeepCopyJSON(template)
		unstructured.RemoveNestedField(template, "metadata", "annotations", key)
		if left, _, _ := unstructured.NestedMap(template, "metadata", "annotations"); len(left) == 0 {
			unstructured.RemoveNestedField(template, "metadata", "annotations")
		}
		return template
	}
	return reflect.DeepEqual(without(r.Template), without(other.Template))
}
