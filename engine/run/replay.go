package run

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/run/internal/target"
)

// replay rebuilds a machine from a journal, and holds every decision in it against
// what this version of gatebook decides.
type replay struct {
	machine *machine.Machine
	// owed are the decisions that followed from the facts so far and that the journal
	// has not said yet. What is left at the end was lost in the crash.
	owed []machine.Command
	// known are the ids of the requests that are in the journal.
	known   map[string]bool
	targets *target.Known // takes what connections reached
	last    event.Event
	trace   string // the trace context of the run
	seal    string // the digest of the sealed plan that it carries out
}

// recall lets the machine know what the journal says before it is replayed.
func (r *replay) recall(folder *journal.Run) error {
	var past machine.Past
	_, err := folder.Replay(func(record journal.Record) error {
		var e event.Event
		if err := json.Unmarshal(record.Payload, &e); err != nil {
			return fmt.Errorf("record %d is no event: %w", record.Seq, err)
		}
		past.Note(e)
		return nil
	})
	r.machine.Recall(past)
	return err
}

func (r *replay) record(record journal.Record) error {
	var e event.Event
	if err := json.Unmarshal(record.Payload, &e); err != nil {
		return fmt.Errorf("record %d is no event: %w", record.Seq, err)
	}
	r.last = e
	if e.Run != nil {
		r.trace, r.seal = e.Run.Trace, e.Run.Seal
	}
	if e.Target != nil {
		r.targets.Learn(*e.Target)
	}
	if e.Request != "" {
		r.known[e.Request] = true
	}
	if e.Type.Decision() {
		return r.decision(record.Seq, e)
	}
	if e.Type == event.GivenUp {
		r.owed = nil // whoever gave the run up had no plan to know them by
	}
	for _, command := range r.machine.Next(e) {
		if c, ok := command.(machine.Record); ok {
			r.owed = append(r.owed, c)
		}
	}
	return nil
}

func (r *replay) decision(seq uint64, e event.Event) error {
	if len(r.owed) == 0 {
		return &DivergedError{Seq: seq, Journal: summary(e), Computed: "nothing"}
	}
	expected := r.owed[0].(machine.Record).Event
	r.owed = r.owed[1:]
	if summary(e) != summary(expected) {
		return &DivergedError{Seq: seq, Journal: summary(e), Computed: summary(expected)}
	}
	return nil
}

// ends reports whether the end of the run, rather than a pause, was lost in the crash.
func (r *replay) ends() bool {
	return slices.ContainsFunc(r.owed, func(c machine.Command) bool {
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
