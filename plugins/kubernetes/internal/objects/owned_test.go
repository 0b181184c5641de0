package objects_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// inUse is a namespace in which much goes on, beside the ConfigMap "old", to which "part"
// belongs. Of a Secret it has what kubectl leaves there.
func inUse(t *testing.T) (namespace string) {
	t.Helper()
	namespace = shared.Namespace(t)
	old := configMap(t, namespace, "old", nil)
	core := shared.Kube.CoreV1()
	_, err := core.ConfigMaps(namespace).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
		Name: "part", OwnerReferences: []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "old", UID: old.UID}},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	configMap(t, namespace, "aside", nil)
	_, err = core.Secrets(namespace).Create(t.Context(), &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name: "key", Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: `{"stringData":{"word":"opensesame"}}`},
	}}, metav1.CreateOptions{})
	lab.Must(t, err)
	_, err = core.Endpoints(namespace).Create(t.Context(), &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "web"}}, metav1.CreateOptions{}) //nolint:staticcheck // clusters have them still
	lab.Must(t, err)
	_, err = core.Pods(namespace).Create(t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "lone"}, Spec: lab.Template("lone", "web:1").Spec,
	}, metav1.CreateOptions{})
	lab.Must(t, err)
	lab.Eventually(t, "nobody is about to write there any more", func(ctx context.Context) error {
		pod, err := core.Pods(namespace).Get(ctx, "lone", metav1.GetOptions{})
		if err == nil && pod.Status.Phase != corev1.PodRunning {
			err = errors.New("the pod does not run yet")
		}
		_, missing := core.ConfigMaps(namespace).Get(ctx, "kube-root-ca.crt", metav1.GetOptions{})
		return errors.Join(err, missing)
	})
	return namespace
}

// A plan of a deletion is made from what goes, also where more was looked through, and of
// Secrets it has no hash.
func TestPlanOfDeleteIsMadeFromWhatGoes(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		params func(namespace string) map[string]any
		moves  []string // what has moved makes another plan; all else does not
	}{
		"an object": {func(namespace string) map[string]any { return ofConfigMap(namespace, "old", nil) }, []string{"part"}},
		"a namespace": {func(namespace string) map[string]any {
			return map[string]any{"apiVersion": "v1", "kind": "Namespace", "name": namespace}
		}, []string{"aside", "key", "part"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			namespace := inUse(t)
			all := shared.Connect(t)
			h, params := action(t, all, "delete"), lab.Request(t, c.params(namespace))
			plan := func() []sdk.Seen {
				t.Helper()
				preview, err := h.Plan(t.Context(), params)
				lab.Must(t, err)
				return preview.Observed
			}
			was := plan()
			for _, seen := range was {
				if isSecret := strings.EqualFold(seen.Kind, "Secret"); isSecret != strings.HasPrefix(seen.Version, "revision ") {
					t.Errorf("it has seen %v", seen)
				}
			}
			for name, of := range map[string]string{"part": "ConfigMap", "aside": "ConfigMap", "key": "Secret", "web": "Endpoints", "lone": "Pod"} {
				kind, err := all.Kind(t.Context(), "v1", of)
				lab.Must(t, err)
				_, err = all.Objects(kind, namespace).Patch(t.Context(), name, types.MergePatchType,
					[]byte(`{"metadata":{"annotations":{"somebody":"was here"}}}`), metav1.PatchOptions{})
				lab.Must(t, err)
				now := plan()
				if moves := !slices.Equal(now, was); moves != slices.Contains(c.moves, name) {
					t.Errorf("that %s is another makes another plan: %t\n%v\n%v", name, moves, was, now)
				}
				was = now
			}
		})
	}
}
