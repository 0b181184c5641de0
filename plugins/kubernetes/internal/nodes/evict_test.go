package nodes_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// Pods would come back to a node that is open as fast as they go.
func TestDrainEndsWhenSomebodyUncordons(t *testing.T) {
	t.Parallel()
	handler, host := action(t, shared.Connect(t), "drain"), &sdktest.Host{}
	world := loaded(1, 1)(t)
	ended := began(t, handler, lab.Request(t, with(world.Params, "timeout", "5m")), host)
	says(t, host, "web-budget")
	setCordon(t, world.Params["node"].(string), false, "kubectl-uncordon")
	err := <-ended
	if err == nil || sdk.AsError(err).Class != sdk.Conflict || !strings.Contains(err.Error(), "somebody uncordoned") || !strings.Contains(err.Error(), "web-budget") {
		t.Errorf("got %v, want a conflict that says what is left", err)
	}
}

// Whoever takes the mark away between two attempts has the last word, as within one.
func TestWhoUncordonsBetweenAttemptsHasTheLastWord(t *testing.T) {
	t.Parallel()
	for name, further := range map[string]map[string]any{"drain": {"timeout": "3s"}, "cordon": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler, world, host := action(t, shared.Connect(t), name), loaded(1, 1)(t), &sdktest.Host{}
			node := world.Params["node"].(string)
			req := lab.Request(t, with(further, "node", node))
			if _, err := handler.Apply(t.Context(), req, host); name == "drain" && sdk.AsError(err).Class != sdk.Transient {
				t.Fatalf("the first attempt ends with %v, want its timeout at the budget", err)
			}
			setCordon(t, node, false, "kubectl-uncordon")
			req.Before, req.Notes, req.Attempt = host.StateBefore(), host.Notes(), 2
			_, err := handler.Apply(t.Context(), req, &sdktest.Host{})
			if got := probe(t, node); err == nil || sdk.AsError(err).Class != sdk.Conflict || got != "unschedulable false" {
				t.Errorf("the second attempt ends with %v, and leaves the node %s", err, got)
			}
		})
	}
}

// An API server that is busy says when to ask again. A drain obeys, and says so.
func TestDrainObeysThrottling(t *testing.T) {
	t.Parallel()
	const refusals = 2
	var mu sync.Mutex
	var asked []time.Time
	world := loaded(1, 0)(t)
	node := world.Params["node"].(string)
	throttle := func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/eviction") {
			mu.Lock()
			defer mu.Unlock()
			if asked = append(asked, time.Now()); len(asked) <= refusals {
				w.Header().Set("Retry-After", "4") // longer than a drain waits otherwise
				http.Error(w, "Too many requests, please try again later.", http.StatusTooManyRequests)
				return
			}
		}
		api.ServeHTTP(w, r)
	}
	host := &sdktest.Host{}
	out := drained(t, action(t, shared.Through(t, throttle), "drain"), lab.Request(t, map[string]any{"node": node, "timeout": "50s"}), host)
	says(t, host, "too many requests")
	mu.Lock()
	defer mu.Unlock()
	if len(out.Evicted) != 1 || len(asked) != refusals+1 {
		t.Errorf("asked %d times, and got %+v", len(asked), out)
	}
	for i := range asked[1:] {
		if apart := asked[i+1].Sub(asked[i]); apart < 4*time.Second {
			t.Errorf("asked again after %s", apart)
		}
	}
}

// Requests that are no evictions are throttled too; client-go waits and asks again.
func TestThrottledRequestsAreMadeAgain(t *testing.T) {
	t.Parallel()
	node := shared.Node(t)
	var mu sync.Mutex
	var asked []time.Time
	throttle := func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.Method == http.MethodPatch {
			mu.Lock()
			defer mu.Unlock()
			if asked = append(asked, time.Now()); len(asked) == 1 {
				w.Header().Set("Retry-After", "1")
				http.Error(w, "Too many requests, please try again later.", http.StatusTooManyRequests)
				return
			}
		}
		api.ServeHTTP(w, r)
	}
	handler := action(t, shared.Through(t, throttle), "cordon")
	_, err := handler.Apply(t.Context(), lab.Request(t, map[string]any{"node": node}), &sdktest.Host{})
	lab.Must(t, err)
	mu.Lock()
	defer mu.Unlock()
	// Where the kubelet reports in the very moment, the node is patched once more.
	if len(asked) < 2 || asked[1].Sub(asked[0]) < time.Second || probe(t, node) != "unschedulable true" {
		t.Errorf("asked at %v, and the node is %s", asked, probe(t, node))
	}
}

