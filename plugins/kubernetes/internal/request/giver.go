package request

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// Giver is who gives the credentials of requests, where that is somebody else than the
// configuration itself.
type Giver struct {
	Name string // for a sentence; empty: nobody is asked

	said   *words            // nil: nobody listens to it
	asking http.RoundTripper // gives requests their credentials, and sends them nowhere
}

// GiverOf is who gives the credentials of a configuration. It is asked for once, before
// the clients of the configuration are made.
func GiverOf(config *rest.Config) (Giver, error) {
	switch {
	case config.ExecProvider != nil:
		said, asking, err := overhear(config)
		return Giver{"the credential program " + filepath.Base(config.ExecProvider.Command), said, asking}, err
	case config.AuthProvider != nil:
		return Giver{Name: "credentials of " + config.AuthProvider.Name}, nil
	default:
		return Giver{}, nil
	}
}

// Ungiven is the error of a request that was not sent, since a credential program gave
// nothing that it could be sent with.
type Ungiven struct {
	Last  string // what the program said last
	Cause error  // of client-go, which says no more than its exit code
}

// Error says what the program said.
func (u Ungiven) Error() string {
	if u.Last == "" {
		return u.Cause.Error()
	}
	return u.Cause.Error() + "; it said last: " + u.Last
}

// Unwrap returns what client-go says.
func (u Ungiven) Unwrap() error { return u.Cause }

// fault adds what a program said to the error of what it gave no credentials for.
func (p *passage) fault(err error) error {
	if err == nil {
		return nil
	}
	// client-go has no error of its own for it.
	if strings.Contains(err.Error(), "getting credentials: ") {
		return Ungiven{p.giver.said.since(p.heard), err}
	}
	if more := p.more(); more != "" {
		return fmt.Errorf("%w; %s", err, more)
	}
	return err
}

// explained is the answer of the server, to which it adds what the program said that was to
// give others for credentials that the server did not take. client-go says that to a log,
// and to whom it was asked by no more than that they were not taken.
func (p *passage) explained(answer *http.Response) *http.Response {
	more := p.more()
	if more == "" {
		return answer
	}
	status := apierrors.NewUnauthorized("Unauthorized; " + more).ErrStatus
	status.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}
	text, err := json.Marshal(status)
	if err != nil {
		return answer
	}
	answer.Body.Close()
	told := *answer
	told.Header = answer.Header.Clone()
	told.Header.Set("Content-Type", "application/json")
	told.Header.Del("Content-Encoding")
	told.Body, told.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return &told
}

// more is what is to be added where the server did not take the credentials, and the
// program that was asked for others gave none. Nobody says whether it did: it is known by
// what it gives now. Credentials that are no token cannot be told from each other.
func (p *passage) more() string {
	if p.denied == "" || p.giver.asking == nil {
		return ""
	}
	given, err := p.giver.asking.RoundTrip(&http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}})
	if err == nil {
		given.Body.Close()
		if given.Request.Header.Get("Authorization") != p.denied {
			return ""
		}
	}
	asked := p.giver.Name + ", which was asked for other credentials, "
	if last := p.giver.said.sinceItGave(p.heard); last != "" {
		return asked + "said last: " + last
	}
	return asked + "gave no others"
}

// nowhere is the end of requests that are not sent.
type nowhere struct{}

// RoundTrip gives the request back as it would be sent.
func (nowhere) RoundTrip(request *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: request}, nil
}
