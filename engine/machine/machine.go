package machine

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/dag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// Machine is the state of one run. It is not safe for concurrent use: one goroutine
// owns it.
type Machine struct {
	plan       *plan.Plan
	dependents [][]int      // by step of the plan, those that wait for it
	planned    []*plan.Step // the plan's, then the instances of those with foreach
	steps      []step       // the state of each
	instances  map[string]int

	run     event.Run
	runView value.Value // what expressions see as run, without the outcome
	started time.Time
	now     time.Time

	mode    event.Mode
	pausing bool       // start nothing new; pause when nothing is left that runs
	back    event.Mode // paused: the mode to go back to
	aim     plan.Policy
	result  event.Result // of the last end or pause

	failure    *event.Failure // the first that was not tolerated
	failedStep string
	failing    bool          // the run had failed, or was to be taken back, when `finally` began last
	told       event.Outcome // the outcome as it was decided then, which its steps are told

	measured  *event.Measured // what it took and lost when it had succeeded; nil: it has not
	askedBack time.Time       // when a person last asked for the rollback; zero: nobody did

	ready readyHeap        // steps whose needs are met and that have not begun
	queue []slotRequest    // attempts that wait for a slot, oldest first
	line  []int            // step by step: steps that wait to be asked about, oldest first
	turn  int              // and the one that was asked about last
	flows bool             // no more step by step: a person had the rest done without being asked
	slots int              // attempts in flight
	lost  int              // of them, those that nobody can tell of
	live  map[int]struct{} // steps that have begun and are not settled

	// What is under way holds no slot: steps that are done for many, which are live only in
	// between two batches, and those that have taken in a runbook, live only as it is verified.
	loops  map[int]struct{}
	frames map[int]struct{}

	root     *frame   // the run's own runbook
	opened   int      // how many others were opened
	cut      []*frame // of them, those that the end of the run came between
	unclosed []*frame // of these, those whose `finally` is to run
	closer   *frame   // whose `finally` runs

	unended []int // steps of finally that failed, since that began last
	changed []int // steps that changed something, in the order of completion
	undo    []int // of them, those still to be taken back; the next is the last

	tally *limit.Tally // what was begun, as the limits count it
	keeps bool         // it has room in it for steps of `finally`
	late  bool         // it was told that the run goes longer than it may

	past Past // what is replayed
	out  []Command
}

type slotRequest struct {
	step int
	part event.Part
}

// New returns the machine of a run that has not started. Its first event must be
// [event.RunStarted].
func New(p *plan.Plan) *Machine {
	needs := make([][]int, len(p.Steps))
	m := &Machine{
		plan:      p,
		planned:   slices.Clone(p.Steps),
		steps:     make([]step, len(p.Steps)),
		instances: make(map[string]int),
		live:      make(map[int]struct{}),
		loops:     make(map[int]struct{}),
		frames:    make(map[int]struct{}),
		root:      runbook(p),
		tally:     limit.NewTally(nil),
	}
	for i, s := range p.Steps {
		m.steps[i].status = event.Pending
		for _, edge := range s.Needs {
			// A finally step runs after everything else anyway.
			if p.Steps[edge.From].Cleans() == s.Cleans() {
				needs[i] = append(needs[i], edge.From)
			}
		}
		m.steps[i].unmet = len(needs[i])
	}
	m.dependents = dag.New(needs).Dependents()
	m.markTemplates(m.root)
	for i := range m.children(m.root) {
		m.steps[i].in = m.root
	}
	return m
}

// Next takes in one event and returns what must be done now. Events that no longer
// matter, such as a timer of a step that has ended, and the machine's own decisions
// change nothing.
func (m *Machine) Next(e event.Event) []Command {
	if e.Type.Decision() {
		return nil
	}
	m.out = nil
	if e.Time.After(m.now) {
		m.now = e.Time
	}
	m.apply(e)
	m.tellOverTime()
	m.advance()
	return m.out
}

func (m *Machine) apply(e event.Event) {
	switch e.Type {
	case event.RunStarted:
		m.start(e)
	case event.AttemptStarted, event.AttemptNoted, event.AttemptSaved, event.AttemptFinished, event.AttemptObserved:
		m.attemptEvent(e)
	case event.Observed:
		m.observed(e)
	case event.TimerFired:
		m.timerFired(e)
	case event.AskOpened:
		m.askOpened(e)
	case event.Answered:
		m.answered(e)
	case event.PauseAsked:
		m.pauseAsked(e)
	case event.CancelAsked:
		m.cancelAsked(e)
	case event.ResumeAsked:
		m.resumeAsked(e)
	case event.RollbackAsked:
		m.rollbackAsked(e)
	case event.SteppingEnded:
		m.endStepping(e)
	case event.RunResumed:
		m.takenUp(e)
	case event.GivenUp:
		m.givenUp(e)
	case event.WindowOverridden:
		m.run.Overrides = append(slices.Clone(m.run.Overrides), event.Override{Window: e.Name, By: e.By, Reason: e.Reason})
		m.lookNow()
	case event.LockTaken, event.TargetReached, event.AnswerRefused,
		event.StepDecided, event.ConditionMet, event.LoopOpened, event.BatchDone, event.OverTime, event.ModeChanged, event.RunFinished, event.RequestRefused:
		// Nothing follows from these.
	}
}

// find returns the step and its place that an event is about.
func (m *Machine) find(op *event.Op) (int, *step, bool) {
	if op == nil {
		return 0, nil, false
	}
	i, ok := m.place(op.Step)
	if !ok {
		return 0, nil, false
	}
	return i, &m.steps[i], true
}

