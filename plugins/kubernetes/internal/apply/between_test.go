package apply_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// What somebody does between the look and the write is met, in each way that there is.
func TestAForeignChangeBetweenLookAndWrite(t *testing.T) {
	t.Parallel()
	live := func(namespace string) func(t testing.TB, data map[string]string) {
		return func(t testing.TB, data map[string]string) {
			_, err := shared.Kube.CoreV1().ConfigMaps(namespace).Create(context.WithoutCancel(t.Context()),
				&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "new"}, Data: data}, metav1.CreateOptions{FieldManager: "somebody-else"})
			lab.Must(t, err)
		}
	}
	for name, c := range map[string]struct {
		meddle func(t testing.TB, namespace string)
		says   string // empty: it is in nobody's way
		after  string // what undoing leaves, beside what was there
	}{
		"another field":  {func(t testing.TB, namespace string) { edit(t, namespace, "there", `{"data":{"b":"9"}}`) }, "", `"b":"9"`},
		"the same field": {func(t testing.TB, namespace string) { edit(t, namespace, "there", `{"data":{"a":"9"}}`) }, "somebody-else changed data.a", `"a":"9"`},
		"made with another value": {
			func(t testing.TB, namespace string) { live(namespace)(t, map[string]string{"a": "9"}) },
			"somebody made the ConfigMap", `"ConfigMap new":[{"a":"9"}`,
		},
		"made with other fields": {
			func(t testing.TB, namespace string) { live(namespace)(t, map[string]string{"b": "9"}) },
			"somebody-else made the ConfigMap", `"b":"9"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace, h := shared.Namespace(t), handler(t, shared.Connect(t))
			applied(t, in(namespace, manifest(configMap("there", map[string]any{"a": "1"}))))
			req := lab.Request(t, in(namespace, map[string]any{"force": true, "manifest": []any{
				configMap("there", map[string]any{"a": "2"}), configMap("new", map[string]any{"a": "2"}),
			}}))
			host := &sdktest.Host{OnBefore: func() { c.meddle(t, namespace) }}
			_, err := h.Apply(t.Context(), req, host)
			if c.says == "" {
				lab.Must(t, err)
			} else {
				lab.Fails(t, err, sdk.Conflict, c.says)
			}
			req.Before = host.StateBefore()
			_ = h.Undo(t.Context(), req, host) // that somebody's change is a conflict is tested elsewhere
			if after := probe(t, namespace); !strings.Contains(after, c.after) {
				t.Errorf("after the undo, the state is %s, and it should have %s", after, c.after)
			}
		})
	}
}

// What somebody changes in an object that is about to be pruned is not lost: a Secret comes
// back with it, and of others the step leaves its hands.
func TestAForeignChangeBeforeAPrune(t *testing.T) {
	t.Parallel()
	h := handler(t, shared.Connect(t))
	for name, c := range map[string]struct {
		old    map[string]any
		meddle func(t testing.TB, namespace string)
		says   string
		after  string
	}{
		"a ConfigMap": {
			configMap("old", nil), func(t testing.TB, namespace string) { edit(t, namespace, "old", `{"data":{"b":"9"}}`) },
			"somebody changed the ConfigMap", `"b":"9"`,
		},
		"a Secret": {
			secret("old", nil), func(t testing.TB, namespace string) {
				_, err := shared.Kube.CoreV1().Secrets(namespace).Patch(context.WithoutCancel(t.Context()), "old", types.MergePatchType,
					[]byte(`{"data":{"b":"OTk5OQ=="}}`), metav1.PatchOptions{FieldManager: "somebody-else"})
				lab.Must(t, err)
			}, "", `"b":"OTk5OQ=="`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := shared.Namespace(t)
			applied(t, in(namespace, pruning(configMap("web", nil), c.old)))
			req := lab.Request(t, in(namespace, pruning(configMap("web", nil))))
			host := &sdktest.Host{OnBefore: func() { c.meddle(t, namespace) }}
			if _, err := h.Apply(t.Context(), req, host); c.says != "" {
				lab.Fails(t, err, sdk.Conflict, c.says)
			} else {
				lab.Must(t, err)
			}
			req.Before = host.StateBefore()
			lab.Must(t, h.Undo(t.Context(), req, host))
			if after := probe(t, namespace); !strings.Contains(after, c.after) || strings.Contains(after, "gatebook-before") {
				t.Errorf("after the undo, the state is %s, and it should have %s", after, c.after)
			}
		})
	}
}

// What somebody else makes in the very moment in which the step does keeps no mark of the
// step, by which undo or a later prune would take it for its own.
func TestWhatSomebodyMadeInTheSameMomentIsNotMarked(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	live := shared.Kube.CoreV1().ConfigMaps(namespace)
	var once sync.Once
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method == http.MethodPatch && !r.URL.Query().Has("dryRun") && strings.HasSuffix(r.URL.Path, "/configmaps/web") {
			once.Do(func() {
				made := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Data: map[string]string{"theirs": "1"}}
				if _, err := live.Create(r.Context(), made, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
					t.Error(err)
				}
			})
		}
		api.ServeHTTP(w, r)
	})
	req := lab.Request(t, in(namespace, pruning(configMap("web", map[string]any{"ours": "1"}))))
	_, err := handler(t, c).Apply(t.Context(), req, &sdktest.Host{})
	lab.Fails(t, err, sdk.Conflict, "kubectl-create made the ConfigMap "+namespace+"/web at the same time")
	now, err := live.Get(t.Context(), "web", metav1.GetOptions{})
	lab.Must(t, err)
	if len(now.Annotations) > 0 {
		t.Errorf("it is marked by %v", now.Annotations)
	}
}