// One pod that cannot go, as for a webhook that fails, is named and holds up no other.
func TestDrainEvictsTheOthersOfAPodThatCannotGo(t *testing.T) {
	t.Parallel()
	world := loaded(1, 0)(t)
	node, namespace := world.Params["node"].(string), shared.Namespace(t)
	deployOn(t, namespace, "stuck", node, 1)
	broken := func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.Contains(r.URL.Path, "/stuck-") && strings.HasSuffix(r.URL.Path, "/eviction") {
			http.Error(w, "the webhook is away", http.StatusInternalServerError)
			return
		}
		api.ServeHTTP(w, r)
	}
	handler := action(t, shared.Through(t, broken), "drain")
	_, err := handler.Apply(t.Context(), lab.Request(t, map[string]any{"node": node, "timeout": "5s"}), &sdktest.Host{})
	if err == nil || !strings.Contains(err.Error(), "left is 1 pod: "+namespace+"/stuck-") || !strings.Contains(err.Error(), "the webhook is away") {
		t.Errorf("got %v", err)
	}
}

// A node whose kubelet is away ends no pods, and the drain says so.
func TestDrainOfANodeThatIsNotReadySaysSo(t *testing.T) {
	t.Parallel()
	namespace := shared.Namespace(t)
	// Nobody plays the kubelet of a node that has no labels.
	silent, err := shared.Kube.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{GenerateName: "silent-"}}, metav1.CreateOptions{})
	lab.Must(t, err)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "bound"}, Spec: lab.Template("bound", "one:1").Spec}
	pod.Spec.NodeName = silent.Name
	_, err = shared.Kube.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	lab.Must(t, err)
	handler := action(t, shared.Connect(t), "drain")
	req := lab.Request(t, map[string]any{"node": silent.Name, "force": true, "timeout": "4s"})
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	if !strings.Contains(strings.Join(preview.Warnings, "\n"), "is not ready (it has not reported yet)") ||
		!strings.Contains(strings.Join(preview.Warnings, "\n"), "longer to end than the timeout of 4s: "+namespace+"/bound (30s)") {
		t.Errorf("the warnings are %q", preview.Warnings)
	}
	_, err = handler.Apply(t.Context(), req, &sdktest.Host{})
	if err == nil || !strings.Contains(err.Error(), namespace+"/bound is ending") || !strings.Contains(err.Error(), "and so may not end its pods") {
		t.Errorf("got %v", err)
	}
}

// An API server that is away for a while ends no drain.
func TestDrainOutlivesTheAPIServer(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 2)
	namespace := l.Namespace(t)
	l.Deploy(t, namespace, "web", "web:1", 2, nil)
	l.Budget(t, namespace, "web-budget", "web", 2, 0)
	pods, err := l.Kube.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{})
	lab.Must(t, err)
	handler, host := action(t, l.Connect(t), "drain"), &sdktest.Host{}
	ended := began(t, handler, lab.Request(t, map[string]any{"node": pods.Items[0].Spec.NodeName, "timeout": "2m"}), host)
	says(t, host, "web-budget")
	lab.Must(t, l.Kill())
	says(t, host, "connection refused")
	lab.Must(t, l.Up())
	lab.Eventually(t, "the budget is gone", func(ctx context.Context) error {
		return l.Kube.PolicyV1().PodDisruptionBudgets(namespace).Delete(ctx, "web-budget", metav1.DeleteOptions{})
	})
	lab.Must(t, <-ended)
}
