// Package ending is how the use of an action ends: how long it is waited for, and what the
// journal says of why it failed. Part of engine/run.
package ending

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// Grace is how long an action may take to end when it was asked to, at least. After
// that the run goes on without it.
const Grace = 45 * time.Second

// endGrace is how much longer it may take where the runbook says how long its end takes.
const endGrace = 15 * time.Second

// AtWorkError ends an attempt whose action has not ended.
type AtWorkError struct{ Patience time.Duration }

// Error says how long it was waited for.
func (e *AtWorkError) Error() string {
	return fmt.Sprintf("the action did not end within %s of being asked to, and may still be at work", schema.Duration(e.Patience))
}

// IsAtWork reports whether an error is of an action that may still be at work.
func IsAtWork(err error) bool {
	_, is := errors.AsType[*AtWorkError](err)
	return is
}

// Patience is how long an action is given to end when it was asked to.
func Patience(use *plan.Use, params value.Value) time.Duration {
	if use.Describe.GraceParam == "" {
		return Grace
	}
	text, err := params.RevealJSON()
	if err != nil {
		return Grace
	}
	grace := use.Describe.Grace(text)
	if grace == 0 {
		return Grace
	}
	return max(Grace, min(grace, math.MaxInt64-endGrace)+endGrace)
}
