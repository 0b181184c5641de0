package cluster_test

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
)

// The newest warnings are those that happened last, whenever they happened first.
func TestWarningsAreTheNewest(t *testing.T) {
	t.Parallel()
	namespace, now := shared.Namespace(t), time.Now()
	for name, event := range map[string]corev1.Event{
		"a": {Reason: "Repeats", LastTimestamp: metav1.NewTime(now)},
		"b": {Reason: "Series", Series: &corev1.EventSeries{Count: 2, LastObservedTime: metav1.NewMicroTime(now.Add(-time.Minute))}},
		"c": {Reason: "Once", EventTime: metav1.NewMicroTime(now.Add(-2 * time.Minute))},
		"d": {Reason: "Old", LastTimestamp: metav1.NewTime(now.Add(-time.Hour))},
	} {
		event.Name, event.Type, event.Message = name, corev1.EventTypeWarning, "it does"
		event.InvolvedObject = corev1.ObjectReference{Kind: "Pod", Name: "web-0", Namespace: namespace, UID: "1"}
		event.ReportingController, event.ReportingInstance, event.Action = "lab", "lab", "look"
		_, err := shared.Kube.CoreV1().Events(namespace).Create(t.Context(), &event, metav1.CreateOptions{})
		lab.Must(t, err)
	}
	want := []string{"Once: it does", "Series: it does", "Repeats: it does"}
	if got := shared.Connect(t).Warnings(t.Context(), namespace, "web-0", "1"); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
