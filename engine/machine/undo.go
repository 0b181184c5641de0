package machine

import (
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// takeBack begins the rollback: every step that changed something, the one that was
// done last first, one at a time. What `finally` did is not among it: that runs at the
// end of a rollback too. Where there is nothing to take back there is no rollback.
func (m *Machine) takeBack() {
	m.undo = m.undo[:0]
	for _, i := range m.changed {
		s := &m.steps[i]
		if m.takesBack(i) && !m.nothingToUndo(i) {
			s.back, s.stuck = effort{}, false
			m.undo = append(m.undo, i)
		}
	}
	if len(m.undo) == 0 {
		m.closing()
		return
	}
	m.setMode(event.Reverse, "")
}

// takesBack reports whether the change of a step is one that a rollback is about.
func (m *Machine) takesBack(i int) bool {
	return !m.isUndone(i) && m.isOfSteps(i)
}

// isOfSteps reports whether a step is one of `steps`, rather than of `finally`.
func (m *Machine) isOfSteps(i int) bool { return !m.cleansUp(i) }

// cleansUp reports whether a step is one of some `finally`, or in one.
func (m *Machine) cleansUp(i int) bool { return m.planned[i].Cleans() || m.steps[i].in.cleans }

func (m *Machine) isUndone(i int) bool { return m.steps[i].status == event.Undone }

func (m *Machine) isLeft(i int) bool { return m.steps[i].status == event.LeftOver }

// wasReached reports whether a rollback has come to the step, whatever came of that.
func (m *Machine) wasReached(i int) bool { return m.isUndone(i) || m.isLeft(i) }

// isAtWork reports whether the action of a step may go on though nobody waits for it.
func (m *Machine) isAtWork(i int) bool { return m.steps[i].atWork }

func (m *Machine) nothingToUndo(i int) bool {
	back := m.planned[i].Rollback
	return back != nil && back.None != ""
}

// nextUndo begins the next compensation, and reports whether there was one.
func (m *Machine) nextUndo() bool {
	for len(m.undo) > 0 {
		last := len(m.undo) - 1
		i := m.undo[last]
		m.undo = m.undo[:last]
		s, p := &m.steps[i], m.planned[i]
		switch {
		case s.atWork:
			m.left(i, sdk.Permanent, "its action did not end when it was asked to, and may still be at work")
		case s.stuck:
			m.left(i, sdk.Permanent, "a step that needs it could not be taken back")
		case p.Rollback == nil:
			m.left(i, sdk.Permanent, "the runbook says no way to take it back")
		default:
			m.live[i] = struct{}{}
			m.decide(i, event.Undo, event.Undoing, nil)
			m.undoNow(i)
			return true
		}
	}
	return false
}

// undoNow makes the compensation: an attempt, or a question to people.
func (m *Machine) undoNow(i int) {
	if !m.use(i, event.Undo).Describe.Asks {
		m.enqueue(i, event.Undo)
		return
	}
	if failure := m.resolve(i, event.Undo); failure != nil {
		m.notUndone(i, failure)
		return
	}
	m.askPeople(i, event.Undo)
}

func (m *Machine) undone(i int) {
	delete(m.live, i)
	m.decide(i, event.Undo, event.Undone, nil)
}

// notUndone gives up a compensation. What the step was built on by intent stays too:
// taking that away from under something that is still there does harm. Edges that
// only come from the order in the file say nothing of that kind.
func (m *Machine) notUndone(i int, failure *event.Failure) {
	delete(m.live, i)
	m.decide(i, event.Undo, event.LeftOver, failure)
	m.hold(i)
}

func (m *Machine) left(i int, class sdk.Class, why string) {
	m.decide(i, event.Undo, event.LeftOver, &event.Failure{Class: class, Message: why})
	m.hold(i)
}

// endRollback ends a rollback in which the run has paused: what it has not come to is
// left.
func (m *Machine) endRollback(reason string) {
	m.aim, m.back = plan.Stop, event.Draining
	m.goOn(reason)
	for _, i := range m.liveSteps() {
		m.breakOffUndo(i)
	}
	for _, i := range slices.Backward(m.undo) {
		m.left(i, sdk.Cancelled, "the rollback was cancelled before it came to this step")
	}
	m.undo = nil
}

// hold marks what a step was built on as not to be taken back.
func (m *Machine) hold(i int) {
	stack := []int{i}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		f := m.steps[top].in
		if f != m.root && !m.steps[f.owner].leans {
			m.steps[f.owner].leans = true
			stack = append(stack, f.owner) // it stays in what took it in, which was built on something too
		}
		for _, edge := range m.planned[top].Needs {
			if from := f.at(edge.From); edge.Reason != plan.InOrder && !m.steps[from].stuck {
				m.holdWhole(from)
				stack = append(stack, from)
			}
		}
	}
}

// holdWhole marks a step as not to be taken back, with its instances and all that it takes in.
func (m *Machine) holdWhole(i int) {
	s := &m.steps[i]
	s.stuck = true
	if s.loop != nil {
		for _, n := range s.loop.nodes {
			m.holdWhole(n)
		}
	}
	if s.frame != nil {
		for n := range m.children(s.frame) {
			m.holdWhole(n)
		}
	}
}

// changedNow lists the steps whose change is in the world now.
func (m *Machine) changedNow() []string {
	var ids []string
	for _, i := range m.changed {
		if !m.isUndone(i) {
			ids = append(ids, m.planned[i].ID)
		}
	}
	return ids
}

func (m *Machine) withStatus(status event.Status) []string {
	var ids []string
	for _, i := range m.changed {
		if m.steps[i].status == status {
			ids = append(ids, m.planned[i].ID)
		}
	}
	return ids
}
