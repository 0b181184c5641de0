package machine

import (
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// askPeople puts the question of a step's action, or of its compensation, to people.
func (m *Machine) askPeople(i int, part event.Part) {
	s := &m.steps[i]
	s.effort(part).state, s.expires = asking, time.Time{}
	m.emit(m.ask(i, part))
}

func (m *Machine) ask(i int, part event.Part) Ask {
	return Ask{
		Op: m.op(i, part), Step: m.planned[i], Use: m.use(i, part),
		Key: m.key(i, part), Params: m.steps[i].effort(part).params,
	}
}

// asking reports whether a question of the step is open.
func (s *step) asking() bool {
	return s.do.state == asking || s.do.state == permitting || s.back.state == asking
}

// withdraw takes back the question of a step that has one open before it is done. It is put
// again when the step comes so far again.
func (m *Machine) withdraw(i int) {
	s := &m.steps[i]
	switch s.do.state {
	case asking:
		m.emit(Cancel{m.op(i, event.Do)})
	case permitting:
		m.emit(Cancel{m.wordOp(i)})
	default:
		return
	}
	s.asked = true
}

// dropQuestions has the questions that were taken back not be put again, as the run ends.
func (m *Machine) dropQuestions() {
	for i := range m.steps {
		m.steps[i].asked = m.steps[i].asked && m.planned[i].Finally
	}
}

func (m *Machine) askOpened(e event.Event) {
	i, s, ok := m.find(e.Op)
	if !ok || e.Op.Part == event.Begin || s.effort(e.Op.Part).state != asking {
		return
	}
	s.ballot.opened(e)
	if e.Timer == nil || !s.expires.IsZero() {
		return
	}
	s.expires = e.Timer.At
	m.emit(SetTimer{m.expiryTimer(i, e.Op.Part)})
}

func (m *Machine) expiryTimer(i int, part event.Part) event.Timer {
	return event.Timer{Op: m.op(i, part), Purpose: event.TimerExpiry, At: m.steps[i].expires}
}

func (m *Machine) answered(e event.Event) {
	i, s, ok := m.find(e.Op)
	if ok && e.Op.Part == event.Begin {
		m.wordGiven(i, e)
		return
	}
	if !ok || e.Answer == nil || s.effort(e.Op.Part).state != asking {
		return
	}
	part := e.Op.Part
	switch {
	case e.Failure != nil:
		s.effort(part).state = done
		if e.Answer.Approved && part == event.Do {
			s.touched = m.planned[i].Changes() // people did it, before what was made of their answer failed
		}
		m.gaveUp(i, part, e.Failure)
	case e.Answer.Approved && !s.ballot.carried(e):
		// Others are asked on. A voice that was heard before adds nothing, whoever let it in.
	case !e.Answer.Approved:
		message := e.Answer.By + " said no"
		if e.Answer.Comment != "" {
			message += ": " + e.Answer.Comment
		}
		m.refused(i, part, message)
	case part == event.Undo:
		s.back.state, s.ballot = done, ballot{}
		m.undone(i)
	default:
		m.done(i, e.Outputs)
	}
}

// refused takes in that people did not do what they were asked for.
func (m *Machine) refused(i int, part event.Part, message string) {
	m.steps[i].effort(part).state, m.steps[i].ballot = done, ballot{}
	m.gaveUp(i, part, &event.Failure{Class: event.Refused, Message: message, Unchanged: true})
}
