package ending

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Failure makes of an action's error what the journal says of it. ctx is that in which the
// action was used.
func Failure(ctx context.Context, use *plan.Use, err error) *event.Failure {
	typed := sdk.AsError(err)
	failure := &event.Failure{
		Class: typed.Class, Field: typed.Field, Message: typed.Message, Unchanged: typed.Unchanged, Outdated: typed.Outdated,
		Connection: typed.Connection,
	}
	if at, hides := use.Place(typed); !at.IsZero() && !hides { // else who reads of the failure would be shown the line
		failure.Place = &event.Place{File: at.File.Name(), Start: at.From(), End: at.To()}
	}
	switch ended := endOf(ctx, typed.Class); {
	case ended == nil:
	case IsAtWork(err) && errors.Is(ended, context.DeadlineExceeded):
		// A retry, as after a timeout, would work beside it.
	case errors.Is(ended, context.DeadlineExceeded):
		failure.Class, failure.Message = sdk.Timeout, endedBy(ended, "it ran out of time", failure.Message)
	default:
		failure.Class, failure.Message = sdk.Cancelled, endedBy(ended, event.WasCancelled, failure.Message)
	}
	return failure
}

// timerDelay is how much later than a plugin, which is told the deadline, a context may
// notice it.
const timerDelay = 50 * time.Millisecond

// endOf returns why a context has ended under what failed with the class; nil: it has not.
func endOf(ctx context.Context, class sdk.Class) error {
	if _, bounded := ctx.Deadline(); bounded && class == sdk.Timeout && ctx.Err() == nil {
		late := time.NewTimer(timerDelay)
		defer late.Stop()
		select {
		case <-ctx.Done():
		case <-late.C:
		}
	}
	return ctx.Err()
}

// endedBy says what ended an action and what it says to that, without the words that Go
// has for the same.
func endedBy(ended error, what, said string) string {
	said = strings.TrimSuffix(strings.TrimSuffix(said, ended.Error()), ": ")
	if said == "" {
		return what
	}
	return what + ": " + said
}
