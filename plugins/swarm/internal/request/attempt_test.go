package request_test

import (
	"fmt"
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
		says    string
		gone    bool
		reads   bool
		changed bool
	}{
		"it only looks":               {status: http.StatusOK, reads: true},
		"it was done":                 {status: http.StatusCreated, changed: true},
		"it was refused":              {status: http.StatusConflict},
		"what was done is not told":   {status: http.StatusInternalServerError, changed: true},
		"its version was stale":       {status: http.StatusInternalServerError, says: "rpc error: code = Unknown desc = update out of sequence"},
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
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				_, _ = fmt.Fprintf(w, `{"message": %q}`, test.says)
			}))
			t.Cleanup(server.Close)
			if test.gone {
				server.Close()
			}
			docker, err := request.NewClient(client.WithHost("tcp://"+strings.TrimPrefix(server.URL, "http://")), client.WithAPIVersion("1.41"))
			if err != nil {
				t.Fatal(err)
			}
			var attempt request.Attempt
			ctx := attempt.In(t.Context())
			if test.reads {
				_, err = docker.ServiceList(ctx, client.ServiceListOptions{})
			} else {
				_, err = docker.ServiceUpdate(ctx, "web", client.ServiceUpdateOptions{})
			}
			if attempt.Changed() != test.changed {
				t.Errorf("it changed something: %t, want %t (%v)", attempt.Changed(), test.changed, err)
			}
		})
	}
}
