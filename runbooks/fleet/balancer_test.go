package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// pointed is a balancer in front of one handler, in rotation.
func pointed(t *testing.T, handler http.HandlerFunc) *balancer {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	b := newBalancer([]string{"web-1"})
	b.point("web-1", server.URL)
	b.admit("web-1")
	return b
}

func TestBalancerAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method  string
		backend int
		drained bool
		want    int
	}{
		"what the backend answers":  {http.MethodGet, 200, false, 200},
		"a client's error as it is": {http.MethodGet, 404, false, 404},
		"an error of the last one":  {http.MethodGet, 500, false, 500},
		"when nobody is there":      {http.MethodGet, 200, true, 503},
		"only what can be repeated": {http.MethodPost, 200, false, 405},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := pointed(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(test.backend) })
			if test.drained {
				if err := b.drain(t.Context(), "web-1"); err != nil {
					t.Fatal(err)
				}
			}
			rw := httptest.NewRecorder()
			b.ServeHTTP(rw, httptest.NewRequestWithContext(t.Context(), test.method, "/", http.NoBody))
			if rw.Code != test.want {
				t.Errorf("got %d, want %d", rw.Code, test.want)
			}
		})
	}
}

func TestDrainWaitsForRequestsInFlight(t *testing.T) {
	t.Parallel()
	arrived, finish := make(chan struct{}), make(chan struct{})
	b := pointed(t, func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-finish
	})
	answered := make(chan int, 1)
	go func() {
		rw := httptest.NewRecorder()
		b.ServeHTTP(rw, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		answered <- rw.Code
	}()
	<-arrived

	impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := b.drain(impatient, "web-1"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a request in flight, drain returned %v", err)
	}
	if inRotation, _, _ := b.look("web-1"); inRotation {
		t.Error("a drained backend is in rotation")
	}
	close(finish)
	if err := b.drain(t.Context(), "web-1"); err != nil {
		t.Error(err)
	}
	if code := <-answered; code != http.StatusOK {
		t.Errorf("the request in flight was answered %d", code)
	}
}

// Clients are dismissed at the end of each chapter of the demo, in the midst of their
// requests.
func TestClientThatLeavesIsNotCounted(t *testing.T) {
	t.Parallel()
	ctx, leave := context.WithCancel(t.Context())
	b := pointed(t, func(_ http.ResponseWriter, r *http.Request) {
		leave()
		<-r.Context().Done()
	})
	b.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	if got := b.seen.traffic(); got != (Traffic{}) {
		t.Errorf("the balancer counted %s", got)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	if got := m.traffic(); got != (Traffic{}) {
		t.Errorf("of no requests: %+v", got)
	}
	for i := range 100 {
		m.add(time.Duration(i+1)*time.Millisecond, i%10 != 0)
	}
	if got, want := m.traffic(), (Traffic{Requests: 100, Failed: 10, ErrorRate: 0.1, P50Ms: 50, P95Ms: 95}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for range remembered { // the slow ones are forgotten, and all are counted
		m.add(time.Millisecond, true)
	}
	if got := m.traffic(); got.Requests != 100+remembered || got.P95Ms != 1 {
		t.Errorf("got %+v, want %d requests within 1 ms", got, 100+remembered)
	}
	m.reset()
	if got := m.traffic(); got != (Traffic{}) {
		t.Errorf("after reset: %+v", got)
	}
}
