package run

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/run/internal/past"
	"github.com/gatebook/gatebook/engine/run/internal/target"
)

// AbandonedError says that a run was left off because its state, the journal above all,
// could no longer be kept. The run can be resumed.
type AbandonedError struct {
	Run      string
	InFlight []string          // the steps that were being done when it happened
	Ended    map[string]string // how these ended; the journal does not know
	Cause    error
}

// Error says what happened, what state things are in, and what to type next.
func (e *AbandonedError) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "run %s was left off, as its state cannot be kept: %v\n", e.Run, e.Cause)
	if len(e.InFlight) == 0 {
		text.WriteString("no step was being done; everything up to then is in the journal\n")
	} else {
		text.WriteString("these steps were being done, and their results may not be in the journal:\n")
		for _, step := range slices.Sorted(slices.Values(e.InFlight)) {
			fmt.Fprintf(&text, "  %s: %s\n", step, e.Ended[step])
		}
	}
	fmt.Fprintf(&text, "when the cause is mended, go on with: gatebook resume %s", e.Run)
	return text.String()
}

// Unwrap returns what went wrong with the journal.
func (e *AbandonedError) Unwrap() error { return e.Cause }

// DivergedError says that this version of gatebook decides otherwise than the one that
// wrote the journal, so that it must not go on with the run.
type DivergedError = past.DivergedError

// OtherTargetError says that a connection reaches something else than it did when the run
// first used it, or than people saw before the run began. Nothing is done to that.
type OtherTargetError = target.OtherError

// StoppedError says that whoever took a run up was asked to end before anything was done.
type StoppedError struct{ Run string }

// Error says what was being done.
func (e *StoppedError) Error() string {
	return "run " + e.Run + " stays as it is: it was stopped while its connections were looked at"
}
