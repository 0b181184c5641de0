package machine

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func (m *Machine) pauseAsked(e event.Event) {
	switch m.mode {
	case event.Going, event.Closing, event.Reverse:
		m.startPausing(asked("pause", e))
	case event.Draining:
		m.refuse(e, "the run is ending already")
	case event.Paused, event.Ended, "":
		m.refuse(e, "the run is not going")
	}
}

func (m *Machine) cancelAsked(e event.Event) {
	reason := asked("cancel", e)
	to := plan.Stop
	if m.plan.OnFailure == plan.Rollback {
		to = plan.Rollback
	}
	switch m.mode {
	case event.Ended, "":
		m.refuse(e, "the run has ended")
		return
	case event.Paused:
		if m.back == event.Reverse {
			m.endRollback(reason) // no compensation is at work that could be meant
			return
		}
		m.goOn(reason) // nothing is in flight but what the driver looks at first
	default:
		m.forgo()
		m.cancelAttempts()
	}
	m.remember("", &event.Failure{Class: sdk.Cancelled, Message: reason})
	switch m.mode {
	case event.Going:
		m.drain(to, reason)
	case event.Closing:
		m.pausing = false
		m.breakOffLoops()
		for i := range m.steps {
			if m.steps[i].asked && !m.steps[i].isInstance {
				m.breakOff(i) // the run paused at its question
			}
		}
		m.breakOffFrames()
		for _, i := range m.liveSteps() {
			m.breakOff(i)
		}
	case event.Reverse:
		m.pausing = false
		for _, i := range m.liveSteps() {
			m.breakOffUndo(i)
		}
	default:
	}
}

// givenUp ends the run where it stands. Whoever gave it up had no plan to go by, and saw in
// the journal that it has changed nothing: there is nothing to take back, and `finally` does
// not run. That the steps which have not ended do not run is no decision: whoever has no plan
// could not say of which.
func (m *Machine) givenUp(e event.Event) {
	for i := range m.steps {
		s := &m.steps[i]
		if s.status.Settled() {
			continue
		}
		s.judging, s.status = nil, event.NotRun
		m.reset(i)
		s.status = event.NotRun
	}
	clear(m.live)
	for _, i := range m.liveLoops() {
		m.leaveLoop(i)
	}
	clear(m.frames)
	m.ready, m.queue, m.line, m.slots, m.lost, m.pausing = nil, nil, nil, 0, 0, false
	m.mode, m.failure, m.failedStep = event.Ended, &event.Failure{Class: sdk.Cancelled, Message: asked("cancel", e)}, ""
	m.end(event.OutcomeFailed)
}

// cancelAttempts asks all attempts in flight to end.
func (m *Machine) cancelAttempts() {
	for _, i := range m.liveSteps() {
		if m.steps[i].do.state == inFlight && !m.steps[i].do.lost {
			m.cancelAttempt(i, event.Do)
		}
	}
}

func (m *Machine) rollbackAsked(e event.Event) {
	reason := asked("rollback", e)
	switch m.mode {
	case event.Reverse:
		m.refuse(e, "what was changed is being taken back already")
		return
	case "":
		m.refuse(e, "the run has not started")
		return
	case event.Paused, event.Ended:
		if m.mode == event.Ended && !slices.ContainsFunc(m.changed, m.takesBack) {
			m.refuse(e, "nothing that the run changed is left to take back")
			return
		}
		m.reopen()
	case event.Closing, event.Draining, event.Going:
		m.forgo()
	}
	m.askedBack = m.now
	m.remember("", &event.Failure{Class: sdk.Cancelled, Message: reason})
	m.drain(plan.Rollback, reason)
}

func (m *Machine) resumeAsked(e event.Event) {
	if m.pausing && m.mode != event.Paused {
		m.back, m.mode = m.mode, event.Paused // it died on the way there
	}
	switch outcome := m.result.Outcome; {
	case m.mode == event.Paused && m.back == event.Going:
		m.reopen()
		m.retryFailed()
		m.setMode(event.Going, asked("resume", e))
		m.readyAll()
	case m.mode == event.Paused:
		m.goOn(asked("resume", e))
	case m.mode == event.Ended && outcome == event.OutcomeStuck && (!m.askedBack.IsZero() || slices.ContainsFunc(m.changed, m.wasReached)):
		m.reopen()
		m.remember(m.result.Step, m.result.Failure)
		if !m.askedBack.IsZero() {
			m.askedBack = m.now
		}
		m.takeBack()
	case m.mode == event.Ended && outcome != event.OutcomeSucceeded && outcome != event.OutcomeRolledBack:
		m.reopen()
		m.retryFailed()
		m.setMode(event.Going, asked("resume", e))
		m.readyAll()
	default:
		m.refuse(e, "the run has nothing left to do")
	}
}

