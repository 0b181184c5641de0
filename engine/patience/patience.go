// Package patience bounds what a person waits for while a plan asks actions what would be done
// and what is so: how long each may take, and what is being asked at a time.
//
// What an answer means it leaves to who asks. Floor 0.
package patience

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// grace is how long is waited for the end of what was asked to end.
const grace = 2 * time.Second

// Limited bounds all that is asked for one plan, which may take so long, of which that is left.
func Limited(ctx context.Context, limit, left time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, left, fmt.Errorf("all that a plan asks may take %s, and took longer", limit))
}

// CutError is why something was asked to end before it had.
type CutError struct {
	After time.Duration // it alone had so long
	All   error         // why everything was to end; nil: it alone was
	deaf  bool          // it did not end then either
}

func (e *CutError) Error() string {
	text := fmt.Sprintf("it had not ended after %s", e.After)
	if e.All != nil {
		text = e.All.Error()
	}
	if e.deaf {
		text += "; it did not end when it was asked to"
	}
	return text
}

// Unwrap returns why everything was to end.
func (e *CutError) Unwrap() error { return e.All }

// Within asks for an answer, which may take so long. What does not end when it is asked to is
// left behind, so that no person waits for it. The error is a [CutError] where it was cut off.
func Within[T any](ctx context.Context, limit time.Duration, ask func(context.Context) (T, error)) (T, error) {
	var none T
	if ctx.Err() != nil {
		return none, &CutError{After: limit, All: context.Cause(ctx)}
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	type end struct {
		answer T
		err    error
	}
	ended := make(chan end, 1) // so that one that is left behind can end
	go func() {
		answer, err := ask(bounded)
		ended <- end{answer, err}
	}()
	late := make(chan struct{})
	stop := context.AfterFunc(bounded, func() { time.AfterFunc(grace, func() { close(late) }) })
	defer stop()
	select {
	case e := <-ended:
		if e.err != nil && bounded.Err() != nil {
			return none, &CutError{After: limit, All: context.Cause(ctx)}
		}
		return e.answer, e.err
	case <-late:
		return none, &CutError{After: limit, All: context.Cause(ctx), deaf: true}
	}
}

// Asking keeps what is being asked, for a person who waits.
type Asking struct {
	mu    sync.Mutex
	asked []string
	tell  func(asked []string)
}

// NewAsking returns what tells what is being asked, each time that this changes, and never
// twice at one time; nil: nobody is told.
func NewAsking(tell func(asked []string)) *Asking { return &Asking{tell: tell} }

// Begin says that something is being asked, until what it returns is called.
func (a *Asking) Begin(what string) (end func()) {
	if a.tell == nil {
		return func() {}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, what)
	a.tell(slices.Clone(a.asked))
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		at := slices.Index(a.asked, what)
		a.asked = slices.Delete(a.asked, at, at+1)
		a.tell(slices.Clone(a.asked))
	}
}
