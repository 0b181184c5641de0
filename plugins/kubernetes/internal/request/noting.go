package request

import (
	"errors"
	"net"
	"net/http"
	"strings"
)

// Noting hands requests on to the server, and notes for an [Attempt] what it may have changed,
// and for a [Reading] what it has.
func Noting(server http.RoundTripper) http.RoundTripper { return noting{server} }

type noting struct{ http.RoundTripper }

// RoundTrip sends a request.
func (n noting) RoundTrip(request *http.Request) (*http.Response, error) {
	way, hurried := passageOf(request)
	if hurried {
		way.Lock()
		defer way.Unlock()
		if err := request.Context().Err(); err != nil { // nobody waits for an answer any more
			if request.Body != nil {
				request.Body.Close()
			}
			return nil, err
		}
		way.enter()
	}
	answer, err := send(n.RoundTripper, request)
	if hurried {
		way.turn(request, answer, err)
	}
	switch a := attemptIn(request.Context()); {
	case refused(answer, err):
	case strings.HasSuffix(request.URL.Path, "/exec"): // a program is begun by a connection that is upgraded
		a.ran.Store(true)
	case asksForChange(request):
		a.changed.Store(true)
	}
	return answer, err
}

// WrappedRoundTripper is for client-go, which looks for what it can cancel.
func (n noting) WrappedRoundTripper() http.RoundTripper { return n.RoundTripper }

// asksForChange says whether a request is for more than an answer.
func asksForChange(request *http.Request) bool {
	if request.Method == http.MethodGet || request.URL.Query().Has("dryRun") {
		return false
	}
	// These two answer who one is and what one may do, and keep nothing.
	group := resourceOf(request.URL.Path).Group
	return group != "authorization.k8s.io" && group != "authentication.k8s.io"
}

// refused says whether a request surely changed nothing: the server was not reached, or
// said no. That it took too long is neither.
func refused(answer *http.Response, err error) bool {
	if err != nil {
		unreached, is := errors.AsType[*net.OpError](err)
		return is && unreached.Op == "dial"
	}
	return answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError &&
		answer.StatusCode != http.StatusRequestTimeout
}
