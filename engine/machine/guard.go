package machine

import (
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

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

// stale are the conditions that are looked at again when all have held, before the step begins:
// those that cost nothing to look at, as whether a window is still open, where time has passed;
// and where others were waited for, those that are looked at once.
func (j *judging) stale(now time.Time) []int {
	waited := false
	for k, p := range j.plan {
		waited = waited || p.Within > 0 && j.conds[k].sample > j.before+1
	}
	var again []int
	for k, p := range j.plan {
		if waited && p.Within == 0 || p.Observe == nil && j.conds[k].lookedAt.Before(now) {
			again = append(again, k)
		}
	}
	return again
}

// confirm looks again at what is stale, and reports whether anything is.
func (m *Machine) confirm(i int) bool {
	j := m.steps[i].judging
	again := j.stale(m.now)
	if j.confirmed || len(again) == 0 {
		return false
	}
	j.confirmed = true
	for _, k := range again {
		j.conds[k].met = false
	}
	for _, k := range again {
		if m.steps[i].judging != j {
			break // one that is false has closed it
		}
		m.look(i, k)
	}
	return true
}
