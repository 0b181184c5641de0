package cluster

import (
	"context"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Warnings are the newest events that warn about an object: many kinds have no condition
// for pods that cannot be made. Whoever may not read events is not kept from anything else.
func (c *Cluster) Warnings(ctx context.Context, namespace, name string, uid types.UID) []string {
	events, err := c.Kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "type=Warning,involvedObject.name=" + name + ",involvedObject.uid=" + string(uid),
	})
	if err != nil {
		if apierrors.IsForbidden(err) {
			return []string{"its events may not be read"}
		}
		return nil
	}
	var found []string
	for _, event := range events.Items {
		if text := event.Reason + ": " + event.Message; !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return found[max(0, len(found)-3):]
}
