package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
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
// being overridden, or gives no reason. Who may do it at all is not decided yet: a policy asks
// here, where each override comes by, of a new run and of one that is taken up.
func (p *Plan) mayOverride(overrides []event.Override) error {
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
	}
	return nil
}
