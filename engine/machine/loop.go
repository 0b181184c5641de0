package machine

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A step with foreach opens into one step of the machine for each of its items, as soon as
// these are known. The instances live as all steps do; the loop lets them begin, batch by
// batch, and is settled when they are.

// loop is the state of a step that is done for many.
type loop struct {
	nodes []int // the places of its instances, in their order
	keys  []string
	ends  []int // of each batch, the place in nodes behind its last instance

	batch int       // the one under way
	began time.Time // and since when
	next  int       // the place in nodes of the next instance that may begin
	open  int       // instances that may go on, and are not settled
	held  []bool    // of each batch, whether all held after it, and nothing of it has begun since

	failed    int            // how many instances failed
	failedOf  []int          // and of each batch
	failure   *event.Failure // of the first of them, or of one that went over a limit
	blamed    bool           // the run ends for what failed in one of them
	spent     bool           // no other begins: more failed than may, or it is broken off
	brokenOff bool           // a person wants the run to end, before more failed than may

	phase phase
	until time.Time // when the pause is over
}

// mayStart reports whether anything may begin now.
func (m *Machine) mayStart() bool {
	return !m.pausing && (m.mode == event.Going || m.mode == event.Closing)
}

// beginLoop begins a step with foreach, or takes it up where it was left.
func (m *Machine) beginLoop(i int) {
	if m.steps[i].loop == nil {
		if failure := m.open(i); failure != nil {
			m.fail(i, failure)
			return
		}
	}
	delete(m.live, i)
	m.steps[i].loop.blamed = false
	m.loops[i] = struct{}{}
	m.decide(i, event.Do, event.Running, nil)
	m.takeUp(i)
}

// open makes the instances of a step with foreach, or says why it cannot.
func (m *Machine) open(i int) *event.Failure {
	p := m.planned[i].Loop
	over, err := p.Source.Eval(m.scope(i))
	items, why := itemsOf(over, err)
	opened, recalled := m.past.recallLoop(m.planned[i].ID)
	switch {
	case recalled && opened == nil:
		return notOpened("could not be told")
	case recalled:
		items = asOpened(opened, items)
	case why != "":
		return notOpened(why)
	default:
		opened = &event.Loop{Keys: make([]string, len(items)), Batches: p.BatchesOf(len(items))}
		for k, item := range items {
			opened.Keys[k] = item.Key
		}
		for _, key := range slices.Sorted(maps.Keys(p.LeftOut)) {
			if !slices.Contains(opened.Keys, key) {
				return notOpened(fmt.Sprintf("has no %q, which was to be left out", key))
			}
		}
	}
	batches := len(opened.Batches)
	l := &loop{keys: opened.Keys, nodes: make([]int, len(items)), held: make([]bool, batches), failedOf: make([]int, batches)}
	for k, item := range items {
		l.nodes[k] = m.instance(i, k, item)
	}
	end := 0
	for _, size := range opened.Batches {
		end += size
		l.ends = append(l.ends, end)
	}
	m.steps[i].loop = l
	op := m.op(i, event.Do)
	m.record(event.Event{Type: event.LoopOpened, Op: &op, Loop: opened})
	return nil
}

func notOpened(why string) *event.Failure {
	return &event.Failure{Class: event.Invalid, Message: "what it is done for " + why, Unchanged: true}
}

// itemsOf returns the items of a loop, or says why there are none.
func itemsOf(over value.Value, err error) ([]plan.Item, string) {
	switch {
	case err != nil:
		return nil, "cannot be computed: " + err.Error()
	case over.HasUnknown():
		return nil, "is not known: " + causesText(over.Causes())
	}
	items, err := plan.Items(over)
	if err != nil {
		return nil, "cannot be told apart: " + err.Error()
	}
	size := 0
	for _, item := range items {
		size += len(item.Key)
	}
	if size > maxWritten {
		return nil, fmt.Sprintf("cannot be written down: its keys take %d bytes in the journal, which takes %d", size, maxWritten)
	}
	return items, ""
}

// asOpened returns the items under the keys that the journal has: what they were may have
// been a secret, which is never written down.
func asOpened(opened *event.Loop, items []plan.Item) []plan.Item {
	made := make([]plan.Item, len(opened.Keys))
	for k, key := range opened.Keys {
		made[k] = plan.Item{Key: key, Value: value.Unknown(value.Cause{Reason: "it is from an earlier process, which did not write it down"})}
		if k < len(items) && items[k].Key == key && len(items) == len(made) {
			made[k] = items[k]
		}
	}
	return made
}

// instance returns the place of one instance of a step, which is there already where the
// step is one of `finally` that is done once more.
func (m *Machine) instance(i, k int, item plan.Item) int {
	id := event.InstanceID(m.planned[i].ID, item.Key)
	n, known := m.instances[id]
	if known {
		m.reset(n)
		m.steps[n].round++
		m.steps[n].frame = nil
	} else {
		n = len(m.steps)
		m.instances[id] = n
		m.planned = append(m.planned, m.planned[i].Instance(item.Key))
		m.steps = append(m.steps, step{status: event.Pending})
	}
	s := &m.steps[n]
	s.in, s.of, s.place, s.isInstance, s.unmet, s.each = m.steps[i].in, i, k, true, 1, plan.Each(k, item)
	return n
}

