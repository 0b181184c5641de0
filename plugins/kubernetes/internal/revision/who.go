package revision

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Changed names who made of the template of a revision, given by its name, the one that the
// workload has. A revision that is no longer kept cannot be compared.
func Changed(of Of, revisions []Revision, since string) string {
	if was, err := Named(of, revisions, since); err == nil {
		return changed(of, was.Images, was.mark())
	}
	return changed(of, nil, of.mark())
}

// changed names who made of a template with some images and the mark of a restart, or none,
// the one that the workload has. Whoever set these is known best; the template as a whole
// has many managers.
func changed(of Of, images map[string]string, mark string) string {
	fields, paths := of.GetManagedFields(), ImageFields(images, Images(of.Template))
	if of.mark() != mark {
		paths = append(paths, []string{"f:spec", "f:template", "f:metadata", "f:annotations", "f:" + cluster.KeyAnnotation})
	}
	if who := cluster.ChangedBy(fields, paths...); who != cluster.Unknown {
		return who
	}
	return cluster.LatestOf(fields, "f:spec", "f:template")
}

// mark is that of the restart which the workload's template has.
func (o Of) mark() string { return o.Template.Annotations[cluster.KeyAnnotation] }

// Between is the part of a sentence that says which images a template had, and which it
// has; empty where they are the same.
func Between(was, is map[string]string) string {
	if maps.Equal(was, is) {
		return ""
	}
	return fmt.Sprintf(", from the images %s to %s", labels.FormatLabels(was), labels.FormatLabels(is))
}
