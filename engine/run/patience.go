package run

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// cancelGrace is how long an action may take to end when it was asked to, at least. After
// that the run goes on without it.
const cancelGrace = 45 * time.Second

// endGrace is how much longer it may take where the runbook says how long its end takes.
const endGrace = 15 * time.Second

// atWorkError ends an attempt whose action has not ended.
type atWorkError struct{ patience time.Duration }

func (e *atWorkError) Error() string {
	return fmt.Sprintf("the action did not end within %s of being asked to, and may still be at work", schema.Duration(e.patience))
}

func isAtWork(err error) bool {
	_, is := errors.AsType[*atWorkError](err)
	return is
}

// patience is how long an action is given to end when it was asked to.
func patience(use *plan.Use, params value.Value) time.Duration {
	if use.Describe.GraceParam == "" {
		return cancelGrace
	}
	text, err := params.RevealJSON()
	if err != nil {
		return cancelGrace
	}
	grace := use.Describe.Grace(text)
	if grace == 0 {
		return cancelGrace
	}
	return max(cancelGrace, min(grace, math.MaxInt64-endGrace)+endGrace)
}
