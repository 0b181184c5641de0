package machine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

func (m *Machine) start(e event.Event) {
	if m.mode != "" || e.Run == nil {
		return
	}
	m.run, m.started = *e.Run, m.now
	m.runView = m.describeRun()
	m.startTally()
	m.setMode(event.Going, "")
	m.readyAll()
}

// readyAll makes ready the steps that wait for nothing and whose time it is.
func (m *Machine) readyAll() {
	m.ready = m.ready[:0]
	for i := range m.steps {
		if s := &m.steps[i]; (s.in == m.root || s.in == m.closer || s.isInstance) && m.mayBegin(i) {
			m.pushReady(i)
		}
	}
	for _, i := range m.liveFrames() {
		if f := m.steps[i].frame; m.isOpen(f) {
			m.goOnIn(f)
		}
	}
	m.takeUpLoops()
}

func (m *Machine) setMode(mode event.Mode, reason string) {
	m.mode = mode
	m.record(event.Event{Type: event.ModeChanged, Mode: mode, Reason: reason})
}

// advance starts what can start, and moves the run on when a stage is over.
func (m *Machine) advance() {
	for m.mode != event.Paused && m.mode != event.Ended {
		m.startReady()
		m.askNext()
		m.pump()
		if m.mayStart() && (len(m.ready) > 0 || len(m.line) > 0 && !m.turnTaken()) {
			continue // a step that failed as it got its slot has set others free
		}
		if m.busy() {
			return
		}
		if m.lost > 0 || m.pausing {
			m.pause()
			return
		}
		if !m.nextStage() {
			return
		}
	}
}

// busy reports whether something goes on that the next stage, or a pause, waits for.
func (m *Machine) busy() bool {
	if !m.pausing {
		return len(m.live) > m.lost
	}
	for i := range m.live {
		if !m.steps[i].rests() {
			return true
		}
	}
	return false
}

func (m *Machine) startReady() {
	if m.pausing || m.mode != event.Going && m.mode != event.Closing {
		return
	}
	// A step that is skipped sets others free, and one that fails ends the stage.
	for len(m.ready) > 0 && !m.pausing && (m.mode == event.Going || m.mode == event.Closing) {
		// What its loop, or what it is in, has held back since has not begun.
		if i := m.popReady(); m.mayBegin(i) {
			m.begin(i)
		}
	}
}

// nextStage moves the run on when nothing is left that runs, and reports whether
// there may be more to start.
func (m *Machine) nextStage() bool {
	switch m.mode {
	case event.Going:
		m.closing()
	case event.Draining:
		m.cutOff()
		m.dropQuestions()
		if m.aim == plan.Rollback {
			m.takeBack()
		} else {
			m.closing()
		}
	case event.Reverse:
		if !m.nextUndo() {
			m.closing()
		}
	case event.Closing:
		if m.closeNext() {
			return true
		}
		m.finish()
		return false
	case event.Paused, event.Ended, "":
		return false
	}
	return true
}

// closing begins `finally`. What of it ran before a rollback was asked for is done anew
// at the end of that, as what it tells of the run is another thing now.
func (m *Machine) closing() {
	m.setMode(event.Closing, "")
	m.failing = m.failure != nil
	m.renewFinally()
	m.told = m.outcome()
	m.closer, m.unclosed = nil, m.cut
	m.closeNext()
}

// failedWith does what the runbook asks for when a step has failed.
func (m *Machine) failedWith(policy plan.Policy) {
	if policy == plan.Pause {
		m.startPausing("step " + m.failedStep + " failed")
		return
	}
	m.drain(policy, "step "+m.failedStep+" failed")
}

// drain starts nothing new and ends what can be ended at once, on the way to a
// rollback or a stop. A rollback, once asked for, is not lowered to a stop.
func (m *Machine) drain(to plan.Policy, reason string) {
	if m.mode == event.Draining {
		if to == plan.Rollback {
			m.aim = to
		}
		return
	}
	m.aim, m.pausing = to, false
	m.setMode(event.Draining, reason)
	for _, i := range m.liveSteps() {
		m.wind(i)
	}
}

func (m *Machine) liveSteps() []int { return slices.Sorted(maps.Keys(m.live)) }

