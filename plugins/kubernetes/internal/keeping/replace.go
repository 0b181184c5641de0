package keeping

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
)

// patching is the method of a client that patches objects of one type.
type patching[T any] func(ctx context.Context, name string, form types.PatchType, body []byte, options metav1.PatchOptions, sub ...string) (T, error)

// replace gives an object of the plugin's own its new content, if it still is what was
// read. It takes no right but to patch, which whoever keeps such objects has anyway.
func replace[T metav1.Object](ctx context.Context, object T, patch patching[T]) error {
	body, err := json.Marshal(object)
	if err != nil {
		return err
	}
	_, err = patch(ctx, object.GetName(), types.MergePatchType, body, metav1.PatchOptions{FieldManager: cluster.Manager})
	return err
}
