package machine

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// The instances of a loop begin batch by batch. After each batch comes its pause, then what
// must hold after it, and then the next.

// phase says what a loop is at.
type phase uint8

const (
	inBatch phase = iota
	pausing
	looking // at what must hold after the batch
)

// start is where a batch starts.
func (l *loop) start(batch int) int {
	if batch == 0 {
		return 0
	}
	return l.ends[batch-1]
}

// size is how many instances a batch has.
func (l *loop) size(batch int) int { return l.ends[batch] - l.start(batch) }

// batchOf is the batch of the instance at a place.
func (l *loop) batchOf(place int) int {
	batch, _ := slices.BinarySearch(l.ends, place+1)
	return batch
}

func (l *loop) isLast() bool { return l.batch == len(l.ends)-1 }

// enter goes to a batch.
func (l *loop) enter(batch int, now time.Time) {
	l.batch, l.next, l.began, l.phase = batch, l.start(batch), now, inBatch
}

// takeUp goes through the batches of a loop, from the first in which anything is left. What
// failed at an earlier chance has a new one, and is not counted any more.
func (m *Machine) takeUp(i int) {
	l := m.steps[i].loop
	l.failed, l.open, l.failure, l.spent, l.brokenOff = 0, 0, nil, false, false
	clear(l.failedOf)
	if len(l.ends) == 0 {
		m.loopDone(i)
		return
	}
	first := len(l.nodes)
	for k, n := range l.nodes {
		if s := &m.steps[n]; !s.status.Settled() {
			first = min(first, k)
			if s.unmet == 0 {
				l.open++ // its next attempt is due, or nobody can tell of it
			}
		}
	}
	l.enter(min(l.batch, l.batchOf(first)), m.now)
	m.letBegin(i)
}

// letBegin lets as many instances of the batch begin as may be under way, and ends the
// batch when all of it is settled.
func (m *Machine) letBegin(i int) {
	l, p := m.steps[i].loop, m.planned[i].Loop
	if l.spent || l.phase != inBatch || !m.mayStart() {
		return
	}
	for {
		for l.next < l.ends[l.batch] && l.open < p.AtOnce(l.size(l.batch)) {
			n := l.nodes[l.next]
			l.next++
			if s := &m.steps[n]; !s.status.Settled() && s.unmet > 0 {
				s.unmet, l.held[l.batch] = 0, false
				l.open++
				m.pushReady(n)
			}
		}
		switch {
		case l.open > 0:
			return
		case !l.held[l.batch] || l.isLast():
			m.batchDone(i)
			return
		}
		l.enter(l.batch+1, m.now) // it was done, and all held, at an earlier chance
	}
}

// holdBack has nothing else of a loop begin. What has done nothing yet, be it that it waits
// for its gate, for a slot or for people, goes back to where it was before.
func (m *Machine) holdBack(i int) {
	l := m.steps[i].loop
	l.spent = true
	for _, n := range l.nodes[:l.next] {
		s := &m.steps[n]
		if s.status.Settled() || s.unmet > 0 {
			continue
		}
		m.putBack(n)
		if s.status == event.Pending {
			s.unmet = 1
			l.open--
		}
	}
}

// batchDone goes on after a batch: by its pause, and what must hold then.
func (m *Machine) batchDone(i int) {
	l, p := m.steps[i].loop, m.planned[i].Loop
	m.steps[i].known = false
	op := m.op(i, event.Do)
	op.Index = l.batch
	m.record(event.Event{Type: event.BatchDone, Op: &op, Elapsed: m.now.Sub(l.began)})
	if !slices.ContainsFunc(l.nodes[l.start(l.batch):l.ends[l.batch]], m.isNotSkipped) {
		m.nextBatch(i) // nothing was done that there is anything to see of
		return
	}
	if p.Pause == 0 || l.isLast() && len(p.Between) == 0 {
		m.lookBetween(i)
		return
	}
	l.phase, l.until = pausing, m.now.Add(p.Pause)
	m.live[i] = struct{}{}
	m.emit(SetTimer{m.pauseTimer(i)})
}

func (m *Machine) pauseTimer(i int) event.Timer {
	op := m.op(i, event.Between)
	op.Index = m.steps[i].loop.batch
	return event.Timer{Op: op, Purpose: event.TimerPause, At: m.steps[i].loop.until}
}

// wantsPauseTimer reports whether a pause after a batch still goes on.
func (s *step) wantsPauseTimer(t event.Timer) bool {
	return s.loop != nil && s.loop.phase == pausing && s.loop.batch == t.Op.Index && s.loop.until.Equal(t.At)
}

// lookBetween judges what must hold after a batch.
func (m *Machine) lookBetween(i int) {
	l, p := m.steps[i].loop, m.planned[i].Loop
	if len(p.Between) == 0 {
		m.nextBatch(i)
		return
	}
	l.phase = looking
	m.live[i] = struct{}{}
	m.judge(i, event.Between, p.Between)
}

// nextBatch goes on to the next batch, or ends the loop.
func (m *Machine) nextBatch(i int) {
	l := m.steps[i].loop
	delete(m.live, i)
	l.phase, l.held[l.batch] = inBatch, true
	if l.isLast() {
		m.loopDone(i)
		return
	}
	l.enter(l.batch+1, m.now)
	m.letBegin(i)
}

// takeUpLoops has the loops go on that the run's rest has held up.
func (m *Machine) takeUpLoops() {
	for _, i := range m.liveLoops() {
		switch l := m.steps[i].loop; {
		case l.phase == looking && m.steps[i].judging == nil:
			m.lookBetween(i)
		case l.phase == inBatch:
			m.letBegin(i)
		}
	}
}