// wind brings one step to its end while the run drains: what has done nothing goes
// back to where it was, what is being changed is waited for.
func (m *Machine) wind(i int) {
	m.giveSlotBack(i)
	s := &m.steps[i]
	switch {
	case s.loop != nil:
		m.stopJudging(i)
		s.loop.phase = inBatch
		delete(m.live, i)
	case s.untried():
		m.park(i)
	case s.status == event.Verifying:
		m.stopJudging(i)
		m.fail(i, unverified())
	case s.do.state == retryDue, s.do.state == queued, s.do.state == permitting, s.status == event.Waiting:
		m.withdraw(i)
		m.stopJudging(i)
		s.do.state = done
		m.fail(i, s.failure)
	case s.do.state == inFlight && !m.planned[i].Changes():
		m.cancelAttempt(i, event.Do)
	}
}

func (m *Machine) cancelAttempt(i int, part event.Part) {
	e, op := m.steps[i].effort(part), m.op(i, part)
	e.cancelled, op.Attempt = true, e.attempt
	m.emit(Cancel{op})
}

// breakOff ends one step of `finally` as soon as it can be. It is not put back, as
// nothing else would end the run while it waits.
func (m *Machine) breakOff(i int) {
	m.giveSlotBack(i)
	s := &m.steps[i]
	switch {
	case s.do.state == inFlight:
		m.cancelAttempt(i, event.Do)
		return
	case s.status.Settled():
		return // as the loop that it was an instance of, or that it is
	}
	failure := &event.Failure{Class: sdk.Cancelled, Message: event.WasCancelled, Unchanged: s.untried()}
	m.withdraw(i)
	m.stopJudging(i)
	s.do.state = done
	m.fail(i, failure)
}

// breakOffUndo gives up one compensation, as soon as it can be: the step is left.
func (m *Machine) breakOffUndo(i int) {
	s := &m.steps[i]
	switch {
	case s.back.unbegun():
		m.slots--
	case s.back.state == inFlight:
		m.cancelAttempt(i, event.Undo)
		return
	case s.back.state == asking:
		m.emit(Cancel{m.op(i, event.Undo)})
	}
	s.back.state, s.expires = done, time.Time{}
	m.notUndone(i, &event.Failure{Class: sdk.Cancelled, Message: event.WasCancelled})
}

// startPausing starts nothing new. An attempt or a verify that has begun is brought to
// its end; what is due later is left for the resumption.
func (m *Machine) startPausing(reason string) {
	if m.pausing || m.mode == event.Draining {
		return
	}
	m.pausing = true
	m.record(event.Event{Type: event.ModeChanged, Mode: event.Draining, Name: string(event.PauseAsked), Reason: reason})
	for _, i := range m.liveSteps() {
		m.rest(i)
	}
}

// rest has a step do nothing until the run is resumed, if it can.
func (m *Machine) rest(i int) {
	m.giveSlotBack(i)
	s := &m.steps[i]
	switch {
	case s.loop != nil:
		m.stopJudging(i)
	case s.untried():
		m.park(i)
	case s.do.state == queued, s.do.state == permitting, s.status == event.Waiting:
		m.withdraw(i)
		m.stopJudging(i)
		s.status, s.known = event.Running, false
		s.do.state, s.do.retryAt, s.do.permitted = retryDue, m.now, false
	}
}

func (m *Machine) pause() {
	for _, i := range m.liveSteps() {
		for _, part := range []event.Part{event.Do, event.Undo} {
			if m.steps[i].effort(part).state == retryDue {
				m.decide(i, part, event.Resting, nil)
			}
		}
	}
	m.back = m.mode
	m.mode = event.Paused
	m.end(event.OutcomePaused)
}

func (m *Machine) finish() {
	for i := range m.steps {
		if s := &m.steps[i]; !s.status.Settled() && !s.isTemplate {
			m.decide(i, event.Do, event.NotRun, nil)
			m.settleInside(i, event.NotRun)
		}
	}
	m.mode = event.Ended
	m.end(m.outcome())
}

