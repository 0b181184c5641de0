package machine

import (
	"github.com/gatebook/gatebook/engine/event"
)

// A run that goes step by step asks a person before each attempt at a change, one at a time:
// whoever is asked has seen how the change before it came out. Who waits to be asked about holds
// no slot. That something is taken back is not asked: who steps through a run wants to get out
// of it as well.

// leaveOut settles a step that is not done, by a person's word.
func (m *Machine) leaveOut(i int, why *event.LeftOut) {
	m.steps[i].leftOut = why
	m.settle(i, event.Skipped, nil)
}

// takesWord reports whether an attempt at a step waits for a person's word. What people do is
// asked of them anyway.
func (m *Machine) takesWord(i int) bool {
	p := m.planned[i]
	return m.run.Stepwise && !m.flows && p.Changes() && !p.Describe.Asks && !m.steps[i].do.permitted
}

// inLine reports whether a step waits to be asked about.
func (m *Machine) inLine(i int) bool { return m.steps[i].do.state == queued && m.takesWord(i) }

// wordOp names the question whether the next attempt at a step may begin.
func (m *Machine) wordOp(i int) event.Op {
	op := m.op(i, event.Begin)
	op.Attempt = m.steps[i].do.attempt + 1
	return op
}

// askWord is the question whether the next attempt at a step may begin.
func (m *Machine) askWord(i int) Ask {
	return Ask{Op: m.wordOp(i), Step: m.planned[i], Use: m.use(i, event.Do), Key: m.key(i, event.Do), Params: m.steps[i].do.params}
}

// turnTaken reports whether the step that was asked about last has not come to its end.
func (m *Machine) turnTaken() bool {
	if _, live := m.live[m.turn]; !live {
		return false
	}
	e := &m.steps[m.turn].do
	return e.state == permitting || e.permitted
}

// askNext asks about the next change in the line.
func (m *Machine) askNext() {
	for len(m.line) > 0 && m.mayStart() && !m.turnTaken() {
		i := m.line[0]
		m.line = m.line[1:]
		if !m.inLine(i) {
			continue // it was put back, or has ended
		}
		failure := m.overLimit(i)
		if failure == nil {
			failure = m.resolve(i, event.Do)
		}
		if failure != nil {
			m.steps[i].do.state = done
			m.fail(i, failure)
			continue
		}
		m.turn = i
		m.steps[i].asked = false
		m.steps[i].do.state = permitting
		m.decide(i, event.Begin, event.Asking, nil)
		m.emit(m.askWord(i))
	}
}

// wordGiven takes in a person's word. A no leaves the step out; where it was tried before, and may
// have changed something, it says that it is not tried again.
func (m *Machine) wordGiven(i int, e event.Event) {
	s := &m.steps[i]
	if e.Answer == nil || s.do.state != permitting || e.Op.Attempt != s.do.attempt+1 {
		return
	}
	switch {
	case e.Failure != nil:
		s.do.state = done
		m.fail(i, e.Failure) // nobody was asked
	case e.Answer.Approved:
		s.status, s.known = event.Running, false
		s.do.permitted = true
		m.enqueue(i, event.Do)
	case s.do.attempt == 0 && !s.touched:
		s.do.state = done
		m.leaveOut(i, &event.LeftOut{By: e.Answer.By, Cause: event.StepByStep, Reason: e.Answer.Comment})
	case s.failure != nil:
		s.do.state = done
		failure := *s.failure
		failure.Message += "; " + notAgain(e)
		m.fail(i, &failure)
	default:
		m.refused(i, event.Do, notAgain(e))
	}
}

// notAgain says who does not want a step tried again, and why.
func notAgain(e event.Event) string {
	text := e.Answer.By + " wanted it not tried again"
	if e.Answer.Comment != "" {
		text += ": " + e.Answer.Comment
	}
	return text
}

// endStepping has all that waits for a person's word begin, and no change wait for one any more.
func (m *Machine) endStepping(e event.Event) {
	if !m.run.Stepwise || m.flows || m.mode == event.Ended {
		m.refuse(e, "the run does not go step by step")
		return
	}
	var waiting []int
	for i := range m.steps {
		if m.steps[i].do.state == permitting {
			m.emit(Cancel{m.wordOp(i)})
			waiting = append(waiting, i)
		}
		if m.planned[i].Changes() && !m.planned[i].Describe.Asks {
			m.steps[i].asked = false // what was to be asked anew is not
		}
	}
	for _, i := range m.line {
		if m.inLine(i) {
			waiting = append(waiting, i)
		}
	}
	m.flows, m.line = true, nil
	for _, i := range waiting {
		m.steps[i].status, m.steps[i].known = event.Running, false
		m.enqueue(i, event.Do)
	}
}
