package cluster

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
)

// answering is a server that always says the same, or is not there.
type answering struct {
	status int
	err    error
}

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Body: http.NoBody}, a.err
}

// Only what the server may have changed counts: what it refused, or never heard, does not.
func TestWhatMayHaveBeenChanged(t *testing.T) {
	t.Parallel()
	const pods = "https://cluster/api/v1/namespaces/shop/pods"
	unreached := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	cutOff := &net.OpError{Op: "read", Err: errors.New("connection reset")}
	for name, test := range map[string]struct {
		method, url string
		says        answering
		want        bool
	}{
		"a look":              {http.MethodGet, pods, answering{status: 200}, false},
		"a dry run":           {http.MethodPost, pods + "?dryRun=All", answering{status: 201}, false},
		"a question of right": {http.MethodPost, "https://cluster/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", answering{status: 201}, false},
		"a refusal":           {http.MethodPost, pods, answering{status: 403}, false},
		"a conflict":          {http.MethodPatch, pods + "/web", answering{status: 409}, false},
		"no server":           {http.MethodPatch, pods + "/web", answering{err: unreached}, false},
		"a change":            {http.MethodPatch, pods + "/web", answering{status: 200}, true},
		"a lost answer":       {http.MethodDelete, pods + "/web", answering{err: cutOff}, true},
		"a timeout":           {http.MethodPost, pods, answering{status: 504}, true},
		"a slow request":      {http.MethodPost, pods, answering{status: 408}, true},
		"a program in a pod":  {http.MethodGet, pods + "/web/exec?command=true", answering{status: 101}, true},
		"a program refused":   {http.MethodGet, pods + "/web/exec?command=true", answering{status: 404}, false},
	} {
		var changed atomic.Bool
		ctx := context.WithValue(t.Context(), changedKey{}, &changed)
		request, err := http.NewRequestWithContext(ctx, test.method, test.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := (noting{test.says}).RoundTrip(request); err == nil {
			answer.Body.Close()
		}
		if changed.Load() != test.want {
			t.Errorf("%s: it may have changed something: %t", name, changed.Load())
		}
	}
}
