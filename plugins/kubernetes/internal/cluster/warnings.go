package cluster

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Warnings are the newest events that warn about an object, the newest last: many kinds have no condition
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
	slices.SortStableFunc(events.Items, func(a, b corev1.Event) int { return LastTime(b).Compare(LastTime(a)) })
	var found []string
	for _, event := range events.Items {
		if text := event.Reason + ": " + event.Message; !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	found = found[:min(3, len(found))]
	slices.Reverse(found)
	return found
}

// LastTime is when an event happened last, in either of the API's two ways to say so.
func LastTime(e corev1.Event) time.Time {
	if e.Series != nil {
		return e.Series.LastObservedTime.Time
	}
	for _, when := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time} {
		if !when.IsZero() {
			return when
		}
	}
	return e.CreationTimestamp.Time
}