// place finds a step, which may be an instance of another.
func (m *Machine) place(id string) (int, bool) {
	if i, ok := m.instances[id]; ok {
		return i, true
	}
	p, ok := m.plan.Step(id)
	if !ok || m.plan.Steps[p.Index].ID != id || m.steps[p.Index].isTemplate {
		return 0, false
	}
	return p.Index, true
}

// nearest finds a step, or where it is not made yet what it is going to be in.
func (m *Machine) nearest(id string) (int, bool) {
	for {
		if i, ok := m.place(id); ok {
			return i, true
		}
		if of, _, ok := event.SplitInstance(id); ok {
			id = of
		} else if within, _, ok := event.SplitInside(id); ok {
			id = within
		} else {
			return 0, false
		}
	}
}

func (m *Machine) emit(c Command) { m.out = append(m.out, c) }

// record journals a decision.
func (m *Machine) record(e event.Event) {
	e.Time = m.now
	m.emit(Record{Event: e})
}

func (m *Machine) op(i int, part event.Part) event.Op {
	return event.Op{Step: m.planned[i].ID, Part: part}
}

// Mode returns where the run as a whole stands.
func (m *Machine) Mode() event.Mode { return m.mode }

// Result returns how the run ended or paused last.
func (m *Machine) Result() event.Result { return m.result }

// Status returns the state of the step at a place of the plan.
func (m *Machine) Status(i int) event.Status { return m.steps[i].status }

// Wants reports whether a timer still matters, so that one of a step that has gone on
// need not be journaled.
func (m *Machine) Wants(t event.Timer) bool {
	i, s, ok := m.find(&t.Op)
	if !ok {
		return false
	}
	switch t.Purpose {
	case event.TimerRetry:
		e := s.effort(t.Op.Part)
		return e.state == retryDue && e.attempt == t.Op.Attempt && !m.pausing
	case event.TimerExpiry:
		return s.effort(t.Op.Part).state == asking && s.expires.Equal(t.At)
	case event.TimerPause:
		return s.wantsPauseTimer(t) && !m.pausing
	default:
		return m.wantsConditionTimer(i, t)
	}
}

// Asking reports whether the run can go on only when people answer: questions are
// open, and nothing else is in flight or due.
func (m *Machine) Asking() bool {
	if len(m.live) == 0 {
		return false
	}
	for i := range m.live {
		if !m.steps[i].asking() && !m.inLine(i) {
			return false
		}
	}
	return true
}

// Pausing reports whether the run is on its way to a pause.
func (m *Machine) Pausing() bool { return m.pausing && m.mode != event.Paused }

// WillAsk reports whether an answer to a step may wait for its question: it is asking,
// or it was when the run paused and has not come so far again.
func (m *Machine) WillAsk(id string) bool {
	i, ok := m.place(id)
	return ok && (m.steps[i].asked && !m.steps[i].status.Settled() || m.steps[i].asking())
}

// MayAsk reports whether a step that asks people has its question before it still: in this
// run as it goes, or when it is resumed.
func (m *Machine) MayAsk(id string) bool {
	p, ok := m.plan.Step(event.Template(id))
	if !ok || !p.Describe.Asks {
		return false
	}
	i, ok := m.nearest(id)
	if !ok {
		return false
	}
	status := m.steps[i].status
	return !status.Settled() || status == event.NotRun
}

// Outstanding returns the commands that have no answer yet, by step: what a driver
// must take up when it has replayed a journal, before it tells the machine so. It looks
// at the steps that have begun and are not settled. An attempt whose intent is not in
// the journal is not among them: to [event.RunResumed] the machine answers with what
// becomes of it.
func (m *Machine) Outstanding() []Command {
	m.out = nil
	for _, i := range slices.Sorted(maps.Keys(m.live)) {
		m.outstanding(i)
	}
	return m.out
}

func (m *Machine) outstanding(i int) {
	s := &m.steps[i]
	for _, part := range []event.Part{event.Do, event.Undo} {
		e := s.effort(part)
		switch e.state {
		case inFlight:
			if e.intent {
				m.emit(m.attempt(i, part))
			}
		case retryDue:
			m.emit(SetTimer{m.retryTimer(i, part)})
		case asking:
			m.emit(m.ask(i, part))
			if !s.expires.IsZero() {
				m.emit(SetTimer{m.expiryTimer(i, part)})
			}
		case permitting:
			m.emit(m.askWord(i))
		case idle, queued, guarded, done:
		}
	}
	if s.judging != nil {
		m.outstandingConditions(i, s.judging)
	}
	if s.loop != nil && s.loop.phase == pausing {
		m.emit(SetTimer{m.pauseTimer(i)})
	}
}

// readyHeap gives the step that comes first in the plan, and of the instances of one the
// first of them, so that what starts first among equals does not depend on what finished
// first.
type readyHeap []readyStep

type readyStep struct {
	inPlan int // the place in the plan of the step, or of that which it is an instance of
	order  int // when what it is in was opened
	place  int // of an instance
	step   int
}

func (h readyHeap) Len() int { return len(h) }
func (h readyHeap) Less(a, b int) bool {
	return cmp.Or(cmp.Compare(h[a].inPlan, h[b].inPlan), cmp.Compare(h[a].order, h[b].order), cmp.Compare(h[a].place, h[b].place)) < 0
}
func (h readyHeap) Swap(a, b int) { h[a], h[b] = h[b], h[a] }

// Push adds a step; container/heap calls it.
func (h *readyHeap) Push(x any) { *h = append(*h, x.(readyStep)) }

// Pop removes the last step; container/heap calls it.
func (h *readyHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

func (m *Machine) pushReady(i int) {
	s := &m.steps[i]
	heap.Push(&m.ready, readyStep{inPlan: m.planned[i].Index, order: s.in.order, place: s.place, step: i})
}

func (m *Machine) popReady() int { return heap.Pop(&m.ready).(readyStep).step }
