package machine

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// step is the state of one step of the plan.
type step struct {
	status  event.Status
	unmet   int // how many of its needs are not settled
	started time.Time
	do      effort
	back    effort    // its compensation
	judging *judging  // the conditions that are judged now; nil: none are
	round   int       // how often it was done anew, as it is one of `finally`
	looks   int       // at one condition of its gate at most, so far
	opened  time.Time // when its gate opened for the next attempt; zero: it has none
	expires time.Time
	// interrupted says that the run was at rest since the gate was judged.
	interrupted bool
	asked       bool // a question was open when the run paused, and is not open again
	ballot      ballot
	leftOut     *event.LeftOut // why it is not done, by a person's word

	in         *frame // the runbook that it is a step of; nil: that was not opened
	isTemplate bool   // it stands for steps of instances, and never begins itself
	frame      *frame // the runbook that it has taken in; nil: none yet
	block      int    // of an instance, where the steps of that begin; 0: they are not made
	counted    bool   // of an instance, its loop knows already that it failed

	loop       *loop // it is done for many, which are known; nil: it is not
	isInstance bool
	of         int         // of an instance, the step with foreach
	place      int         // its place among the instances of that
	each       value.Value // and what its expressions see as each

	outputs value.Value
	former  value.Value // outputs from before it was given a new chance
	failure *event.Failure
	touched bool // an attempt may have changed the world
	listed  bool // it is in Machine.changed
	atWork  bool // its action did not end when it was asked to
	stuck   bool // something that needs it could not be taken back
	leans   bool // something in it could not, so that what it needs is held
	// overruled says that it holds nothing against what the plan saw any more: a person was told that this
	// is not so, and had it go on all the same, or others came before it.
	overruled bool
	// cutShort says that it failed as the run was ending, so that what needs it still waits.
	cutShort bool

	view  value.Value // what expressions see; valid while known
	known bool
}

func (s *step) effort(part event.Part) *effort {
	if part == event.Undo {
		return &s.back
	}
	return &s.do
}

// untried reports whether a step that has begun has done nothing yet.
func (s *step) untried() bool {
	return s.do.attempt == 0 && (s.status == event.Asking || s.status == event.Waiting || s.do.state == queued)
}

// rests reports whether nothing goes on in the step: nobody can tell what became of
// it, its next attempt is due later, or people are asked to take it back.
func (s *step) rests() bool {
	return s.loop != nil || s.do.lost || s.do.state == retryDue || s.back.state == retryDue || s.back.state == asking
}

// begin starts a step whose needs are met: `when`, then the gate, then the action.
func (m *Machine) begin(i int) {
	s, p := &m.steps[i], m.planned[i]
	m.live[i] = struct{}{}
	s.started = m.now
	if !s.isInstance {
		s.in.open++
	}
	if p.LeftOut != nil {
		m.leaveOut(i, p.LeftOut)
		return
	}
	if p.When != nil {
		verdict := m.past.recallVerdict(m.op(i, event.When), p.When.Program.Eval(m.scope(i)))
		m.recordVerdict(m.op(i, event.When), p.When, verdict, m.scope(i), nil)
		switch verdict.Truth {
		case expr.True:
		case expr.False:
			m.settle(i, event.Skipped, nil)
			return
		case expr.Unknown, expr.Failed:
			m.settle(i, event.Failed, &event.Failure{
				Class: event.Invalid, Message: "`when` cannot be decided: " + detail(verdict), Unchanged: true,
			})
			return
		}
	}
	switch {
	case p.Loop != nil:
		m.beginLoop(i)
	case len(p.Gate) > 0:
		m.decide(i, event.Gate, event.Waiting, nil)
		m.judge(i, event.Gate, p.Gate)
	default:
		m.act(i)
	}
}

// act does what the step is for: an attempt, or a question to people.
func (m *Machine) act(i int) {
	s, p := &m.steps[i], m.planned[i]
	if m.includes(i) {
		m.takeIn(i)
		return
	}
	if !p.Describe.Asks {
		s.status, s.known = event.Running, false
		m.enqueue(i, event.Do)
		return
	}
	failure := m.overLimit(i)
	if failure == nil {
		failure = m.resolve(i, event.Do)
	}
	if failure != nil {
		m.fail(i, failure)
		return
	}
	m.takeRoom(i, event.Do)
	s.asked = false
	m.decide(i, event.Do, event.Asking, nil)
	m.askPeople(i, event.Do)
}

// done takes in that the step's action succeeded; verify has the last word.
func (m *Machine) done(i int, outputs *value.Value) {
	s, p := &m.steps[i], m.planned[i]
	s.do.state = done
	s.touched = p.Changes()
	s.known = false
	if outputs != nil {
		s.outputs = *outputs
	}
	if len(p.Verify) == 0 {
		m.settle(i, event.Succeeded, nil)
		return
	}
	if m.mode == event.Draining || s.do.cancelled {
		m.fail(i, unverified())
		return
	}
	m.decide(i, event.Verify, event.Verifying, nil)
	m.judge(i, event.Verify, p.Verify)
}

