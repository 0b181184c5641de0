package request_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/request"
)

// What an attempt changed is told by what it asked for, and by what it was answered.
func TestAnAttemptKnowsWhetherItChangedSomething(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status  int // that the engine answers; 0: it closes the connection
		gone    bool
		reads   bool
		changed bool
	}{
		"it only looks":               {status: http.StatusOK, reads: true},
		"it was done":                 {status: http.StatusCreated, changed: true},
		"it was refused":              {status: http.StatusConflict},
		"what was done is not told":   {status: http.StatusInternalServerError, changed: true},
		"it took too long":            {status: http.StatusRequestTimeout, changed: true},
		"the answer was lost":         {changed: true},
		"the engine was not reached":  {gone: true},
		"it only looked, and in vain": {reads: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if test.status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte("{}"))
			}))
			t.Cleanup(server.Close)
			if test.gone {
				server.Close()
			}
			options := append(request.Noting(), client.WithHost("tcp://"+strings.TrimPrefix(server.URL, "http://")), client.WithAPIVersion("1.41"))
			docker, err := client.New(options...)
			if err != nil {
				t.Fatal(err)
			}
			var attempt request.Attempt
			ctx := attempt.In(t.Context())
			if test.reads {
				_, err = docker.ServiceList(ctx, client.ServiceListOptions{})
			} else {
				_, err = docker.ServiceRemove(ctx, "web", client.ServiceRemoveOptions{})
			}
			if attempt.Changed() != test.changed {
				t.Errorf("it changed something: %t, want %t (%v)", attempt.Changed(), test.changed, err)
			}
		})
	}
}
