package nodes_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
)

// requests are what a proxy was asked, as "GET /api/v1/pods?fieldSelector=…".
type requests struct {
	mu  sync.Mutex
	all []string
}

func (q *requests) note(w http.ResponseWriter, r *http.Request, api http.Handler) {
	q.mu.Lock()
	q.all = append(q.all, r.Method+" "+r.URL.String())
	q.mu.Unlock()
	api.ServeHTTP(w, r)
}

// taken returns what was asked since the last time.
func (q *requests) taken() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	taken := q.all
	q.all = nil
	return taken
}

// What a drain asks for grows with the pods of its node and their namespaces, and not
// with the cluster: it asks for nothing of other nodes.
func TestDrainAsksForItsOwnNodeAlone(t *testing.T) {
	t.Parallel()
	const namespaces, podsInEach = 3, 4
	node, asked := shared.Node(t), &requests{}
	for range namespaces {
		namespace := shared.Namespace(t)
		shared.Deploy(t, namespace, "web", "web:1", podsInEach, func(d *appsv1.Deployment) { lab.OnNode(&d.Spec.Template, node) })
		shared.Budget(t, namespace, "web-budget", "web", 0, podsInEach)
	}
	handler := action(t, shared.Through(t, asked.note), "drain")
	asked.taken() // those of the connection

	req := lab.Request(t, map[string]any{"node": node, "timeout": "1m"})
	preview, err := handler.Plan(t.Context(), req)
	lab.Must(t, err)
	if len(preview.Changes) != 1+namespaces*podsInEach {
		t.Errorf("the plan is %+v", preview)
	}
	// The node, its change, its pods, three rights; and for each namespace the right to
	// evict and the budgets.
	planned := asked.taken()
	if most := 6 + 2*namespaces; len(planned) > most {
		t.Errorf("the plan asked %d times, want at most %d:\n%s", len(planned), most, strings.Join(planned, "\n"))
	}
	drained(t, handler, req, &sdktest.Host{})
	applied := asked.taken()
	evictions := 0
	for _, request := range applied {
		if strings.Contains(request, "/eviction") {
			evictions++
		}
	}
	// A pod is asked again to go where the server was at its budget. A look is two requests,
	// and there are some in each second at most.
	if most := 150; evictions < namespaces*podsInEach || len(applied) > most {
		t.Errorf("the drain asked %d times, want at most %d, and %d times to evict:\n%s", len(applied), most, evictions, strings.Join(applied, "\n"))
	}
	own := "fieldSelector=spec.nodeName%3D" + node
	for _, request := range append(planned, applied...) {
		if strings.HasPrefix(request, "GET ") && strings.Contains(request, "/pods") && !strings.Contains(request, own) {
			t.Errorf("it asked for pods of other nodes: %s", request)
		}
	}
}
