package machine

import (
	"encoding/json"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Command is what a driver must do. It is one of [Attempt], [Observe], [SetTimer],
// [Ask], [Cancel], [Record] and [Finish].
type Command interface{ command() }

// Attempt asks for one attempt at an action. The driver first journals its intent as
// [event.AttemptStarted], durably where the effect is not read, and answers with
// [event.AttemptFinished].
type Attempt struct {
	Op     event.Op
	Step   *plan.Step
	Use    *plan.Use // the action; for an own Undo that of the step itself
	Undo   bool      // call the action's own Undo instead of Apply
	Key    string
	Params value.Value
	// Timeout bounds the attempt; 0: nothing does.
	Timeout time.Duration
	// What an earlier Apply or attempt left behind.
	Before  json.RawMessage
	Outputs value.Value
	Notes   map[string]json.RawMessage
	// Seen is what the plan was made from that people agreed to, as far as it still counts.
	Seen []sdk.Seen
	// Started says, after a crash, that the intent is in the journal and the answer is
	// not: the driver asks the action's Observe before it does anything, and answers
	// with [event.AttemptObserved].
	Started bool
}

// Observe asks for an observation by a read action; the answer is [event.Observed].
type Observe struct {
	Op     event.Op
	Use    *plan.Use
	Params value.Value
	// Timeout bounds the observation.
	Timeout time.Duration
}

// SetTimer asks for [event.TimerFired] at a time.
type SetTimer struct{ Timer event.Timer }

// Ask puts a question to people. The driver journals it as [event.AskOpened]; the
// answer is [event.Answered].
type Ask struct {
	Op     event.Op
	Step   *plan.Step
	Use    *plan.Use // the action that asks: the step's, or its compensation's
	Key    string
	Params value.Value
}

// Cancel asks that the operation end soon. An attempt still answers; of an observation
// or a question no answer is waited for.
type Cancel struct{ Op event.Op }

// Record is a decision to be journaled.
type Record struct{ Event event.Event }

// Finish says that there is nothing more to do, now or until the run is resumed.
type Finish struct{ Result event.Result }

func (Attempt) command()  {}
func (Observe) command()  {}
func (SetTimer) command() {}
func (Ask) command()      {}
func (Cancel) command()   {}
func (Record) command()   {}
func (Finish) command()   {}
