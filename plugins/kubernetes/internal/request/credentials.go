package request

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"k8s.io/streaming/pkg/httpstream"
)

// silence is how long credentials are waited for without a word. The programs of clouds
// take a second or two.
const silence = 3 * time.Second

// Prompt ends requests with their context also where they wait for their credentials:
// client-go lets the program of a kubeconfig that gives them take as long as it likes, and
// stays with it. Who wraps requests further in by [Noting] knows that none is sent once
// its context has ended. giver is whom they wait for.
func Prompt(inner http.RoundTripper, giver Giver) http.RoundTripper { return prompt{inner, giver} }

type prompt struct {
	http.RoundTripper
	giver Giver
}

// RoundTrip sends a request.
func (p prompt) RoundTrip(request *http.Request) (*http.Response, error) {
	ask := func(ctx context.Context, way *passage) (*http.Response, error) {
		answer, err := p.RoundTripper.RoundTrip(request.Clone(ctx))
		if err != nil {
			return nil, way.fault(err)
		}
		return way.explained(answer), nil
	}
	return prompted(request.Context(), p.giver, ask, func(answer *http.Response) { answer.Body.Close() })
}

// WrappedRoundTripper is for client-go, which looks for what it can cancel.
func (p prompt) WrappedRoundTripper() http.RoundTripper { return p.RoundTripper }

// Await is [Prompt] for whoever makes the transport of his requests himself, as those who
// open streams do. Once its requests have their credentials, ask must end with its context.
func (g Giver) Await(ctx context.Context, ask func(context.Context) error) error {
	if g.Name == "" {
		return ask(ctx)
	}
	_, err := prompted(ctx, g, func(ctx context.Context, way *passage) (struct{}, error) {
		return struct{}{}, way.fault(ask(ctx))
	}, func(struct{}) {})
	return err
}

// passage is held while a request is on its way to the server and back, where it ends with
// its context by itself.
type passage struct {
	sync.Mutex
	passed bool // the credentials were there
	giver  Giver
	heard  int    // how many lines the giver had written when it gave them last
	denied string // the credentials that the server did not take; empty: it took them
}

// passageKey is where the context of a request holds its passage.
type passageKey struct{}

// passageOf is the passage of a request that does not wait for its credentials for ever.
func passageOf(request *http.Request) (*passage, bool) {
	way, is := request.Context().Value(passageKey{}).(*passage)
	return way, is
}

// enter is called when the credentials are there. Whoever gave them said nothing before
// that is of use.
func (p *passage) enter() { p.passed, p.heard = true, p.giver.said.now().lines }

// turn is called when the server has answered, or could not. Where it takes no credentials
// of this request, client-go asks for others; where it opens no stream in this way, it
// begins anew in another.
func (p *passage) turn(request *http.Request, answer *http.Response, err error) {
	switch {
	case err == nil && answer.StatusCode == http.StatusUnauthorized:
		p.passed, p.denied = false, request.Header.Get("Authorization")
	case httpstream.IsUpgradeFailure(err):
		p.passed = false
	}
}

// isUnderway says whether a request has its credentials. It waits for an answer that is near.
func (p *passage) isUnderway() bool {
	p.Lock()
	defer p.Unlock()
	return p.passed
}

// waits says whether a request still waits for its credentials.
func (p *passage) waits() bool {
	if !p.TryLock() {
		return false
	}
	defer p.Unlock()
	return !p.passed
}

// outcome is how what was asked ended.
type outcome[T any] struct {
	value T
	err   error
}

// prompted asks, and waits no longer for credentials than its context lasts. What comes of
// a request that has them, only its own end says, which is near then; what comes too late
// is dropped.
func prompted[T any](ctx context.Context, giver Giver, ask func(context.Context, *passage) (T, error), drop func(T)) (T, error) {
	way := &passage{giver: giver, heard: giver.said.now().lines}
	ends := make(chan outcome[T], 1) // so that it ends where nobody waits
	go func() {
		value, err := ask(context.WithValue(ctx, passageKey{}, way), way)
		ends <- outcome[T]{value, err}
	}()
	late := time.NewTimer(silence)
	defer late.Stop()
	for {
		select {
		case end := <-ends:
			return end.value, end.err
		case <-late.C:
			if way.waits() {
				defer attemptIn(ctx).waits(giver.Name)()
			} else {
				late.Reset(silence)
			}
		case <-ctx.Done():
			if way.isUnderway() {
				end := <-ends
				return end.value, end.err
			}
			go func() {
				if end := <-ends; end.err == nil {
					drop(end.value)
				}
			}()
			var none T
			return none, Waited{For: giver.Name, Cause: context.Cause(ctx)}
		}
	}
}

// Waited is the error of a request that was not sent, since its context ended before it
// had its credentials.
type Waited struct {
	For   string // whom it waited for
	Cause error  // the end of the context
}

// What says who is waited for, of which whoever waits is the subject.
func (w Waited) What() string { return "waits for " + w.For }

// Error says who was waited for.
func (w Waited) Error() string { return fmt.Sprintf("it %s: %v", w.What(), w.Cause) }

// Unwrap returns the end of the context.
func (w Waited) Unwrap() error { return w.Cause }
