package revision

import (
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Restarting are the annotations of a template that a restart of a mark changes. They say
// which mark was there before: the order of the revisions does not tell, since each one that
// is gone back to is the newest again.
func Restarting(template corev1.PodTemplateSpec, mark string) map[string]any {
	before := any(nil)
	if was, restarted := template.Annotations[cluster.KeyAnnotation]; restarted {
		before = was
	}
	annotations := map[string]any{cluster.KeyAnnotation: mark, cluster.RestartedAfter: before}
	if _, had := template.Annotations[cluster.RestartedAfter]; before == nil && !had {
		delete(annotations, cluster.RestartedAfter)
	}
	return annotations
}

// OfRestart finds the revision that the restart of a mark made, and the one before it. Less
// than 0 is one that is not kept. Whoever changes anything else later leaves the mark there.
func OfRestart(revisions []Revision, mark string) (made, before int) {
	made, before = -1, -1
	for i, r := range revisions {
		if r.mark() != mark {
			continue
		}
		from := slices.IndexFunc(revisions, r.restarts)
		earlier := made < 0 || !r.created.After(revisions[made].created) // which is known to the second
		if from >= 0 && before < 0 || earlier && (from >= 0) == (before >= 0) {
			made, before = i, from
		}
	}
	return made, before
}

// restarts says whether the revision is another one but for the mark of a restart.
func (r Revision) restarts(other Revision) bool {
	return other.mark() == r.annotation(cluster.RestartedAfter) && reflect.DeepEqual(other.unmarked(), r.unmarked())
}

// mark is that of the restart which the template has.
func (r Revision) mark() string { return r.annotation(cluster.KeyAnnotation) }

func (r Revision) annotation(key string) string {
	value, _, _ := unstructured.NestedString(r.Template, "metadata", "annotations", key)
	return value
}

// unmarked is the template without what restarts mark it with.
func (r Revision) unmarked() map[string]any {
	template := runtime.DeepCopyJSON(r.Template)
	for _, mark := range []string{cluster.KeyAnnotation, cluster.RestartedAfter} {
		unstructured.RemoveNestedField(template, "metadata", "annotations", mark)
	}
	if left, _, _ := unstructured.NestedMap(template, "metadata", "annotations"); len(left) == 0 {
		unstructured.RemoveNestedField(template, "metadata", "annotations")
	}
	return template
}
