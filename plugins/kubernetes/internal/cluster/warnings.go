package cluster

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Unread is said instead of the events of an object to whoever may not read them.
const Unread = "its events may not be read"

// Warnings are the newest events that warn about an object, the newest last: many kinds have no condition
// for pods that cannot be made. Whoever may not read events is not kept from anything else.
func (c *Cluster) Warnings(ctx context.Context, namespace, name string, uid types.UID) []string {
	events, err := c.Events(ctx, namespace, name, uid)
	if apierrors.IsForbidden(err) {
		return []string{Unread}
	}
	var found []string
	for _, event := range events {
		if text := event.Reason + ": " + event.Message; event.Type == corev1.EventTypeWarning && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	found = found[:min(3, len(found))]
	slices.Reverse(found)
	return found
}

// Events are the events about an object, the newest first; of two that happened in the same
// second, one that does not warn. Its error is the API's own.
func (c *Cluster) Events(ctx context.Context, namespace, name string, uid types.UID) ([]corev1.Event, error) {
	events, err := c.Kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: "involvedObject.name=" + name + ",involvedObject.uid=" + string(uid),
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(events.Items, func(a, b corev1.Event) int {
		return cmp.Or(LastTime(b).Compare(LastTime(a)), cmp.Compare(a.Type, b.Type))
	})
	return events.Items, nil
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
