package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/request"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Awaited is something that an action waits for.
type Awaited struct {
	What    string          // "the Job shop/load is complete", for a sentence
	Timeout schema.Duration // after which the wait is a transient error
	// Look says what it sees, and whether that is what is awaited. Its transient errors
	// do not end the wait, since an API server that is away comes back. A look that does
	// something as well says what it saw also where it was cut off.
	Look func(ctx context.Context) (seen string, done bool, err error)
	Tell func(seen string) // is told what is seen whenever that is new
	// Sources are watches of what Look looks at, so that it need not be asked often.
	Sources []Source
	// Again bounds how long a look may be owed to a watch; 0: five seconds.
	Again time.Duration
}

// errTimeout tells the timeout of a wait from the end of the attempt.
var errTimeout = errors.New("the timeout passed")

const (
	// settle lets a burst of changes come in before the next look.
	settle = 100 * time.Millisecond
	// lookAgain is for whoever sets no Again.
	lookAgain = 5 * time.Second
)

// Await looks until it sees what is awaited. Where the wait ends before, its error says
// what was seen last.
func Await(outer context.Context, a Awaited) error {
	ctx, cancel := context.WithTimeoutCause(outer, a.Timeout.Std(), errTimeout)
	defer cancel()
	wakes := Wakes(ctx, a.Sources...)
	last := "nothing"
	for {
		seen, done, err := a.Look(ctx)
		switch {
		case err == nil && done:
			return nil
		case ctx.Err() != nil:
			if waited, is := errors.AsType[request.Waited](err); is {
				last += ", and since then it " + waited.What()
			}
			return a.unfinished(ctx, cmp.Or(seen, last))
		case err != nil && sdk.AsError(err).Class != sdk.Transient:
			return err
		case err != nil:
			seen = err.Error()
		}
		if seen != last {
			last = seen
			a.Tell(seen)
		}
		select {
		case <-ctx.Done():
			return a.unfinished(ctx, last)
		case <-time.After(cmp.Or(a.Again, lookAgain)):
		case <-wakes:
			Pause(ctx, settle)
		}
	}
}

func (a Awaited) unfinished(ctx context.Context, last string) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errTimeout) {
		return sdk.Errorf(sdk.Transient, "it is not so within %s that %s; seen last: %s", a.Timeout, a.What, last)
	}
	return fmt.Errorf("the wait until %s was ended; seen last: %s: %w", a.What, last, cause)
}