// goOn takes a paused run back to what it was doing, say about a failure, which stands.
func (m *Machine) goOn(reason string) {
	failure, step := m.failure, m.failedStep
	m.reopen()
	m.remember(step, failure)
	m.setMode(m.back, reason)
	m.readyAll()
}

// reopen makes a run that has paused or ended ready to go on. What `finally` did at an
// earlier end is done again at the next.
func (m *Machine) reopen() {
	ended := m.mode == event.Ended
	m.mode, m.pausing, m.failure, m.failedStep = event.Going, false, nil, ""
	m.lost, m.line = 0, nil // who waited to be asked about comes to it again
	m.interrupted()
	for i := range m.steps {
		m.steps[i].atWork = false // it was ended with the process
	}
	for _, i := range m.liveSteps() {
		m.rise(i)
	}
	if ended {
		m.renewFinally()
	}
}

// rise has a step go on that lay still while the run was paused. That it does is no
// decision: what it does next says so.
func (m *Machine) rise(i int) {
	s := &m.steps[i]
	switch {
	case s.loop != nil && s.loop.phase == pausing:
		m.emit(SetTimer{m.pauseTimer(i)})
	case s.do.lost:
		s.do.lost = false // the driver looks at it once more
		s.status, s.known = event.Running, false
	case s.do.state == retryDue:
		s.status, s.known = event.Running, false
		m.emit(SetTimer{m.retryTimer(i, event.Do)}) // the one before may have fired
	case s.back.state == retryDue:
		s.status, s.known = event.Undoing, false
		m.emit(SetTimer{m.retryTimer(i, event.Undo)})
	}
}

// renewFinally has every step of `finally` run again, in the order of their needs.
func (m *Machine) renewFinally() {
	m.unended = nil
	for i, p := range m.planned {
		if p.Cleans() && m.steps[i].in == m.root && !m.steps[i].isInstance {
			m.renew(i)
		}
	}
}

// retryFailed gives each step that failed, and each that could not run, a new chance.
func (m *Machine) retryFailed() {
	m.aim, m.askedBack = "", time.Time{} // what was to be done about the failures
	for i := range m.steps {
		s, p := &m.steps[i], m.planned[i]
		switch {
		case p.Cleans(), s.in == nil, s.in != m.root && !m.hasChance(s.in):
		case s.isInstance:
			m.retryInstance(i)
		case s.status == event.NotRun, s.status == event.Failed && (p.OnFailure != plan.Continue || s.cutShort):
			m.reset(i)
		}
	}
	m.cut = slices.DeleteFunc(slices.Clone(m.cut), func(f *frame) bool { return !m.steps[f.owner].status.Settled() })
}

// hasChance reports whether what failed in a runbook that was taken in has a new chance: where
// what took it in has one, or goes on and does not fail with it.
func (m *Machine) hasChance(f *frame) bool {
	return !m.steps[f.owner].status.Settled() && (!f.spent || !m.isOpen(f))
}

// retryInstance gives an instance a new chance where its loop has one: of a loop that goes
// on, what failed was allowed to.
func (m *Machine) retryInstance(n int) {
	s := &m.steps[n]
	if m.steps[s.of].status != event.Pending {
		return
	}
	switch s.status {
	case event.Failed, event.NotRun:
		m.reset(n)
		if s.place == 0 {
			m.steps[n].overruled = true // what the plan saw, others of its loop may have changed since
		}
	case event.Pending:
		s.unmet = 1 // its turn is when its loop says so
	default:
	}
}

// reset makes a settled step as good as new, but for what it may have changed and all
// that taking this back needs.
func (m *Machine) reset(i int) {
	old := m.steps[i]
	if !old.status.Settled() {
		return
	}
	fresh := step{status: event.Pending, unmet: old.unmet, round: old.round, looks: old.looks, touched: old.touched, listed: old.listed}
	fresh.loop, fresh.isInstance, fresh.of, fresh.place, fresh.each = old.loop, old.isInstance, old.of, old.place, old.each
	fresh.in, fresh.frame, fresh.block = old.in, old.frame, old.block
	if old.isInstance {
		fresh.unmet = 1 // its loop lets it begin
	}
	fresh.overruled = old.overruled || old.failure != nil && old.failure.Outdated
	fresh.do, fresh.former = old.do.anew(), old.outputs
	if fresh.former.IsNull() {
		fresh.former = old.former
	}
	m.steps[i] = fresh
}

func (m *Machine) refuse(e event.Event, why string) {
	m.record(event.Event{Type: event.RequestRefused, Name: string(e.Type), By: e.By, Reason: why})
}

func asked(what string, e event.Event) string {
	text := what + " asked"
	if e.By != "" {
		text += " by " + e.By
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}
