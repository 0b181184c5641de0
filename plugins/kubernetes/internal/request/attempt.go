package request

import (
	"context"
	"sync/atomic"
)

// Attempt is what is known of all requests that are made with its context. It is told of
// them by [Noting].
type Attempt struct {
	// Tell is told what the requests wait for; nil: nobody is.
	Tell func(message string)

	changed, ran atomic.Bool
	waiting      atomic.Int32 // requests without credentials
}

// attemptKey is where a context holds the attempt that it is of.
type attemptKey struct{}

// In returns a context whose requests the attempt knows of.
func (a *Attempt) In(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// Changed says whether the server may have changed something.
func (a *Attempt) Changed() bool { return a.changed.Load() }

// Ran says whether a program may have begun in a pod. What that changed, only who began
// it can say.
func (a *Attempt) Ran() bool { return a.ran.Load() }

// waits tells whom a request waits for, where that is the first of them, until it is ended.
func (a *Attempt) waits(giver string) (end func()) {
	if a.waiting.Add(1) == 1 && a.Tell != nil {
		a.Tell("waits for " + giver)
	}
	return func() { a.waiting.Add(-1) }
}

// attemptIn is the attempt that requests with a context are of; one that nobody asks where
// there is none.
func attemptIn(ctx context.Context) *Attempt {
	if a, is := ctx.Value(attemptKey{}).(*Attempt); is {
		return a
	}
	return &Attempt{}
}
