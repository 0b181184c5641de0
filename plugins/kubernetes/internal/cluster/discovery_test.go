package cluster_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Questions about kinds end when the step ends, and not when the request's own timeout is
// over, which in the lab is 20 seconds.
func TestDiscoveryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	var silent atomic.Value // the path of which nothing is answered
	silent.Store("")
	c := shared.Through(t, func(w http.ResponseWriter, r *http.Request, api http.Handler) {
		if r.URL.Path == silent.Load() {
			<-r.Context().Done()
			return
		}
		api.ServeHTTP(w, r)
	})
	for _, path := range []string{"/api/v1", "/apis"} { // the second is asked for advice
		silent.Store(path)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		began := time.Now()
		_, err := c.Kind(ctx, "v1", "Nonsense")
		if took := time.Since(began); took > 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: after %s of one second: %v", path, took, err)
		}
		cancel()
	}
}

// An API group whose server is away is in nobody's way who does not need it.
func TestAGroupThatIsAway(t *testing.T) {
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
	if _, err := c.Kind(t.Context(), "apps/v1", "Deployment"); err != nil {
		t.Error(err)
	}
	if _, err := c.Kind(t.Context(), "storage.k8s.io/v1", "StorageClass"); cluster.IsUnserved(err) || sdk.AsError(err).Class != sdk.Transient {
		t.Errorf("got %v, want a transient error", err)
	}
}
