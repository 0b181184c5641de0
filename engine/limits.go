package engine

import (
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/review"
)

// OverLimitError says that a plan goes over the limits of its runbook, so that no run of it
// begins.
type OverLimitError struct {
	Over []string // which, in words
}

// Error says which limits.
func (e *OverLimitError) Error() string {
	return "the plan goes over its limits: " + strings.Join(e.Over, "; ")
}

// WithinLimits refuses a plan that surely goes over a limit of its runbook, whatever becomes
// known in the run. Foreseen is as for [RunOptions].
func (p *Plan) WithinLimits(foreseen *event.Foreseen) error {
	if over := review.Over(p.Plan, foreseen); len(over) > 0 {
		return &OverLimitError{Over: over}
	}
	return nil
}