// outcome is how the run ends, as far as it is decided.
func (m *Machine) outcome() event.Outcome {
	switch {
	case m.failure == nil:
		return event.OutcomeSucceeded
	case slices.ContainsFunc(m.changed, m.isLeft), slices.ContainsFunc(m.changed, m.isAtWork), m.endedBadly():
		return event.OutcomeStuck
	case gateLike(m.failure.Class) && !slices.ContainsFunc(m.changed, m.isOfSteps):
		return event.OutcomeGateClosed
	case slices.ContainsFunc(m.changed, m.isUndone):
		return event.OutcomeRolledBack
	default:
		return event.OutcomeFailed
	}
}

// endedBadly reports whether a step of `finally` failed in a run that had failed before:
// what was to be done about that was not done cleanly. In one that had not, it is the failure.
func (m *Machine) endedBadly() bool { return m.failing && len(m.unended) > 0 }

func (m *Machine) end(outcome event.Outcome) {
	m.setResult(outcome)
	result := m.result
	m.record(event.Event{Type: event.ModeChanged, Mode: m.mode})
	m.record(event.Event{Type: event.RunFinished, Result: &result})
	m.emit(Finish{Result: result})
}

func (m *Machine) setResult(outcome event.Outcome) {
	m.result = event.Result{
		Outcome: outcome, Failure: m.failure, Step: m.failedStep,
		Changed: m.changedNow(), Undone: m.withStatus(event.Undone), Left: m.withStatus(event.LeftOver),
		Elapsed: m.now.Sub(m.started), AskedBack: m.askedBack, Overrides: m.run.Overrides,
	}
	for _, i := range m.unended {
		m.result.Finally = append(m.result.Finally, m.planned[i].ID)
	}
	for i := range m.steps {
		switch {
		case m.steps[i].asked && !m.steps[i].status.Settled(), m.steps[i].asking():
			m.result.Asking = append(m.result.Asking, m.planned[i].ID)
		case m.steps[i].do.lost, outcome != event.OutcomePaused && m.isAtWork(i) && !m.isLeft(i):
			m.result.Lost = append(m.result.Lost, m.planned[i].ID)
		}
	}
	m.result.Outputs = m.bindings("outputs.", m.plan.Outputs)
	m.result.Record = m.bindings("record.", m.plan.Record)
	if outcome == event.OutcomeSucceeded && m.measured == nil {
		m.measured = m.measure()
	}
	m.result.Measured = m.measured
}

// bindings computes what the run gives back; what cannot be given is null, and the
// result says why.
func (m *Machine) bindings(of string, bindings []plan.Binding) *value.Value {
	if len(bindings) == 0 {
		return nil
	}
	members := make([]value.Member, 0, len(bindings))
	left := maxWritten
	for _, b := range bindings {
		v, why := m.binding(b, &left)
		if why != "" {
			if m.result.Missing == nil {
				m.result.Missing = make(map[string]string)
			}
			m.result.Missing[of+b.Name] = why
		}
		members = append(members, value.Member{Name: b.Name, Value: v})
	}
	object := value.Object(members...)
	return &object
}

// binding computes one value, of at most so many bytes as are left, or says why it is
// null.
func (m *Machine) binding(b plan.Binding, left *int) (value.Value, string) {
	v, err := b.Source.Eval(&scope{m: m, step: none, in: m.root})
	switch {
	case err != nil:
		return value.Null(), "it cannot be computed: " + err.Error()
	case v.HasUnknown():
		return value.Null(), "it is not known: " + causesText(v.Causes())
	}
	size, why := written(v, *left)
	if why != "" {
		return value.Null(), why
	}
	*left -= size
	return v, ""
}

// maxWritten bounds what one event holds of values that expressions made, in bytes: of
// several results, each of which fits into the journal, they may make one that does not.
const maxWritten = 4 << 20

// written returns how many bytes a value takes in the journal, or why it cannot be
// written there.
func written(v value.Value, limit int) (size int, why string) {
	text, err := v.MarshalJSON()
	switch {
	case err != nil:
		return 0, err.Error()
	case len(text) > limit:
		return 0, fmt.Sprintf("it takes %d bytes in the journal, and %d are left for it", len(text), limit)
	}
	return len(text), ""
}
