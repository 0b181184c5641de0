package report

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
)

// outcomeWords completes "the run …".
func outcomeWords(o event.Outcome) string {
	switch o {
	case event.OutcomeSucceeded:
		return "succeeded"
	case event.OutcomeFailed:
		return "failed; what it changed stays"
	case event.OutcomeRolledBack:
		return "failed; everything it changed was taken back"
	case event.OutcomeGateClosed:
		return "did not start its work: a gate was closed, and nothing was changed"
	case event.OutcomeStuck:
		return "failed and could not be taken back cleanly: a person is needed"
	case event.OutcomePaused:
		return "is paused and can be resumed"
	default:
		return string(o)
	}
}

func outcomeMark(o event.Outcome) event.Status {
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

// modeWords says which way the run goes.
func modeWords(m event.Mode) string {
	switch m {
	case event.Going:
		return "the run goes on"
	case event.Draining:
		return "nothing new starts; what changes is waited for"
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

// plural counts things: "1 step", "3 steps".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
