package machine

import (
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// longestRest is how long a condition is not looked at that cannot come out otherwise.
const longestRest = 5 * time.Minute

// observationTimeout bounds an observation, which must never hang a gate in silence.
const observationTimeout = time.Minute

// judging is a gate or a verify that is being judged. It is met at the first moment at
// which all its conditions are: one that is polled goes on being looked at until the
// others are met too, and one that is not is looked at again at the end, so that an
// early yes cannot be stale.
type judging struct {
	part      event.Part
	plan      []*plan.Condition
	conds     []condition
	confirmed bool // what is not polled was looked at again since the others were met
	onceMore  bool // the step has a slot; each is looked at just once
	before    int  // the number of the last look at an earlier judging of the same
}

type condition struct {
	sample   int  // how often it was looked at
	final    bool // the look in flight is the last: its time is over
	inFlight bool
	params   value.Value // of the observation in flight
	met      bool
	trueFrom time.Time // since when it was true without a break; zero: it is not
	deadline time.Time // zero: it is judged once
	pollAt   time.Time // zero: no poll is due
	last     expr.Truth
	lookedAt time.Time // when it was looked at last
	still    time.Time // until when it cannot come out otherwise; zero: nobody can tell
}

func (m *Machine) judge(i int, part event.Part, conditions []*plan.Condition) {
	m.begins(i, &judging{part: part, plan: conditions})
}

func (m *Machine) begins(i int, j *judging) {
	j.conds = make([]condition, len(j.plan))
	if j.part != event.Verify {
		j.before = m.steps[i].looks
	}
	m.steps[i].judging = j
	for k, c := range j.plan {
		j.conds[k].sample = j.before
		if c.Within > 0 && !j.onceMore {
			j.conds[k].deadline = m.now.Add(c.Within)
			m.emit(SetTimer{m.conditionTimerOf(i, k, event.TimerDeadline)})
		}
	}
	for k := range j.plan {
		// One that closes ends the judging under our hands.
		if m.steps[i].judging != j {
			return
		}
		m.look(i, k)
	}
}

// look judges a condition anew, over a fresh observation where it asks for one.
func (m *Machine) look(i, k int) {
	j := m.steps[i].judging
	c := &j.conds[k]
	c.sample++
	c.pollAt, c.lookedAt = time.Time{}, m.now
	c.final = !c.deadline.IsZero() && !m.now.Before(c.deadline)
	use := j.plan[k].Observe
	if use == nil {
		m.weigh(i, k, nil)
		return
	}
	params, err := use.Source.Eval(m.scope(i))
	made := m.past.observed[m.conditionOp(i, k)] // with what is lost by now
	field, exposed := data.Exposed(use.Describe.Input, params)
	switch {
	case err != nil && !made:
		m.misses(i, k, "what to observe cannot be computed: "+err.Error())
	case params.HasUnknown() && !made:
		m.misses(i, k, "what to observe is not known: "+causesText(params.Causes()))
	case exposed && !made:
		m.misses(i, k, field+": "+isExposed)
	default:
		c.inFlight, c.params = true, params
		m.emit(m.observe(i, k))
	}
}

func (m *Machine) observe(i, k int) Observe {
	j := m.steps[i].judging
	c, p := &j.conds[k], j.plan[k]
	timeout := observationTimeout
	if !c.deadline.IsZero() {
		// A look that begins just before the deadline, or at it, is given time to end.
		timeout = min(timeout, max(c.deadline.Sub(m.now), p.Every, time.Second))
	}
	return Observe{Op: m.conditionOp(i, k), Use: p.Observe, Params: c.params, Timeout: timeout}
}

func (m *Machine) conditionOp(i, k int) event.Op {
	j := m.steps[i].judging
	op := m.op(i, j.part)
	op.Index, op.Attempt = k, j.conds[k].sample
	return op
}

func (m *Machine) observed(e event.Event) {
	i, s, ok := m.find(e.Op)
	if !ok || s.judging == nil || s.judging.part != e.Op.Part || e.Op.Index >= len(s.judging.conds) {
		return
	}
	c := &s.judging.conds[e.Op.Index]
	if !c.inFlight || c.sample != e.Op.Attempt {
		return
	}
	c.inFlight = false
	if e.Failure != nil {
		m.misses(i, e.Op.Index, "it could not be observed: "+e.Failure.Words())
		return
	}
	m.weigh(i, e.Op.Index, e.Outputs)
}

// misses counts a look at which nothing could be seen: the condition is not true.
func (m *Machine) misses(i, k int, why string) {
	j := m.steps[i].judging
	c := j.plan[k]
	m.recordMiss(m.conditionOp(i, k), c, why)
	m.weighed(i, k, expr.Failed, why)
}

// weigh judges a condition over an observation, or over what is known.
func (m *Machine) weigh(i, k int, observed *value.Value) {
	j := m.steps[i].judging
	scope := m.scope(i)
	scope.observed = observed
	verdict := m.past.recallVerdict(m.conditionOp(i, k), j.plan[k].Program.Eval(scope))
	m.recordVerdict(m.conditionOp(i, k), j.plan[k], verdict, scope, &j.conds[k])
	j.conds[k].still = time.Time{}
	if j.plan[k].Observe == nil {
		j.conds[k].still = verdict.Still
	}
	m.weighed(i, k, verdict.Truth, detail(verdict))
}

func (m *Machine) weighed(i, k int, truth expr.Truth, why string) {
	j := m.steps[i].judging
	c, p := &j.conds[k], j.plan[k]
	c.last = truth
	switch {
	case truth != expr.True:
		c.trueFrom, c.met, j.confirmed = time.Time{}, false, false
	case c.trueFrom.IsZero():
		c.trueFrom = m.now
		c.met = p.Hold == 0 || j.onceMore
	default:
		c.met = m.now.Sub(c.trueFrom) >= p.Hold
	}
	late := c.deadline.IsZero() || !m.now.Before(c.deadline)
	switch {
	case !c.met && late:
		m.closes(i, k, why)
	case j.allMet():
		m.opens(i)
	case !c.deadline.IsZero():
		m.pollLater(i, k)
	}
}

func (j *judging) allMet() bool {
	for _, c := range j.conds {
		if !c.met {
			return false
		}
	}
	return true
}

// pollLater sets the timer for the next look: when it is due, or sooner when the
// condition will have held long enough or its time is over.
func (m *Machine) pollLater(i, k int) {
	j := m.steps[i].judging
	c, p := &j.conds[k], j.plan[k]
	at := m.now.Add(max(p.Every, time.Millisecond))
	switch {
	case c.still.After(at):
		// As when a window opens on Monday. A clock may be set, and a machine may sleep, so that
		// a timer alone is not relied on for so long.
		at = earlier(c.still, m.now.Add(max(p.Every, longestRest)))
	case c.still.After(m.now):
		at = c.still // what opens may be closed again when it is due
	}
	if !c.trueFrom.IsZero() && !c.met {
		at = earlier(at, c.trueFrom.Add(p.Hold))
	}
	if !c.met {
		at = earlier(at, c.deadline)
	}
	c.pollAt = at
	m.emit(SetTimer{m.conditionTimerOf(i, k, event.TimerPoll)})
}

// lookNow has every condition looked at that rests until it can come out otherwise: it can by now.
func (m *Machine) lookNow() {
	for _, i := range slices.Sorted(maps.Keys(m.live)) {
		j := m.steps[i].judging
		if j == nil {
			continue
		}
		for k := range j.conds {
			if c := &j.conds[k]; !c.pollAt.IsZero() && !c.still.IsZero() {
				c.pollAt, c.still = m.now, time.Time{}
				m.emit(SetTimer{m.conditionTimerOf(i, k, event.TimerPoll)})
			}
		}
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func (m *Machine) conditionTimerOf(i, k int, purpose string) event.Timer {
	c := &m.steps[i].judging.conds[k]
	t := event.Timer{Op: m.conditionOp(i, k), Purpose: purpose, At: c.pollAt}
	if purpose == event.TimerDeadline {
		t.Op.Attempt, t.At = 0, c.deadline
	}
	return t
}

func (m *Machine) wantsConditionTimer(i int, t event.Timer) bool {
	j := m.steps[i].judging
	if j == nil || j.part != t.Op.Part || t.Op.Index >= len(j.conds) {
		return false
	}
	c := &j.conds[t.Op.Index]
	if t.Purpose == event.TimerPoll {
		return c.sample == t.Op.Attempt && c.pollAt.Equal(t.At)
	}
	return !c.met && !c.final && c.deadline.Equal(t.At)
}

// conditionTimer looks again, at the deadline for the last time; a look in flight then
// is the last one.
func (m *Machine) conditionTimer(i int, t event.Timer) {
	if !m.wantsConditionTimer(i, t) {
		return
	}
	if c := &m.steps[i].judging.conds[t.Op.Index]; t.Purpose == event.TimerDeadline && c.inFlight {
		c.final = true
		return
	}
	m.look(i, t.Op.Index)
}

// opens ends the judging: everything holds.
func (m *Machine) opens(i int) {
	j := m.steps[i].judging
	if m.confirm(i) {
		return
	}
	m.stopJudging(i)
	switch {
	case j.onceMore:
		m.goAhead(i)
	case j.part == event.Gate:
		m.steps[i].opened = m.now
		m.act(i)
	case j.part == event.Between:
		m.nextBatch(i)
	default:
		m.settle(i, event.Succeeded, nil)
	}
}

// closes ends the judging: a condition does not hold.
func (m *Machine) closes(i, k int, why string) {
	j := m.steps[i].judging
	if j.onceMore {
		m.judgeAnew(i)
		return
	}
	c, p := j.conds[k], j.plan[k]
	failure := &event.Failure{Class: event.VerifyFailed, Message: said(p)}
	if j.part == event.Gate {
		failure.Class, failure.Unchanged = event.GateClosed, !m.steps[i].touched
	}
	if p.Within > 0 {
		// In brackets: a message says what it means that the condition is false, and
		// must not seem to be denied by what follows it.
		failure.Message += " (looked at for " + p.Within.String()
		if p.Hold > 0 {
			failure.Message += ", must hold for " + p.Hold.String()
		}
		failure.Message += ")"
	}
	if why != "" && c.last != expr.False && c.last != expr.True {
		failure.Message += ": " + why
	}
	m.stopJudging(i)
	m.fail(i, failure)
}

// said is what a condition means in the author's words.
func said(p *plan.Condition) string {
	switch {
	case p.Message != "":
		return p.Message
	case p.Name != "":
		return p.Name + ": " + p.Expr
	default:
		return p.Expr
	}
}

// stopJudging ends the judging without a result; observations in flight are dropped.
func (m *Machine) stopJudging(i int) {
	j := m.steps[i].judging
	if j == nil {
		return
	}
	for k := range j.conds {
		if j.conds[k].inFlight {
			m.emit(Cancel{m.conditionOp(i, k)})
		}
		if j.part != event.Verify {
			m.steps[i].looks = max(m.steps[i].looks, j.conds[k].sample)
		}
	}
	m.steps[i].judging = nil
}

func (m *Machine) outstandingConditions(i int, j *judging) {
	for k := range j.conds {
		c := &j.conds[k]
		if !c.deadline.IsZero() {
			m.emit(SetTimer{m.conditionTimerOf(i, k, event.TimerDeadline)})
		}
		if c.inFlight {
			m.emit(m.observe(i, k))
		}
		if !c.pollAt.IsZero() {
			m.emit(SetTimer{m.conditionTimerOf(i, k, event.TimerPoll)})
		}
	}
}

// gateLike reports whether a failure means that the run was not let in, rather than
// that something broke.
func gateLike(class sdk.Class) bool { return class == event.GateClosed || class == event.Refused }
