// Package probe tries something until it succeeds, once or several times in a row,
// within a time. It is what the checks among the built-in actions share; what a probe
// does it leaves to them. Floor 2, as a part of steps.
package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// minInterval keeps an interval of zero from being a busy loop.
const minInterval = 10 * time.Millisecond

// Polling is how is probed, and how often; the inputs of actions that wait embed it.
type Polling struct {
	Timeout     schema.Duration `json:"timeout" default:"5s" doc:"How long one probe may take."`
	Interval    schema.Duration `json:"interval" default:"1s" doc:"Pause between two probes."`
	Consecutive int             `json:"consecutive" default:"1" min:"1" max:"1000" doc:"How many probes in a row must succeed. A failed one starts the count again."`
}

// Checking is polling that ends with the first failure, unless more time is given; the
// inputs of checks embed it.
type Checking struct {
	Within schema.Duration `json:"within" default:"0s" doc:"How long to try again while the check fails. With 0s the first failure ends it."`
	Polling
}

// For is how a request is served, and for how long: one that is made for a plan is served by
// one probe.
func (p Polling) For(request sdk.Request, within schema.Duration) (Polling, time.Duration) {
	if request.InPlan {
		p.Consecutive = 1
		return p, 0
	}
	return p, within.Std()
}

// Until probes until p.Consecutive probes in a row succeed, and returns the last
// result. A transient failure is tried again until within has passed; with zero it
// ends the check, like any other failure.
func Until[T any](ctx context.Context, host sdk.Host, p Polling, within time.Duration, probe func(context.Context) (T, error)) (T, error) {
	var none T
	start, interval := time.Now(), max(p.Interval.Std(), minInterval)
	for row := 0; ; {
		result, err := Once(ctx, p.Timeout.Std(), probe)
		if ctx.Err() != nil {
			return none, context.Cause(ctx)
		}
		over := time.Since(start)+interval > within
		if err == nil {
			row++
			if row >= p.Consecutive {
				return result, nil
			}
			if within > 0 && over {
				return none, sdk.Errorf(sdk.Transient, "only %d of %d probes in a row succeeded within %s", row, p.Consecutive, schema.Duration(within))
			}
		} else {
			row = 0
			if over || sdk.AsError(err).Class != sdk.Transient {
				return none, err
			}
		}
		host.Progress(progress(row, p.Consecutive, err))
		if err := Sleep(ctx, interval); err != nil {
			return none, err
		}
	}
}

// Once probes once. That it took longer than the timeout is a transient error; that the
// timeout leaves no time at all is one of the parameter.
func Once[T any](ctx context.Context, timeout time.Duration, probe func(context.Context) (T, error)) (T, error) {
	if timeout <= 0 {
		var none T
		return none, sdk.FieldErrorf("timeout", "%s leaves no time for an answer", schema.Duration(timeout))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	result, err := probe(ctx)
	if err != nil && errors.Is(err, context.DeadlineExceeded) {
		return result, sdk.Errorf(sdk.Transient, "no answer within %s", schema.Duration(timeout))
	}
	return result, err
}

func progress(row, need int, err error) sdk.Progress {
	if err != nil {
		return sdk.Progress{Message: "not yet: " + err.Error()}
	}
	return sdk.Progress{Message: fmt.Sprintf("%d of %d in a row", row, need), Done: int64(row), Total: int64(need)}
}

// Sleep waits, or returns why the context ended.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Latency is the time since start, as precise as a reader needs it.
func Latency(start time.Time) schema.Duration {
	return schema.Duration(time.Since(start).Round(time.Microsecond))
}

// Reason is why the network failed: the error itself, or the end of the time.
func Reason(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return context.DeadlineExceeded
	}
	return err
}
