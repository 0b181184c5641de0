package rehearsal

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Kind is a way in which something goes otherwise than it should.
type Kind string

// The kinds. The last two are no failures: a run may well go so.
const (
	Transient   Kind = "transient error"                   // the attempt fails, and nothing was changed
	Permanent   Kind = "permanent error"                   // the attempt fails half-way
	Timeout     Kind = "timeout"                           // it is done, and nobody is told in time
	CrashBefore Kind = "crash before"                      // gatebook dies when the intent is on disk, and nothing is done
	CrashAfter  Kind = "crash after"                       // gatebook dies when it is done, and its answer is not on disk
	CrashBlind  Kind = "crash, and its action cannot tell" // so that a person has to look
	Refused     Kind = "refusal"                           // somebody says no
	Silence     Kind = "nobody answers"                    // nobody says anything
	TurnsFalse  Kind = "turns false"                       // a condition of a gate is false from then on
	NeverTrue   Kind = "never true"                        // a condition after the action, or after a batch, is
	Skipped     Kind = "skipped"                           // a `when` is false that nobody knows before
	TakenBack   Kind = "taken back by hand"                // a person has the run taken back
)

// Places beside steps at which a run may go otherwise: it has paused, or it has ended.
const (
	AtPause event.Part = "pause"
	AtEnd   event.Part = "end"
)

// Deviation is one thing that goes otherwise: the operation, and at which time that it is come to.
type Deviation struct {
	Op   event.Op
	Time int // from 1; more than once where it is looked at, or done, again
	Kind Kind
}

// String says what goes otherwise.
func (d Deviation) String() string {
	text := string(d.Kind)
	switch d.Op.Part {
	case AtPause:
		return "the run has paused: " + text
	case AtEnd:
		return "the run has ended: " + text
	case event.Do:
	case event.Undo:
		text = "rollback: " + text
	case event.Gate, event.Verify, event.Between:
		text = fmt.Sprintf("%s %d: %s", d.Op.Part, d.Op.Index+1, text)
	default:
		text = string(d.Op.Part) + ": " + text
	}
	if d.Op.Attempt > 1 {
		text += fmt.Sprintf(" at attempt %d", d.Op.Attempt)
	} else if d.Time > 1 {
		text += ", the second time"
	}
	return d.Op.Step + ": " + text
}

// Choice is a moment of a run at which something may go otherwise.
type Choice struct {
	Op    event.Op
	Time  int
	Kinds []Kind
	// Alone is all that becomes of the attempt depends on until it is made good, where nothing
	// else is under way; zero: something is, or nobody can tell.
	Alone State

	moment int // how much had happened before
}

// attemptKinds are the ways in which an attempt may go otherwise, and askKinds a question.
func attemptKinds(a machine.Attempt) []Kind {
	kinds := []Kind{Transient, Permanent, Timeout, CrashBefore, CrashAfter}
	if describe := a.Use.Describe; a.Use.Effect != sdk.Read && describe.CanObserve && !describe.Idempotent {
		kinds = append(kinds, CrashBlind)
	}
	return kinds
}

func askKinds() []Kind { return []Kind{Refused, Silence, CrashBefore} }

// conditionKinds are the ways in which a condition that is open may go otherwise.
func conditionKinds(part event.Part) []Kind {
	switch part {
	case event.When:
		return []Kind{Skipped}
	case event.Gate:
		return []Kind{TurnsFalse}
	default:
		return []Kind{NeverTrue}
	}
}
