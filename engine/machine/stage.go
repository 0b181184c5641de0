package machine

import (
	"maps"
	"slices"

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
	m.setMode(event.Going, "")
	m.readyAll(false)
}

// readyAll makes ready the steps, of `steps` or of `finally`, that wait for nothing.
func (m *Machine) readyAll(finally bool) {
	m.ready = m.ready[:0]
	for i, p := range m.plan.Steps {
		if p.Finally == finally && m.steps[i].status == event.Pending && m.steps[i].unmet == 0 {
			m.pushReady(i)
		}
	}
}

func (m *Machine) setMode(mode event.Mode, reason string) {
	m.mode = mode
	m.record(event.Event{Type: event.ModeChanged, Mode: mode, Reason: reason})
}

// advance starts what can start, and moves the run on when a stage is over.
func (m *Machine) advance() {
	for m.mode != event.Paused && m.mode != event.Ended {
		m.startReady()
		m.pump()
		if len(m.live) > m.lost {
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

func (m *Machine) startReady() {
	if m.pausing || m.mode != event.Going && m.mode != event.Closing {
		return
	}
	// A step that is skipped sets others free, and one that fails ends the stage.
	for len(m.ready) > 0 && !m.pausing && (m.mode == event.Going || m.mode == event.Closing) {
		m.begin(m.popReady())
	}
}

// nextStage moves the run on when nothing is left that runs, and reports whether
// there may be more to start.
func (m *Machine) nextStage() bool {
	switch m.mode {
	case event.Going:
		m.closing()
	case event.Draining:
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
		m.finish()
		return false
	case event.Paused, event.Ended, "":
		return false
	}
	return true
}

func (m *Machine) closing() {
	m.setMode(event.Closing, "")
	m.readyAll(true)
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
	s := &m.steps[i]
	switch {
	case s.status == event.Waiting, s.status == event.Asking, s.do.state == queued && s.do.attempt == 0:
		m.park(i)
	case s.status == event.Verifying:
		m.stopJudging(i)
		m.fail(i, unverified())
	case s.do.state == retryDue, s.do.state == queued:
		s.do.state = done
		m.fail(i, s.failure)
	case s.do.state == inFlight && !m.plan.Steps[i].Changes():
		m.cancelAttempt(i, event.Do)
	}
}

func (m *Machine) cancelAttempt(i int, part event.Part) {
	op := m.op(i, part)
	op.Attempt = m.steps[i].effort(part).attempt
	m.emit(Cancel{op})
}

// startPausing starts nothing new; what has begun is brought to its end.
func (m *Machine) startPausing(reason string) {
	if m.pausing || m.mode == event.Draining {
		return
	}
	m.pausing = true
	m.record(event.Event{Type: event.ModeChanged, Mode: event.Draining, Reason: reason})
	for _, i := range m.liveSteps() {
		s := &m.steps[i]
		if s.status == event.Waiting || s.status == event.Asking || s.status == event.Running && s.do.state == queued && s.do.attempt == 0 {
			m.park(i)
		}
	}
}

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
	case event.Reverse:
		m.refuse(e, "what was changed is being taken back")
		return
	case event.Ended, "":
		m.refuse(e, "the run has ended")
		return
	case event.Paused:
		m.reopen()
	case event.Going, event.Draining, event.Closing:
	}
	m.remember("", &event.Failure{Class: sdk.Cancelled, Message: reason})
	for _, i := range m.liveSteps() {
		if m.steps[i].do.state == inFlight && !m.steps[i].do.lost {
			m.cancelAttempt(i, event.Do)
		}
	}
	if m.mode == event.Going {
		m.drain(to, reason)
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
		if len(m.changedNow()) == 0 && m.mode == event.Ended {
			m.refuse(e, "nothing that the run changed is left to take back")
			return
		}
		m.reopen()
	case event.Closing, event.Draining, event.Going:
	}
	m.remember("", &event.Failure{Class: sdk.Cancelled, Message: reason})
	m.drain(plan.Rollback, reason)
}

func (m *Machine) resumeAsked(e event.Event) {
	switch {
	case m.mode == event.Paused && m.back == event.Going:
		m.reopen()
		m.retryFailed()
		m.setMode(event.Going, asked("resume", e))
		m.readyAll(false)
	case m.mode == event.Paused:
		// It goes on with what it was doing about a failure, which stands.
		failure, step := m.failure, m.failedStep
		m.reopen()
		m.remember(step, failure)
		m.setMode(m.back, asked("resume", e))
		m.readyAll(m.back == event.Closing)
	case m.mode == event.Ended && (m.result.Outcome == event.OutcomeFailed || m.result.Outcome == event.OutcomeGateClosed):
		m.reopen()
		m.retryFailed()
		m.setMode(event.Going, asked("resume", e))
		m.readyAll(false)
	case m.mode == event.Ended && m.result.Outcome == event.OutcomeStuck:
		m.reopen()
		m.remember(m.result.Step, m.result.Failure)
		m.takeBack()
	default:
		m.refuse(e, "the run has nothing left to do")
	}
}

// reopen makes a run that has paused or ended ready to go on. What `finally` did at an
// earlier end is done again at the next.
func (m *Machine) reopen() {
	ended := m.mode == event.Ended
	m.mode, m.pausing, m.failure, m.failedStep = event.Going, false, nil, ""
	m.lost = 0
	for i := range m.live {
		m.steps[i].do.lost = false // the driver looks at it once more
	}
	for i := range m.steps {
		if p := m.plan.Steps[i]; ended && p.Finally {
			m.reset(i)
		}
	}
}

// retryFailed gives each step that failed, and each that could not run, a new chance.
func (m *Machine) retryFailed() {
	for i := range m.steps {
		status, p := m.steps[i].status, m.plan.Steps[i]
		if p.Finally {
			continue
		}
		if status == event.NotRun || status == event.Failed && p.OnFailure != plan.Continue {
			m.reset(i)
		}
	}
}

// reset makes a settled step as good as new, but for what it may have changed and the
// state before that.
func (m *Machine) reset(i int) {
	old := m.steps[i]
	if !old.status.Settled() {
		return
	}
	p := m.plan.Steps[i]
	fresh := step{status: event.Pending, unmet: old.unmet, touched: old.touched, listed: old.listed}
	fresh.do.before = old.do.before
	if p.Finally {
		fresh.unmet = 0
		for _, edge := range p.Needs {
			if m.plan.Steps[edge.From].Finally {
				fresh.unmet++
			}
		}
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

func (m *Machine) pause() {
	m.back = m.mode
	m.mode = event.Paused
	m.end(event.OutcomePaused)
}

func (m *Machine) finish() {
	for i := range m.steps {
		if !m.steps[i].status.Settled() {
			m.decide(i, event.Do, event.NotRun, nil)
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
	case len(m.withStatus(event.LeftOver)) > 0:
		return event.OutcomeStuck
	case len(m.changed) == 0 && gateLike(m.failure.Class):
		return event.OutcomeGateClosed
	case m.aim == plan.Rollback:
		return event.OutcomeRolledBack
	default:
		return event.OutcomeFailed
	}
}

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
		Elapsed: m.now.Sub(m.started),
	}
	for i := range m.steps {
		switch {
		case m.steps[i].asked && m.steps[i].status == event.Pending:
			m.result.Asking = append(m.result.Asking, m.plan.Steps[i].ID)
		case m.steps[i].do.lost:
			m.result.Lost = append(m.result.Lost, m.plan.Steps[i].ID)
		}
	}
	m.result.Outputs = m.bindings(m.plan.Outputs)
	m.result.Record = m.bindings(m.plan.Record)
}

// bindings computes what the run gives back; what cannot be known is null.
func (m *Machine) bindings(bindings []plan.Binding) *value.Value {
	if len(bindings) == 0 {
		return nil
	}
	members := make([]value.Member, 0, len(bindings))
	for _, b := range bindings {
		v, err := b.Source.Eval(m.scope(-1))
		if err != nil || v.HasUnknown() {
			v = value.Null()
		}
		members = append(members, value.Member{Name: b.Name, Value: v})
	}
	object := value.Object(members...)
	return &object
}
