package past

import (
	"encoding/json"
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Tale is what a journal tells of its run to whoever has no plan.
type Tale struct {
	First, Last event.Event
	Ended       bool            // and not only paused
	Known       map[string]bool // the ids of the requests that are in the journal

	reads   map[string]bool   // the steps that only read
	open    map[event.Op]bool // the tries of which nothing is known but that they began
	changed bool              // a try may have changed something, whatever came of later ones
}

// TaleOf returns the tale of a run's journal before its first record. began is what was fixed
// when the run started.
func TaleOf(folder *journal.Run, began event.Run) *Tale {
	return &Tale{Known: make(map[string]bool), reads: readsOf(folder, began), open: make(map[event.Op]bool)}
}

// MayHaveChanged reports whether the run may have changed something, or has something in flight
// that may.
func (t *Tale) MayHaveChanged() bool { return t.changed || len(t.open) > 0 }

// Record takes in a record of the journal.
func (t *Tale) Record(record journal.Record) error {
	var e event.Event
	if err := json.Unmarshal(record.Payload, &e); err != nil {
		return fmt.Errorf("record %d is no event: %w", record.Seq, err)
	}
	t.Last = e
	if e.Request != "" {
		t.Known[e.Request] = true
	}
	switch e.Type {
	case event.RunStarted:
		t.First = e
	case event.ModeChanged:
		t.Ended = false
	case event.RunFinished:
		t.Ended = e.Result != nil && e.Result.Outcome != event.OutcomePaused
	case event.AttemptStarted:
		t.began(e)
	case event.AttemptFinished:
		t.closed(e, e.Failure != nil && e.Failure.Unchanged && e.Failure.Class != event.Lost)
	case event.AttemptObserved:
		t.closed(e, e.State == sdk.Untouched)
	case event.Answered:
		t.closed(e, e.Answer == nil || !e.Answer.Approved)
	default:
	}
	return nil
}

// began takes in a try. Numbers are given again: by a resume, which tries a step anew, and for
// a try that a crash cut off. What that did is not known then, and not told by the next.
func (t *Tale) began(e event.Event) {
	if !t.mayChange(e.Op) {
		return
	}
	t.changed = t.changed || t.open[*e.Op]
	t.open[*e.Op] = true
}

// closed takes in what became of a try: that alone, and of no other of its number.
func (t *Tale) closed(e event.Event, unchanged bool) {
	if !t.mayChange(e.Op) {
		return
	}
	t.changed = t.changed || !unchanged
	delete(t.open, *e.Op)
}

func (t *Tale) mayChange(op *event.Op) bool {
	return op != nil && (op.Part == event.Undo || !t.reads[op.Step])
}

// readsOf are the steps of a run that only read, by the plan that it keeps. Where nothing
// vouches for that, none is known to.
func readsOf(folder *journal.Run, began event.Run) map[string]bool {
	reads := make(map[string]bool)
	var kept plan.Plan
	document, err := folder.Plan()
	if err != nil || began.VouchesForPlan(document) != nil || json.Unmarshal(document, &kept) != nil {
		return reads
	}
	for _, step := range kept.Steps {
		reads[step.ID] = !step.Changes()
	}
	return reads
}
