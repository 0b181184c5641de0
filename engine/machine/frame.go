package machine

import (
	"iter"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// A step that takes in a runbook opens, as a step with foreach does: its steps begin then,
// which are steps of the machine like all others. Where the step is an instance, they are
// made then. The step is under way until they are settled, and holds no slot.

// frame is a runbook: the run's own, or one that a step has taken in and opened. Its steps
// lie one behind the other, those of what they take in themselves among them.
type frame struct {
	owner  int // the step that takes it in; none: it is the run's own
	base   int // the place of its first step
	from   int // and of that in the plan
	size   int
	order  int    // how many were opened before it
	prefix string // what the ids of its steps begin with

	inputs, vars value.Value // what its expressions see

	begun   bool // one of its steps has ended, be it at an earlier chance
	cleans  bool // it is part of cleaning up, as what takes it in is of some `finally`
	closing bool // its `finally` runs, or has run
	closed  bool // all of that is done, and nothing in it failed
	left    int  // steps, or when it closes those of `finally`, that are to be settled
	open    int  // of its steps, those that have begun and are not settled
	failure *event.Failure
	spent   bool // nothing else of its steps begins, as one of them failed, or people want it to end
	cut     bool // the end of the run came between
}

// none is the place of no step.
const none = -1

// runbook is the frame of the run's own steps.
func runbook(p *plan.Plan) *frame {
	return &frame{owner: none, size: len(p.Steps), inputs: p.Inputs, vars: p.Vars}
}

// includes reports whether a step takes in a runbook itself, rather than each of its instances.
func (m *Machine) includes(i int) bool {
	return m.planned[i].Runbook != nil && m.planned[i].Loop == nil
}

// at is the place of a step of a frame, by that in the plan.
func (f *frame) at(inPlan int) int { return f.base + inPlan - f.from }

// children are the places of the steps of a frame, without those of what they take in.
func (m *Machine) children(f *frame) iter.Seq[int] {
	return func(yield func(int) bool) {
		for q := f.from; q < f.from+f.size; q++ {
			if !yield(f.at(q)) {
				return
			}
			if taken := m.plan.Steps[q].Runbook; taken != nil {
				q += taken.Size
			}
		}
	}
}

// blockOf is where the steps begin of what a step takes in; 0: they are not made yet.
func (m *Machine) blockOf(i int) int {
	if s := &m.steps[i]; s.isInstance {
		return s.block
	}
	return i + 1
}

// isOpen reports whether a frame that a step has opened is under way.
func (m *Machine) isOpen(f *frame) bool {
	_, underWay := m.frames[f.owner]
	return underWay && m.steps[f.owner].frame == f
}

// takeIn opens the runbook that a step takes in, or takes it up where it was left.
func (m *Machine) takeIn(i int) {
	told, recalled := m.past.recallOpening(m.planned[i].ID)
	if m.steps[i].frame == nil {
		f, failure := m.openFrame(i, recalled && told)
		if recalled && !told && failure == nil {
			failure = notTakenIn("its inputs could not be told")
		}
		if failure == nil {
			failure = m.keepForFinally(f)
		}
		if failure != nil {
			m.fail(i, failure)
			return
		}
		m.steps[i].frame = f
		m.settleIn(f)
	} else if m.steps[i].frame.closed {
		m.keepAgain(m.steps[i].frame)
	}
	delete(m.live, i)
	m.frames[i] = struct{}{}
	m.steps[i].counted = false
	f := m.steps[i].frame
	f.failure, f.spent, f.cut, f.closing = nil, false, false, f.closed
	for n := range m.children(f) {
		if !m.planned[n].Cleans() && !m.steps[n].status.Settled() {
			f.closing, f.closed = false, false
		}
	}
	m.decide(i, event.Do, event.Running, nil)
	m.goOnIn(f)
}

func notTakenIn(why string) *event.Failure {
	return &event.Failure{Class: event.Invalid, Message: why, Unchanged: true}
}

// openFrame computes what the expressions of a runbook see that a step takes in, or says why
// that cannot be. Where the journal has it that they could be told, they may be unknown by
// now.
func (m *Machine) openFrame(i int, told bool) (*frame, *event.Failure) {
	p, outer := m.planned[i], m.steps[i].in
	inputs, err := p.Runbook.Source.Eval(m.scope(i))
	switch {
	case err != nil && told:
		inputs = value.Unknown(value.Cause{Reason: err.Error()})
	case err != nil:
		return nil, notTakenIn("its inputs cannot be computed: " + err.Error())
	case inputs.HasUnknown() && !told:
		return nil, notTakenIn("its inputs are not known: " + causesText(inputs.Causes()))
	}
	f := &frame{
		owner: i, from: p.Index + 1, size: p.Runbook.Size, order: m.opened + 1, prefix: p.ID + ".",
		inputs: inputs, cleans: p.Cleans() || outer.cleans,
	}
	held := make([]value.Member, 0, len(p.Runbook.Held))
	for _, b := range p.Runbook.Held {
		f.vars = value.Object(held...)
		v, err := b.Source.Eval(&scope{m: m, step: none, in: f})
		switch {
		case err != nil && told:
			v = value.Unknown(value.Cause{Reason: err.Error()})
		case err != nil:
			return nil, notTakenIn("its var " + b.Name + " cannot be computed: " + err.Error())
		}
		held = append(held, value.Member{Name: b.Name, Value: v})
	}
	f.vars = value.Object(held...)
	m.opened++
	return f, nil
}

// settleIn gives a frame its steps, as good as new: those of an instance are made, unless it
// was opened before.
func (m *Machine) settleIn(f *frame) {
	f.base = m.blockOf(f.owner)
	if f.base == 0 {
		f.base = len(m.steps)
		m.steps[f.owner].block = f.base
		m.makeBlock(f)
	}
	for n := range m.children(f) {
		m.steps[n].in = f
	}
	for n := f.base; n < f.base+f.size; n++ {
		if !m.steps[n].isTemplate {
			m.renew(n)
		}
	}
}

// makeBlock makes the steps of what an instance takes in.
func (m *Machine) makeBlock(f *frame) {
	made := slices.Repeat([]step{{status: event.Pending}}, f.size)
	m.steps = append(m.steps, made...)
	owner, _ := m.plan.Step(m.planned[f.owner].ID)
	m.planned = append(m.planned, m.plan.Inside(owner)...)
	m.markTemplates(f)
	for n := f.base; n < len(m.planned); n++ {
		if !m.steps[n].isTemplate {
			m.instances[m.planned[n].ID] = n
		}
	}
}

// markTemplates marks those steps of a frame that stand for the steps of each instance of
// another, and never begin themselves.
func (m *Machine) markTemplates(f *frame) {
	for q := f.from; q < f.from+f.size; q++ {
		p := m.plan.Steps[q]
		if p.Runbook == nil || p.Loop == nil {
			continue
		}
		for range p.Runbook.Size {
			q++
			m.steps[f.at(q)].isTemplate = true
		}
	}
}

// renew makes a step as good as new whatever became of it, but for what taking it back needs.
func (m *Machine) renew(n int) {
	if m.steps[n].status.Settled() {
		m.reset(n)
		m.steps[n].round++
	}
	s, p := &m.steps[n], m.planned[n]
	if s.loop != nil {
		for _, one := range s.loop.nodes {
			m.steps[one].unmet = 1 // whether it is one still is seen when the loop opens
		}
	}
	s.unmet, s.loop, s.frame = 0, nil, nil
	for _, edge := range p.Needs {
		if m.plan.Steps[edge.From].Cleans() == p.Cleans() {
			s.unmet++
		}
	}
}

// mayBegin reports whether it is the time of a step that waits for nothing.
func (m *Machine) mayBegin(n int) bool {
	s, finally := &m.steps[n], m.planned[n].Cleans()
	if s.status != event.Pending || s.unmet > 0 || s.in == nil {
		return false
	}
	if s.isInstance {
		_, underWay := m.loops[s.of]
		return underWay
	}
	switch f := s.in; {
	case f == m.root:
		return finally == (m.mode == event.Closing) && (!finally || m.closer == m.root)
	case f.cut:
		return finally && m.closer == f
	default:
		return m.isOpen(f) && finally == f.closing && (f.closing || !f.spent)
	}
}

// goOnIn counts what a frame waits for, makes ready what may begin, and has it end where
// nothing is left.
func (m *Machine) goOnIn(f *frame) {
	f.left, f.open = 0, 0
	for n := range m.children(f) {
		s := &m.steps[n]
		if m.planned[n].Cleans() != f.closing || s.status.Settled() {
			continue
		}
		f.left++
		if s.status != event.Pending {
			f.open++
		} else if m.mayBegin(n) {
			m.pushReady(n)
		}
	}
	m.progress(f)
}

// childSettled takes in that a step of a frame has ended, and what waits for it is set free.
func (m *Machine) childSettled(i int) {
	if f := m.steps[i].in; f != m.root {
		if m.planned[i].Cleans() == f.closing {
			f.left--
		}
		m.progress(f)
	}
}

// progress takes a frame that waits for nothing on to its `finally`, and from there to its end.
func (m *Machine) progress(f *frame) {
	if !m.isOpen(f) || m.mode != event.Going && m.mode != event.Closing {
		return
	}
	if !f.closing {
		if f.left > 0 && (!f.spent || f.open > 0) {
			return
		}
		m.closeFrame(f)
	}
	if f.left == 0 {
		m.frameDone(f)
	}
}

// closeFrame begins `finally` of a runbook. What of it ran at an earlier chance is done anew.
func (m *Machine) closeFrame(f *frame) {
	f.closing, f.closed, f.left, f.open = true, false, 0, 0
	for n := range m.children(f) {
		if m.planned[n].Cleans() {
			f.left++
			m.renew(n)
			if m.mayBegin(n) {
				m.pushReady(n)
			}
		}
	}
}

// frameDone ends the step that took in a runbook of which all is settled; its verify has the
// last word.
func (m *Machine) frameDone(f *frame) {
	i := f.owner
	delete(m.frames, i)
	f.closed = f.failure == nil
	if f.failure != nil {
		m.fail(i, m.ofWhole(i, f.failure))
		return
	}
	m.giveRestBack(f)
	s, p := &m.steps[i], m.planned[i]
	s.outputs, s.do.state, s.known = m.outputsIn(f), done, false
	if len(p.Verify) == 0 {
		m.settle(i, event.Succeeded, nil)
		return
	}
	m.live[i] = struct{}{}
	m.decide(i, event.Verify, event.Verifying, nil)
	m.judge(i, event.Verify, p.Verify)
}

// outputsIn is what a runbook gives back to the step that took it in; what cannot be given is
// unknown, and says why.
func (m *Machine) outputsIn(f *frame) value.Value {
	bindings := m.planned[f.owner].Runbook.Outputs
	members := make([]value.Member, 0, len(bindings))
	for _, b := range bindings {
		v, err := b.Source.Eval(&scope{m: m, step: none, in: f})
		if err != nil {
			v = value.Unknown(value.Cause{Step: m.planned[f.owner].ID, Reason: "the output " + b.Name + " cannot be computed: " + err.Error()})
		}
		members = append(members, value.Member{Name: b.Name, Value: v})
	}
	return value.Object(members...)
}