func unverified() *event.Failure {
	return &event.Failure{Class: sdk.Cancelled, Message: "it was done and not verified, as the run was ending"}
}

// fail ends the step without success.
func (m *Machine) fail(i int, failure *event.Failure) { m.settle(i, event.Failed, failure) }

// settle ends the step, and sets free what waits for it or has the run end.
func (m *Machine) settle(i int, status event.Status, failure *event.Failure) {
	s, p := &m.steps[i], m.planned[i]
	delete(m.live, i)
	m.leaveLoop(i)
	delete(m.frames, i)
	s.judging, s.expires, s.asked, s.ballot = nil, time.Time{}, false, ballot{}
	if s.touched {
		m.listChanged(i)
	}
	m.decide(i, event.Do, status, failure)
	m.settleInside(i, status)
	if s.isInstance {
		m.instanceSettled(i, status, failure)
		return
	}
	s.in.open--
	s.in.begun = true
	switch {
	case status != event.Failed:
		m.release(i)
	case m.endedByUs(i, failure):
		s.cutShort = true
	case p.OnFailure == plan.Continue:
		m.release(i)
	case p.Cleans():
		// What else stands in `finally` must be tried all the same.
		m.failedClosing(i, failure)
		m.release(i)
	case m.tolerates(i, failure):
		m.failedInside(i, failure)
	default:
		m.remember(p.ID, failure)
		if p.OnFailure != plan.Pause {
			m.blame(i, failure)
		}
		m.failedWith(p.OnFailure)
	}
}

// failedClosing takes in that a step of `finally` failed: of the run's, or of a runbook that was
// taken in, and that fails with it in the end.
func (m *Machine) failedClosing(i int, failure *event.Failure) {
	f := m.steps[i].in
	if f == m.root || f.cut {
		m.unended = append(m.unended, i)
		m.remember(m.planned[i].ID, failure)
		return
	}
	if f.failure == nil {
		f.failure = m.from(i, failure)
	}
}

// listChanged puts the step behind all others that changed something: it was done last.
func (m *Machine) listChanged(i int) {
	if m.steps[i].listed {
		m.changed = slices.DeleteFunc(m.changed, func(c int) bool { return c == i })
	}
	m.steps[i].listed = true
	m.changed = append(m.changed, i)
}

// remember keeps the first failure: it is the one to explain.
func (m *Machine) remember(step string, failure *event.Failure) {
	if m.failure == nil {
		m.failure, m.failedStep = failure, step
	}
}

// release sets free what waits for a step, or for the end of what it is in.
func (m *Machine) release(i int) {
	for _, inPlan := range m.dependents[m.planned[i].Index] {
		d := m.steps[i].in.at(inPlan)
		if m.steps[d].unmet--; m.steps[d].unmet == 0 {
			m.pushReady(d)
		}
	}
	m.childSettled(i)
}

// park puts a step that has done nothing since it began back to where it was before. It
// may have changed something at an earlier chance.
func (m *Machine) park(i int) {
	s := &m.steps[i]
	m.withdraw(i)
	m.stopJudging(i)
	delete(m.live, i)
	s.do, s.expires, s.opened, s.interrupted = s.do.anew(), time.Time{}, time.Time{}, false
	m.backToPending(i)
	m.pushReady(i)
}

// decide changes a step's status and journals it.
func (m *Machine) decide(i int, part event.Part, status event.Status, failure *event.Failure) {
	s := &m.steps[i]
	s.status, s.known = status, false
	if failure != nil {
		s.failure = failure
	}
	op := m.op(i, part)
	e := event.Event{Type: event.StepDecided, Op: &op, Status: status, Failure: failure}
	if status == event.Skipped && s.leftOut != nil {
		e.LeftOut, e.By = s.leftOut, s.leftOut.By
	}
	if !s.started.IsZero() && status.Settled() {
		e.Elapsed = m.now.Sub(s.started)
	}
	m.record(e)
}

func (m *Machine) timerFired(e event.Event) {
	if e.Timer == nil || !m.Wants(*e.Timer) {
		return
	}
	i, _, _ := m.find(&e.Timer.Op)
	switch e.Timer.Purpose {
	case event.TimerRetry:
		m.enqueue(i, e.Timer.Op.Part)
	case event.TimerExpiry:
		m.emit(Cancel{e.Timer.Op})
		m.refused(i, e.Timer.Op.Part, "nobody answered in time")
	case event.TimerPause:
		m.lookBetween(i)
	default:
		m.conditionTimer(i, *e.Timer)
	}
}

// retryable reports whether a failure is worth another attempt where the runbook does
// not say.
func retryable(class sdk.Class) bool { return class == sdk.Transient || class == sdk.Timeout }
