package run

import (
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// abandon ends the driver when the state of the run can no longer be kept: nothing new
// starts, and what is being changed is not broken off half-way.
func (d *driver) abandon(cause error) error {
	if d.nothingWritten(cause) {
		return fmt.Errorf("run %s could not begin, and nothing was done; start it anew when the cause is mended: %w", d.folder.ID(), cause)
	}
	abandoned := &AbandonedError{Run: d.folder.ID(), Ended: d.ended, Cause: cause}
	for step := range d.ended {
		abandoned.InFlight = append(abandoned.InFlight, step)
	}
	for _, command := range d.todo {
		if a, ok := command.(machine.Attempt); ok && a.Use.Effect != sdk.Read && !a.Started {
			abandoned.InFlight = append(abandoned.InFlight, a.Op.Step)
			d.ended[a.Op.Step] = "not begun"
		}
	}
	for op, w := range d.work {
		if w.effect == sdk.Read || w.looks {
			d.forget(op)
			continue
		}
		abandoned.InFlight = append(abandoned.InFlight, op.Step)
	}
	for len(d.work) > 0 {
		if d.asked.Type == event.CancelAsked {
			for _, w := range d.work {
				w.cancel()
			}
		}
		select {
		case m := <-d.arrived:
			if m.saved != nil {
				m.saved <- cause
			}
			if _, waited := d.work[opOf(m.fact)]; waited {
				d.ended[m.fact.Op.Step] = outcomeOf(m.fact)
				d.forget(*m.fact.Op)
			}
		case d.asked = <-d.process.Controls:
		}
	}
	return abandoned
}

// nothingWritten reports whether the journal is empty: its very first record could not
// be written, or it cannot hold that.
func (d *driver) nothingWritten(cause error) bool {
	if failed, ok := errors.AsType[*journal.WriteError](cause); ok {
		return failed.Written == 0
	}
	return d.begins && d.journal.Stats().Bytes == 0
}

// opOf returns the operation that an event ends; the zero one where it ends none.
func opOf(e event.Event) event.Op {
	if e.Type != event.AttemptFinished {
		return event.Op{}
	}
	return *e.Op
}

// outcomeOf says how an attempt ended, in a few words.
func outcomeOf(e event.Event) string {
	switch {
	case e.Failure != nil:
		return "failed: " + e.Failure.Message
	case e.Type == event.AttemptObserved:
		return string(e.State)
	default:
		return "done"
	}
}
