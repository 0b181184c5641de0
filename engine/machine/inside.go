package machine

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// What becomes of a runbook that is taken in where something in it fails, or the run ends
// around it.

// tolerates reports whether the run goes on when a step fails, as something around it is
// allowed to: then that fails, when what is at work in it has ended. Nothing is around the
// steps of the run's own runbook.
func (m *Machine) tolerates(i int, failure *event.Failure) bool {
	for f := m.steps[i].in; f != m.root; f = m.steps[i].in {
		i = f.owner
		if s := &m.steps[i]; s.isInstance {
			l, place := m.steps[s.of].loop, s.place
			batch := l.batchOf(place)
			if !l.spent && failure.Class != event.OverLimit && !m.planned[s.of].Loop.Spent(l.failed+1, len(l.nodes), l.failedOf[batch]+1, l.size(batch)) {
				return true
			}
			i = s.of
		}
		if p := m.planned[i]; p.Cleans() || p.OnFailure == plan.Continue {
			return true
		}
	}
	return false
}

// from is the failure of a step as that of what took it in.
func (m *Machine) from(i int, failure *event.Failure) *event.Failure {
	why := *failure
	why.Message = strings.TrimPrefix(m.planned[i].ID, m.steps[i].in.prefix) + ": " + failure.Words()
	why.Field, why.Connection = "", ""
	return &why
}

// ofWhole is a failure of something with much in it.
func (m *Machine) ofWhole(i int, failure *event.Failure) *event.Failure {
	why := *failure
	why.Unchanged = !m.isTouched(i)
	return &why
}

// isTouched reports whether a step, or anything in it, may have changed something.
func (m *Machine) isTouched(i int) bool {
	s := &m.steps[i]
	if s.touched || s.loop != nil && slices.ContainsFunc(s.loop.nodes, m.isTouched) {
		return true
	}
	if s.frame != nil {
		for n := range m.children(s.frame) {
			if m.isTouched(n) {
				return true
			}
		}
	}
	return false
}

// failedInside takes in that a step failed for which the run goes on: what took it in fails.
func (m *Machine) failedInside(i int, failure *event.Failure) {
	f := m.steps[i].in
	if m.mode == event.Draining {
		if f.failure == nil {
			f.failure = m.from(i, failure)
		}
		return
	}
	m.breakUp(f, m.from(i, failure))
}

// breakUp has nothing else of a runbook begin but its `finally`. What is at work comes to its
// end.
func (m *Machine) breakUp(f *frame, failure *event.Failure) {
	if f.failure == nil {
		f.failure = failure
	}
	if !f.spent {
		f.spent = true
		m.countBroken(f)
		m.stopInside(f)
	}
	m.progress(f)
}

// countBroken counts an instance as failed as soon as something in it did, so that of those
// side by side no two have the last chance.
func (m *Machine) countBroken(f *frame) {
	n := f.owner
	s := &m.steps[n]
	if !s.isInstance || s.counted {
		return
	}
	l := m.steps[s.of].loop
	wasSpent := l.spent
	s.counted = true
	m.countFailure(s.of, n, f.failure)
	if l.spent && !wasSpent {
		m.holdBack(s.of)
	}
}

// stopInside puts back what has done nothing yet of the steps of a frame.
func (m *Machine) stopInside(f *frame) {
	if f.closing {
		return
	}
	for n := range m.children(f) {
		s := &m.steps[n]
		switch {
		case m.planned[n].Cleans(), s.status == event.Pending, s.status.Settled():
		case s.loop != nil:
			m.stopLoop(n)
		case s.frame != nil && m.isOpen(s.frame):
			m.breakUp(s.frame, cancelled(false))
		default:
			m.putBack(n)
		}
	}
}

// stopLoop breaks off a loop, and what its instances take in.
func (m *Machine) stopLoop(i int) {
	if _, underWay := m.loops[i]; !underWay {
		return
	}
	m.breakOffLoop(i)
	l := m.steps[i].loop
	for _, n := range l.nodes[:l.next] {
		if f := m.steps[n].frame; f != nil && m.isOpen(f) {
			m.breakUp(f, cancelled(false))
		}
	}
	if _, live := m.live[i]; live {
		m.breakOff(i)
	}
}

// putBack puts a step back to where it was before, where it has begun and done nothing yet.
func (m *Machine) putBack(n int) {
	if m.steps[n].do.attempt == 0 {
		m.giveSlotBack(n)
	}
	if m.steps[n].untried() {
		m.park(n)
	}
}

