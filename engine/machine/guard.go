package machine

import "github.com/gatebook/gatebook/engine/event"

// A gate says what must hold when the action begins. Where time has passed since it
// opened, as the step waited for a slot or the run was at rest, it is looked at once
// more by a step that has its slot already, so that no other wait can come between.

// isStale reports whether the gate of a step that is about to make an attempt must be
// looked at once more. A retry in the same run of things is not guarded anew: the gate
// was about the state before the first attempt.
func (m *Machine) isStale(i int) bool {
	s := &m.steps[i]
	return s.interrupted || !s.opened.IsZero() && m.now.After(s.opened)
}

// interrupted takes in that the run was at rest, for a day maybe: what is known of a
// gate is from before.
func (m *Machine) interrupted() {
	for i := range m.live {
		s := &m.steps[i]
		switch s.do.state {
		case idle, queued, permitting, guarded, retryDue:
			s.interrupted = len(m.planned[i].Gate) > 0
		case inFlight, asking, done:
		}
	}
}

// lookOnceMore looks at each condition of the gate of a step that has a slot.
func (m *Machine) lookOnceMore(i int) {
	m.steps[i].do.state, m.steps[i].interrupted = guarded, false
	m.begins(i, &judging{part: event.Gate, plan: m.planned[i].Gate, onceMore: true})
}

// goAhead makes the attempt that was waiting for that look: all conditions are true.
func (m *Machine) goAhead(i int) {
	if m.steps[i].interrupted {
		m.lookOnceMore(i) // some of them were in an earlier process
		return
	}
	m.slots-- // the attempt takes it
	m.startAttempt(i, event.Do)
}

// judgeAnew judges the gate as at the start, as a condition was not true any more.
func (m *Machine) judgeAnew(i int) {
	m.giveSlotBack(i)
	m.steps[i].do.state, m.steps[i].do.permitted = idle, false
	m.decide(i, event.Gate, event.Waiting, nil)
	m.judge(i, event.Gate, m.planned[i].Gate)
}

// giveSlotBack ends such a look without a result. The step waits for a slot again.
func (m *Machine) giveSlotBack(i int) {
	if s := &m.steps[i]; s.do.state == guarded {
		m.stopJudging(i)
		s.do.state = queued
		m.slots--
	}
}

// waited reports whether what is polled was waited for, so that the rest is stale.
func (j *judging) waited() bool {
	polledAgain, once := false, false
	for k, p := range j.plan {
		polledAgain = polledAgain || p.Within > 0 && j.conds[k].sample > j.before+1
		once = once || p.Within == 0
	}
	return polledAgain && once
}

// confirm looks again at what was looked at once, when the others were waited for.
func (m *Machine) confirm(i int) {
	j := m.steps[i].judging
	j.confirmed = true
	for k, p := range j.plan {
		j.conds[k].met = j.conds[k].met && p.Within > 0
	}
	for k, p := range j.plan {
		if m.steps[i].judging != j {
			return // one that is false has closed it
		}
		if p.Within == 0 {
			m.look(i, k)
		}
	}
}
