package revision

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// Changed names who made of a template with some images the one that the workload has,
// other than gatebook.
func Changed(of Of, was map[string]string) string {
	return cluster.SomebodyOf(of.GetManagedFields(), paths(was, Images(of.Template))...)
}

// Between is the part of a sentence that says which images a template had, and which it
// has; empty where they are the same.
func Between(was, is map[string]string) string {
	if maps.Equal(was, is) {
		return ""
	}
	return fmt.Sprintf(", from the images %s to %s", labels.FormatLabels(was), labels.FormatLabels(is))
}

// paths are where managedFields say who changed a template. Whoever set an image is known
// best; the template as a whole has many managers.
func paths(was, is map[string]string) [][]string {
	return append(ImageFields(was, is), []string{"f:spec", "f:template"})
}
