package request

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
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

// passage is held while a request is on its way to the server and back, where it ends with
// its context by itself.
type passage struct {
	sync.Mutex
	passed bool // the credentials were there
}

// passageKey is where the context of a request holds its passage.
type passageKey struct{}

// answered is how a request ended.
type answered struct {
	answer *http.Response
	err    error
}

// RoundTrip sends a request.
func (p prompt) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx, way := request.Context(), &passage{}
	answers := make(chan answered, 1) // so that it ends where nobody waits
	go func() {
		answer, err := p.RoundTripper.RoundTrip(request.Clone(context.WithValue(ctx, passageKey{}, way))) //nolint:bodyclose // whoever takes the answer does
		answers <- answered{answer, err}
	}()
	late := time.NewTimer(silence)
	defer late.Stop()
	for {
		select {
		case a := <-answers:
			return p.given(a)
		case <-late.C:
			if way.waits() {
				defer attemptOf(request).waits(p.giver.Name)()
			} else {
				late.Reset(silence)
			}
		case <-ctx.Done():
			return p.leave(ctx, way, answers)
		}
	}
}

// given is how a request ended that was not left.
func (p prompt) given(a answered) (*http.Response, error) {
	if a.err != nil {
		return nil, p.giver.fault(a.err)
	}
	p.giver.said.forget()
	return a.answer, nil
}

// waits says whether a request still waits for its credentials.
func (p *passage) waits() bool {
	if !p.TryLock() {
		return false
	}
	defer p.Unlock()
	return !p.passed
}

// leave waits no longer for credentials. What came of a request that is on its way, only
// its own end says, which is near.
func (p prompt) leave(ctx context.Context, way *passage, answers chan answered) (*http.Response, error) {
	way.Lock()
	passed := way.passed
	way.Unlock()
	if passed {
		return p.given(<-answers)
	}
	go func() {
		if a := <-answers; a.err == nil {
			a.answer.Body.Close()
		}
	}()
	return nil, Waited{For: p.giver.Name, Cause: context.Cause(ctx)}
}

// WrappedRoundTripper is for client-go, which looks for what it can cancel.
func (p prompt) WrappedRoundTripper() http.RoundTripper { return p.RoundTripper }

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
