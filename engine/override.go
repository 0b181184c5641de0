package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/run"
)

// OverrideError says why a window cannot be overridden. Nothing was begun.
type OverrideError struct {
	Window string
	Cause  string
	Near   string // what was perhaps meant; empty: nothing is like it
}

// Error says which window, and why.
func (e *OverrideError) Error() string {
	return fmt.Sprintf("the window %s is not overridden: %s", e.Window, e.Cause)
}

// mayOverride returns an [OverrideError] where a window is not there, or nobody answers for its
// being overridden, or gives no reason, and a [DeniedError] where the policy does not let them.
// began says who sealed the plan and began the run, as far as that is known already.
func (p *Plan) mayOverride(overrides []event.Override, began event.Run, now time.Time) error {
	for _, o := range overrides {
		switch {
		case !slices.Contains(p.windows, o.Window):
			near, _ := diag.Nearest(o.Window, p.windows)
			return &OverrideError{Window: o.Window, Cause: "the runbook has no such window", Near: near}
		case strings.TrimSpace(o.By) == "":
			return &OverrideError{Window: o.Window, Cause: "it is not known who asks for it"}
		case strings.TrimSpace(o.Reason) == "":
			return &OverrideError{Window: o.Window, Cause: "there is no reason for it"}
		}
		act := run.ActOf(p.Plan)
		act.Window = o.Window
		if err := p.policy.MayOverride(act, o.By, began.Author, began.By, now); err != nil {
			return denied(o.By, "override the window "+o.Window, err)
		}
	}
	return nil
}