// instanceSettled takes in that an instance has ended.
func (m *Machine) instanceSettled(n int, status event.Status, failure *event.Failure) {
	i := m.steps[n].of
	s := &m.steps[i]
	l := s.loop
	s.known = false
	if _, underWay := m.loops[i]; !underWay {
		return
	}
	l.open--
	wasSpent := l.spent
	if status == event.Failed && !m.endedByUs(n, failure) && !m.steps[n].counted {
		m.countFailure(i, n, failure)
	}
	switch {
	case m.steps[n].cutShort:
		return // the run is ending, and the loop with it
	case !l.spent:
		m.letBegin(i)
		return
	case !m.planned[i].Cleans() && m.planned[i].OnFailure != plan.Continue && !l.brokenOff && !m.tolerates(i, l.failure):
		m.loopFailed(i) // the run reacts to it as to any step that failed
		return
	case !wasSpent:
		m.holdBack(i)
	}
	if l.open == 0 {
		m.loopFailed(i)
	}
}

// endedByUs reports whether a step was ended on the way to what was decided already.
func (m *Machine) endedByUs(i int, failure *event.Failure) bool {
	return m.mode == event.Draining && (failure.Class == sdk.Cancelled || failure.Class == event.Lost || m.steps[i].cutShort)
}

func (m *Machine) countFailure(i, n int, failure *event.Failure) {
	l := m.steps[i].loop
	batch := l.batchOf(m.steps[n].place)
	l.failed++
	l.failedOf[batch]++
	isOver := failure.Class == event.OverLimit
	if l.failure == nil || isOver && l.failure.Class != event.OverLimit {
		why := *failure
		why.Message = m.planned[n].Key + ": " + why.Message
		l.failure = &why
	}
	// Where one goes over a limit of the run, no other may begin either, whatever the budget.
	l.spent = l.spent || isOver || m.planned[i].Loop.Spent(l.failed, len(l.nodes), l.failedOf[batch], l.size(batch))
}

// loopFailed ends a loop of which more instances failed than may, or that is broken off.
func (m *Machine) loopFailed(i int) {
	l := m.steps[i].loop
	if l.brokenOff {
		m.fail(i, cancelled(!m.isTouched(i)))
		return
	}
	m.fail(i, m.ofWhole(i, m.loopFailure(l)))
}

// loopFailure is the failure of a loop of which instances failed.
func (m *Machine) loopFailure(l *loop) *event.Failure {
	failure := *l.failure
	switch {
	case l.failed < 2:
	case failure.Class == event.OverLimit:
		failure.Message += fmt.Sprintf(" (%d of %d failed)", l.failed, len(l.nodes))
	default:
		failure.Message += fmt.Sprintf(" (%d of %d failed, the first of them so)", l.failed, len(l.nodes))
	}
	return &failure
}

// leaveLoop takes in that a step is settled, or not begun after all. A pause that was going
// on after a batch is none any more.
func (m *Machine) leaveLoop(i int) {
	delete(m.loops, i)
	if l := m.steps[i].loop; l != nil {
		l.phase = inBatch
	}
}

// loopDone settles a loop whose instances all are.
func (m *Machine) loopDone(i int) {
	status := event.Succeeded
	if l := m.steps[i].loop; len(l.nodes) > 0 && !slices.ContainsFunc(l.nodes, m.isNotSkipped) {
		status = event.Skipped
	}
	m.settle(i, status, nil)
}

func (m *Machine) isNotSkipped(n int) bool { return m.steps[n].status != event.Skipped }

// liveLoops are the loops under way, in the order of the plan.
func (m *Machine) liveLoops() []int { return slices.Sorted(maps.Keys(m.loops)) }

// breakOffLoops lets no other instance begin. A loop that is between two batches is live,
// and ended as what is live is.
func (m *Machine) breakOffLoops() {
	for _, i := range m.liveLoops() {
		m.breakOffLoop(i)
	}
}

func (m *Machine) breakOffLoop(i int) {
	l := m.steps[i].loop
	l.brokenOff = l.brokenOff || !l.spent
	m.holdBack(i)
	if l.open == 0 && l.phase == inBatch {
		m.loopFailed(i)
	}
}

// cutOffLoop ends a loop that the end of a run has come between.
func (m *Machine) cutOffLoop(i int) {
	l := m.steps[i].loop
	ended := 0
	for _, n := range l.nodes {
		if m.steps[n].status.Settled() {
			ended++
		}
	}
	if ended == 0 {
		m.leaveLoop(i)
		m.backToPending(i)
		return
	}
	failure := &event.Failure{Class: sdk.Cancelled, Message: fmt.Sprintf("it came as far as %d of %d, as the run was ending", ended, len(l.nodes))}
	if l.blamed {
		failure, m.steps[i].cutShort = m.loopFailure(l), true
	}
	m.fail(i, m.ofWhole(i, failure))
}

// loopOutputs are the outputs of those instances that are done.
func (m *Machine) loopOutputs(l *loop) value.Value {
	var keys []string
	var outputs []value.Value
	for k, n := range l.nodes {
		if s := &m.steps[n]; s.do.state == done && !s.outputs.IsNull() {
			keys, outputs = append(keys, l.keys[k]), append(outputs, s.outputs)
		}
	}
	return plan.OutputsOf(keys, outputs)
}
