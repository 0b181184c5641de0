package wording

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Outcome completes "the run …".
func Outcome(r *event.Result) string {
	switch r.Outcome {
	case event.OutcomeSucceeded:
		return "succeeded"
	case event.OutcomeFailed, event.OutcomeRolledBack:
		return becameWords(r)
	case event.OutcomeGateClosed:
		if Refused(r) {
			return "was refused; nothing was changed" + ButFinally(r)
		}
		if OverLimit(r) {
			return "stopped at a limit; nothing was changed" + ButFinally(r)
		}
		return "stopped at a closed gate; nothing was changed" + ButFinally(r)
	case event.OutcomeStuck:
		return stuckWords(r)
	case event.OutcomePaused:
		return "is paused and can be resumed"
	default:
		return string(r.Outcome)
	}
}

// ButFinally completes that nothing was changed by a run that was stopped before, but for what its
// finally does in any case; empty: that did nothing.
func ButFinally(r *event.Result) string {
	if len(r.Changed) == 0 {
		return ""
	}
	return " but by finally"
}

func stuckWords(r *event.Result) string {
	const needed = ": a person is needed"
	switch {
	case AtWork(r):
		return failedWords(r) + ", and " + layout.Steps(r.Lost) + " may still be at work" + needed
	case EndedBadly(r):
		return becameWords(r) + ", but " + layout.Steps(r.Finally) + " of finally failed" + needed
	case TakenBack(r):
		return Back(r) + needed
	default:
		return "failed and could not be taken back cleanly" + needed
	}
}

// AtWork reports whether a person is needed for nothing but steps that did not end.
func AtWork(r *event.Result) bool {
	return r.Outcome == event.OutcomeStuck && len(r.Left) == 0 && len(r.Lost) > 0
}

// EndedBadly reports whether a person is needed for nothing but steps of `finally`.
func EndedBadly(r *event.Result) bool {
	return r.Outcome == event.OutcomeStuck && len(r.Left) == 0 && len(r.Lost) == 0 && len(r.Finally) > 0
}

// TakenBack reports whether a run ended by a rollback that a person asked for, rather than
// by a failure.
func TakenBack(r *event.Result) bool { return AskedFor(r) && !r.AskedBack.IsZero() }

// Refused reports whether it was a person's no that a run ended by.
func Refused(r *event.Result) bool { return r.Failure != nil && r.Failure.Class == event.Refused }

// OverLimit reports whether a run ended as it would have gone over a limit of its runbook.
func OverLimit(r *event.Result) bool { return r.Failure != nil && r.Failure.Class == event.OverLimit }

// becameWords says that a run failed, or was taken back, and what became of its changes.
func becameWords(r *event.Result) string {
	switch {
	case TakenBack(r):
		return takenBackWords(r)
	case len(r.Changed) == 0 && len(r.Undone) == 0:
		return "failed; nothing was changed"
	case len(r.Undone) == 0:
		return "failed; what it changed stays"
	case len(r.Changed) == 0:
		return "failed; everything it changed was taken back"
	default:
		return "failed; what can be taken back was taken back; " + stay(r.Changed)
	}
}

func takenBackWords(r *event.Result) string {
	words := Back(r)
	switch {
	case len(r.Changed) == 0 && len(r.Undone) == 0:
		return words + "; nothing was changed"
	case len(r.Undone) == 0:
		return words + "; nothing that it changed can be; " + stay(r.Changed)
	case len(r.Changed) == 0:
		return words
	default:
		return words + "; " + stay(r.Changed)
	}
}

// failedWords says that a run failed, or whether it was taken back.
func failedWords(r *event.Result) string {
	if TakenBack(r) {
		return Back(r)
	}
	return "failed"
}

// Back says of a run that a person asked to take back whether it was.
func Back(r *event.Result) string {
	switch {
	case len(r.Left) > 0:
		return "could not be taken back cleanly"
	case len(r.Undone) == 0, len(r.Lost) > 0:
		return "was to be taken back"
	default:
		return WasTakenBack
	}
}

// WasTakenBack are the [Back] of a run of which nothing is left to take back.
const WasTakenBack = "was taken back"

// AskedFor reports whether a run ended as it did because a person asked for that, and
// not by a step that failed.
func AskedFor(r *event.Result) bool {
	return r.Failure != nil && r.Failure.Class == sdk.Cancelled && r.Step == ""
}

// stay says that the changes of steps stay.
func stay(ids []string) string {
	if len(ids) == 1 {
		return ids[0] + " stays"
	}
	return layout.Steps(ids) + " stay"
}

// Mark is the state of a step whose sign stands for the outcome.
func Mark(o event.Outcome) event.Status {
	switch o {
	case event.OutcomeSucceeded:
		return event.Succeeded
	case event.OutcomeRolledBack:
		return event.Undone
	case event.OutcomePaused, event.OutcomeGateClosed:
		return event.Waiting
	case event.OutcomeFailed, event.OutcomeStuck:
		return event.Failed
	default:
		return event.Failed
	}
}

// Mode says which way the run goes.
func Mode(m event.Mode) string {
	switch m {
	case event.Going:
		return "the run goes on"
	case event.Draining:
		return "nothing new starts"
	case event.Reverse:
		return "what was changed is taken back"
	case event.Closing:
		return "the steps of finally run"
	case event.Paused:
		return "the run is paused"
	case event.Ended:
		return "the run ended"
	default:
		return string(m)
	}
}

func modeMark(m event.Mode) event.Status {
	switch m {
	case event.Reverse:
		return event.Undoing
	case event.Draining, event.Paused:
		return event.Waiting
	case event.Going, event.Closing, event.Ended:
		return event.Running
	default:
		return event.Running
	}
}
