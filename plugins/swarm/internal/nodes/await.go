package nodes

import (
	"context"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// sight is what a look sees of what is awaited.
type sight struct {
	sdk.Progress
	done  bool
	ahead int    // how far it is: what comes and goes again and again is not further than it was
	wrong string // what keeps it, as far as that is known; empty: it goes on
}

const (
	lookAgain = time.Second
	// A look that takes long is made more seldom, so that the manager is asked for little of its time.
	restAfter = 5
)

// await looks until it sees what is awaited, tells what is new, and gives up where nothing has gone on for
// the time of stall while something is known to be wrong. A swarm without a leader, or an engine that does
// not answer, may come back: that is told, and looked at again.
func await(ctx context.Context, what string, stall time.Duration, tell func(sdk.Progress), look func(context.Context) (sight, error)) error {
	var last string
	var best *int // how far it has been at most; nil: nothing was seen yet
	moved := time.Now()
	for {
		began := time.Now()
		seen, err := look(ctx)
		switch {
		case ctx.Err() != nil:
			return sdk.StoppedErrorf(ctx, "waited until %s: %s", what, last)
		case err != nil && sdk.AsError(err).Class != sdk.Transient:
			return err
		case err != nil:
			seen = sight{Progress: sdk.Progress{Message: err.Error()}}
		case seen.done:
			tell(seen.Progress)
			return nil
		}
		if seen.Message != last {
			last = seen.Message
			tell(seen.Progress)
		}
		now := time.Now()
		switch {
		case err != nil, seen.wrong == "":
			moved = now
		case best == nil || seen.ahead > *best:
			moved, best = now, &seen.ahead
		case now.Sub(moved) >= stall:
			return sdk.Errorf(sdk.Permanent, "waited until %s, and nothing has gone on for %s: %s; %s", what, stall, last, seen.wrong)
		}
		select {
		case <-ctx.Done():
		case <-time.After(max(lookAgain, restAfter*now.Sub(began))):
		}
	}
}
