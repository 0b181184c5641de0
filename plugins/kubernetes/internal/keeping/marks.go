package keeping

import (
	"context"
	"encoding/json"
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// marks are the annotations by which apply knows what is its own in an object.
func marks() []string { return []string{cluster.CreatedBy, PartOf, cluster.AppliedBy} }

// Marked is an object that is to be applied, with marks in its annotations, and those that
// it has where it is there: they would be taken away.
func Marked(object, live *unstructured.Unstructured, with map[string]string) *unstructured.Unstructured {
	wanted := object.DeepCopy()
	annotations := map[string]string{}
	maps.Copy(annotations, wanted.GetAnnotations())
	if live != nil {
		for _, mark := range marks() {
			if value, has := live.GetAnnotations()[mark]; has {
				annotations[mark] = value
			}
		}
	}
	maps.Copy(annotations, with)
	if len(annotations) > 0 {
		wanted.SetAnnotations(annotations)
	}
	return wanted
}

// Unmark takes all marks off an object.
func Unmark(ctx context.Context, c *cluster.Cluster, of cluster.Kind, namespace, name string) error {
	none := map[string]any{}
	for _, mark := range marks() {
		none[mark] = nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": none}})
	if err != nil {
		return err
	}
	_, err = c.Objects(of, namespace).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: cluster.Manager})
	return err
}

// Stamped is what becomes of an object that the step with a key applies.
func Stamped(after *unstructured.Unstructured, key string) *unstructured.Unstructured {
	return Marked(after, nil, map[string]string{cluster.AppliedBy: key})
}
