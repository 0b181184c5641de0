// Package request notes what an attempt asked an engine for, so that what it says of its changes
// is what its requests were, and not what it believes. It leaves out what the requests are.
package request

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/moby/moby/client"
)

// Attempt is what is known of all requests that are made with its context.
type Attempt struct{ sent, refused atomic.Int32 } // of those that ask for a change

// attemptKey is where a context holds the attempt that it is of.
type attemptKey struct{}

// In returns a context whose requests the attempt knows of.
func (a *Attempt) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// Changed says whether the engine may have changed something: it was asked to, and did not say no.
func (a *Attempt) Changed() bool { return a.sent.Load() > a.refused.Load() }

// noting has a client tell attempts of its requests.
func noting() []client.Opt {
	return []client.Opt{client.WithHTTPRequestHook(note), client.WithHTTPResponseHook(heed)}
}

// asking is the attempt that a request asks for a change for; nil: it does not, or nobody wants to
// know.
func asking(request *http.Request) *Attempt {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		return nil
	}
	attempt, _ := request.Context().Value(attemptKey{}).(*Attempt)
	return attempt
}

// note counts a request once it is on its way: an engine that is not reached changes nothing.
func note(request *http.Request) error {
	if attempt := asking(request); attempt != nil {
		*request = *request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
			WroteHeaders: func() { attempt.sent.Add(1) },
		}))
	}
	return nil
}

// heed takes in that an engine said no. It also answers 500 to what it refuses, but not only to that:
// of these, [Client] tells.
func heed(answer *http.Response) {
	attempt := asking(answer.Request)
	if attempt != nil && answer.StatusCode >= http.StatusBadRequest && answer.StatusCode < http.StatusInternalServerError && answer.StatusCode != http.StatusRequestTimeout {
		attempt.refused.Add(1)
	}
}
