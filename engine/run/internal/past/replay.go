// Package past reads what the journal of a run says of it: to a machine that has its plan, which
// a replay rebuilds, and to whoever has none, who is told whether it may have changed something.
// Part of engine/run.
package past

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/run/internal/hearing"
	"github.com/gatebook/gatebook/engine/run/internal/target"
)

// Replay rebuilds a machine from a journal, and holds every decision in it against
// what this version of gatebook decides.
type Replay struct {
	Machine *machine.Machine
	// Owed are the decisions that followed from the facts so far and that the journal
	// has not said yet. What is left at the end was lost in the crash.
	Owed []machine.Command
	// Known are the ids of the requests that are in the journal.
	Known   map[string]bool
	Targets *target.Known // takes what connections reached
	Heard   *hearing.Hearing
	Last    event.Event
	Began   event.Run // what was fixed when the run started
}

// Recall lets the machine know what the journal says before it is replayed.
func (r *Replay) Recall(folder *journal.Run) error {
	var past machine.Past
	_, err := folder.Replay(func(record journal.Record) error {
		var e event.Event
		if err := json.Unmarshal(record.Payload, &e); err != nil {
			return fmt.Errorf("record %d is no event: %w", record.Seq, err)
		}
		past.Note(e)
		return nil
	})
	r.Machine.Recall(past)
	return err
}

// Record takes in a record of the journal. The error is a [DivergedError] where it says what
// this version of gatebook does not, and a [hearing.ForgedError] where an answer does not count.
func (r *Replay) Record(record journal.Record) error {
	var e event.Event
	if err := json.Unmarshal(record.Payload, &e); err != nil {
		return fmt.Errorf("record %d is no event: %w", record.Seq, err)
	}
	r.Last = e
	if e.Run != nil {
		r.Began = *e.Run
	}
	if e.Target != nil {
		r.Targets.Learn(*e.Target)
	}
	if err := r.Heard.Read(e); err != nil {
		return err
	}
	if e.Request != "" {
		r.Known[e.Request] = true
	}
	if e.Type.Decision() {
		return r.decision(record.Seq, e)
	}
	if e.Type == event.GivenUp {
		r.Owed = nil // whoever gave the run up had no plan to know them by
	}
	for _, command := range r.Machine.Next(e) {
		if c, ok := command.(machine.Record); ok {
			r.Owed = append(r.Owed, c)
		}
	}
	return nil
}

func (r *Replay) decision(seq uint64, e event.Event) error {
	if len(r.Owed) == 0 {
		return &DivergedError{Seq: seq, Journal: summary(e), Computed: "nothing"}
	}
	expected := r.Owed[0].(machine.Record).Event
	r.Owed = r.Owed[1:]
	if summary(e) != summary(expected) {
		return &DivergedError{Seq: seq, Journal: summary(e), Computed: summary(expected)}
	}
	return nil
}

// Ends reports whether the end of the run, rather than a pause, was lost in the crash.
func (r *Replay) Ends() bool {
	return slices.ContainsFunc(r.Owed, func(c machine.Command) bool {
		e := c.(machine.Record).Event
		return e.Type == event.RunFinished && e.Result.Outcome != event.OutcomePaused
	})
}

// summary is what two decisions must agree on.
func summary(e event.Event) string {
	text := string(e.Type)
	if e.Op != nil {
		text += fmt.Sprintf(" %s/%s", e.Op.Step, e.Op.Part)
		if e.Op.Attempt > 0 {
			text += fmt.Sprintf("[%d]#%d", e.Op.Index, e.Op.Attempt)
		}
	}
	switch {
	case e.Verdict != nil:
		text += " " + e.Verdict.Truth
	case e.Result != nil:
		text += " " + string(e.Result.Outcome)
	default:
		text += " " + string(e.Status) + string(e.Mode) + e.Name
	}
	return text
}

// DivergedError says that this version of gatebook decides otherwise than the one that
// wrote the journal, so that it must not go on with the run.
type DivergedError struct {
	Seq      uint64
	Journal  string // what the journal says was decided
	Computed string // what this version decides
}

// Error says where the two part.
func (e *DivergedError) Error() string {
	return fmt.Sprintf("record %d of the journal says %s where this version of gatebook decides %s; "+
		"resume the run with the version that began it", e.Seq, e.Journal, e.Computed)
}