func cancelled(unchanged bool) *event.Failure {
	return &event.Failure{Class: sdk.Cancelled, Message: event.WasCancelled, Unchanged: unchanged}
}

// blame has everything around a step fail with it when the run, which ends for that, has
// come so far.
func (m *Machine) blame(i int, failure *event.Failure) {
	for f := m.steps[i].in; f != m.root; f = m.steps[i].in {
		if failure = m.from(i, failure); f.failure == nil {
			f.failure = failure
		}
		i = f.owner
		s := &m.steps[i]
		if !s.isInstance {
			continue
		}
		l := m.steps[s.of].loop
		if !s.counted {
			s.counted = true
			m.countFailure(s.of, i, failure)
		}
		l.blamed = true
		i, failure = s.of, m.loopFailure(l)
	}
}

// settleInside has the steps never begin of what a step takes in that is settled. No event says
// so: they stand as the step does.
func (m *Machine) settleInside(i int, status event.Status) {
	if !m.includes(i) || m.blockOf(i) == 0 {
		return
	}
	to := event.NotRun
	if status == event.Skipped {
		to = event.Skipped
	}
	base := m.blockOf(i)
	for n := base; n < base+m.planned[i].Runbook.Size; n++ {
		if s := &m.steps[n]; !s.isTemplate && s.status == event.Pending {
			s.status, s.known, s.asked = to, false, false
		}
	}
}

// liveFrames are the steps that have opened a runbook which is under way, in their order.
func (m *Machine) liveFrames() []int { return slices.Sorted(maps.Keys(m.frames)) }

// breakOffFrames has every runbook end that was taken in.
func (m *Machine) breakOffFrames() {
	for _, i := range m.liveFrames() {
		if f := m.steps[i].frame; m.isOpen(f) {
			m.breakUp(f, cancelled(false))
		}
	}
}

// cutOff ends what the end of a run has come between: loops, and runbooks that were taken in,
// what is in something before that.
func (m *Machine) cutOff() {
	between := append(m.liveLoops(), m.liveFrames()...)
	slices.Sort(between)
	for _, i := range slices.Backward(between) {
		if m.steps[i].loop != nil {
			m.cutOffLoop(i)
		} else {
			m.cutOffFrame(i)
		}
	}
}

// cutOffFrame ends a runbook that the end of a run has come between. Its `finally` runs when
// the run closes, unless it is part of one that is done anew then.
func (m *Machine) cutOffFrame(i int) {
	s := &m.steps[i]
	f := s.frame
	all, ended := 0, 0
	for n := range m.children(f) {
		if m.planned[n].Cleans() {
			continue
		}
		cancelled := m.steps[n].failure != nil && m.steps[n].failure.Class == sdk.Cancelled
		if all++; m.steps[n].status.Settled() && !cancelled {
			ended++
		}
	}
	if !f.begun {
		for n := range m.children(f) {
			m.steps[n].asked = false // whether it is asked at all is for the next opening to say
		}
		delete(m.frames, i)
		s.frame = nil
		m.backToPending(i)
		return
	}
	failure := f.failure
	if failure == nil {
		came := fmt.Sprintf("it came as far as %d of %d", ended, all)
		if ended == all {
			came = "its steps had ended, and its finally had not"
		}
		failure = &event.Failure{Class: sdk.Cancelled, Message: came + ", as the run was ending"}
	}
	s.cutShort = true
	if f.cut = !f.cleans; f.cut {
		m.cut = append(m.cut, f)
	}
	m.fail(i, m.ofWhole(i, failure))
}

// backToPending puts back a step of which nothing was done, though it was under way.
func (m *Machine) backToPending(i int) {
	if s := &m.steps[i]; !s.isInstance {
		s.in.open--
	}
	m.decide(i, event.Do, event.Pending, nil)
}

// closeNext begins the next `finally`: of the runbooks that the end of the run has come between,
// and last of the run's own. It reports whether there was one.
func (m *Machine) closeNext() bool {
	switch {
	case len(m.unclosed) > 0:
		m.closer, m.unclosed = m.unclosed[0], m.unclosed[1:]
		m.closeFrame(m.closer)
	case m.closer != m.root:
		m.closer = m.root
		m.readyAll()
	default:
		return false
	}
	return true
}
