package machine

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// takenUp takes in that another process drives the run on, be it to its end. Runbooks may have
// been drilled since it began.
func (m *Machine) takenUp(e event.Event) {
	if e.Drills != nil {
		m.run.LastDrills = e.Drills
	}
	m.interrupted()
	asked := event.Type(e.Name)
	for _, i := range m.liveSteps() {
		do, undo := m.steps[i].do, m.steps[i].back
		if do.unbegun() && (asked == "" || m.mode == event.Draining) {
			m.notBegun(i, event.Do)
		}
		if undo.unbegun() && asked != event.CancelAsked {
			m.notBegun(i, event.Undo)
		}
	}
}

// unbegun reports whether the attempt in flight is not in the journal: a crash came
// between.
func (e *effort) unbegun() bool { return e.state == inFlight && !e.intent }

// forgo has what was not begun before a crash wait for a slot again, as the run is to end.
func (m *Machine) forgo() {
	for _, i := range m.liveSteps() {
		if do := &m.steps[i].do; do.unbegun() {
			m.slots--
			do.attempt--
			m.giveRoomBack(i)
			m.enqueue(i, event.Do)
		}
	}
}

// notBegun takes up an attempt that was decided on and whose intent never came into the
// journal, so that nothing was done. The verdict of its gate may have come there, and is
// from before.
func (m *Machine) notBegun(i int, part event.Part) {
	switch {
	case part == event.Do && m.mode == event.Draining:
		m.giveRoomBack(i)
		m.attemptFinished(i, part, nil, &event.Failure{
			Class: sdk.Cancelled, Message: "it was not begun before a crash, and then the run was ending", Unchanged: true,
		})
	case part == event.Do:
		m.steps[i].do.attempt--
		m.giveRoomBack(i)
		if len(m.planned[i].Gate) > 0 {
			m.lookOnceMore(i)
			return
		}
		m.slots-- // the attempt takes it
		m.startAttempt(i, part)
	default:
		m.emit(m.attempt(i, part))
	}
}

// attemptObserved takes in what became of an attempt whose answer a crash lost.
func (m *Machine) attemptObserved(i int, part event.Part, e event.Event) {
	eff := m.steps[i].effort(part)
	if eff.lost {
		eff.lost = false
		m.lost--
		m.steps[i].status, m.steps[i].known = event.Running, false
	}
	switch e.State {
	case sdk.Done:
		outputs := e.Outputs
		if outputs == nil {
			unknown := value.Unknown(value.Cause{
				Step: m.planned[i].ID, Reason: "its outputs were lost in a crash",
			})
			outputs = &unknown
		}
		m.attemptFinished(i, part, outputs, nil)
	case sdk.NotDone:
		m.again(i, part, e.By == "") // a person who says so has seen that there is nothing
	case sdk.Untouched:
		m.again(i, part, false)
	case sdk.CannotTell:
		m.cannotTell(i, part, e)
	}
}

// cannotTell takes in that a look could not tell what became of an attempt. Where the
// look itself was cut off, what the attempt began may be going on.
func (m *Machine) cannotTell(i int, part event.Part, e event.Event) {
	use, cutOff := m.use(i, part), e.Failure != nil
	switch {
	case use.Effect == sdk.Read, !cutOff && (part == event.Undo || use.Describe.Idempotent):
		// A compensation must bear being repeated; that is its contract.
		m.again(i, part, true)
	case part == event.Undo:
		m.attemptFinished(i, part, nil, &event.Failure{Class: event.Lost, Message: "it may still be at work: " + e.Reason})
	default:
		m.steps[i].do.lost = true
		m.lost++
		m.decide(i, part, event.LostTrack, nil)
		m.remember(m.planned[i].ID, &event.Failure{Class: event.Lost, Message: e.Reason})
		m.startPausing("nobody can tell whether " + m.planned[i].ID + " was done")
	}
}

// again makes the attempt in flight once more, under its number and key; begun says that
// it may have changed something already. Where it was cancelled, or the run is ending, that
// would be something new. A gate that it has is judged before.
func (m *Machine) again(i int, part event.Part, begun bool) {
	if begun && part == event.Do && m.planned[i].Changes() {
		m.steps[i].touched = true
		m.listChanged(i)
	}
	eff := m.steps[i].effort(part)
	if eff.cancelled || part == event.Do && m.mode == event.Draining {
		m.attemptFinished(i, part, nil, &event.Failure{
			Class: sdk.Cancelled, Message: "it was not done once more after a crash, as it was cancelled or the run was ending",
			Unchanged: !begun,
		})
		return
	}
	if part == event.Do {
		if failure := m.overLimit(i); failure != nil {
			m.attemptFinished(i, part, nil, failure)
			return
		}
	}
	eff.intent = false
	if !begun {
		eff.notes = nil // who has seen that there is nothing knows better
	}
	if part == event.Do && len(m.planned[i].Gate) > 0 {
		m.repeat(i)
		return
	}
	m.emit(m.attempt(i, part))
}

// repeat makes an attempt once more that a crash has cut off: if the gate is open. It
// counts as not made until then, but for what it may have changed.
func (m *Machine) repeat(i int) {
	m.steps[i].do.attempt--
	m.lookOnceMore(i)
	if m.pausing {
		m.rest(i)
	}
}
