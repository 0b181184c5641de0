package contents_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/contents"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/lab"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// shared is the cluster of all tests here; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }))
}

// The question what kinds there are ends when the step ends, and not when the request's own
// timeout is over, which in the lab is 20 seconds.
func TestALookAtANamespaceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.URL.Path == "/apis" {
			<-r.Context().Done() // nothing is answered
			return
		}
		api.ServeHTTP(w, r)
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	began := time.Now()
	_, _, err := contents.OfNamespace(ctx, c, "default")
	if took := time.Since(began); took > 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after %s of one second: %v", took, err)
	}
}

// A list that is never answered holds a search no longer than any other request.
func TestAListThatIsNotAnsweredEndsWithTheTimeoutOfRequests(t *testing.T) {
	t.Parallel()
	config := shared.Config()
	config.Timeout = schema.Duration(3 * time.Second)
	config.Endpoint = shared.Proxy(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/namespaces/default/secrets") {
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(w, r)
	})
	c := &cluster.Cluster{}
	lab.Must(t, c.Connect(t.Context(), config))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err := contents.OfNamespace(ctx, c, "default")
	lab.Fails(t, err, sdk.Transient, "list secrets")
}

// An API group whose server is away is told to whoever wants to see everything.
func TestAGroupThatIsAwayIsUnseen(t *testing.T) {
	t.Parallel()
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		switch {
		case r.URL.Path == "/api" || r.URL.Path == "/apis":
			r.Header.Set("Accept", "application/json") // each group is asked by itself then
		case strings.HasPrefix(r.URL.Path, "/apis/storage.k8s.io/v1"):
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		api.ServeHTTP(w, r)
	})
	found, unseen, err := contents.OfNamespace(t.Context(), c, "default")
	lab.Must(t, err)
	isService := func(f contents.Found) bool { return f.String() == "Service default/kubernetes" }
	if !slices.ContainsFunc(found, isService) || !slices.Contains(unseen, "storage.k8s.io/v1") {
		t.Errorf("found %v, unseen %q", found, unseen)
	}
}
