package request_test

import (
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
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
		method, url  string
		says         answering
		changed, ran bool
	}{
		"a look":                             {http.MethodGet, pods, answering{status: 200}, false, false},
		"a dry run":                          {http.MethodPost, pods + "?dryRun=All", answering{status: 201}, false, false},
		"a question of right":                {http.MethodPost, "https://cluster/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", answering{status: 201}, false, false},
		"a question below a path of its own": {http.MethodPost, "https://cluster/k8s/c-1/apis/authentication.k8s.io/v1/selfsubjectreviews", answering{status: 201}, false, false},
		"a refusal":                          {http.MethodPost, pods, answering{status: 403}, false, false},
		"a conflict":                         {http.MethodPatch, pods + "/web", answering{status: 409}, false, false},
		"no server":                          {http.MethodPatch, pods + "/web", answering{err: unreached}, false, false},
		"a change":                           {http.MethodPatch, pods + "/web", answering{status: 200}, true, false},
		"a lost answer":                      {http.MethodDelete, pods + "/web", answering{err: cutOff}, true, false},
		"a timeout":                          {http.MethodPost, pods, answering{status: 504}, true, false},
		"a slow request":                     {http.MethodPost, pods, answering{status: 408}, true, false},
		"a program in a pod":                 {http.MethodGet, pods + "/web/exec?command=true", answering{status: 101}, false, true},
		"a program refused":                  {http.MethodGet, pods + "/web/exec?command=true", answering{status: 404}, false, false},
	} {
		attempt := &request.Attempt{}
		asked, err := http.NewRequestWithContext(attempt.In(t.Context()), test.method, test.url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := request.Noting(test.says).RoundTrip(asked); err == nil {
			answer.Body.Close()
		}
		if attempt.Changed() != test.changed || attempt.Ran() != test.ran {
			t.Errorf("%s: it may have changed something: %t; run a program: %t", name, attempt.Changed(), attempt.Ran())
		}
	}
}
