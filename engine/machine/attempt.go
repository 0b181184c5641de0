package machine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"
	"time"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// effort is the tries at one action: at a step's own, or at its compensation.
type effort struct {
	state     effortState
	attempt   int  // how many were made, the one in flight included
	timeouts  int  // how many of them ran out of time
	intent    bool // the one in flight is in the journal
	lost      bool // nobody can tell what became of it
	cancelled bool // it was asked to end, so that no other follows
	permitted bool // step by step: a person let the next one begin, or the one in flight
	retryAt   time.Time

	params   value.Value // the same for all attempts, as they share one key
	resolved bool
	before   json.RawMessage
	notes    map[string]json.RawMessage
}

// anew is an effort that has not begun, with what taking back an earlier one needs.
func (e *effort) anew() effort { return effort{params: e.params, before: e.before} }

type effortState uint8

const (
	idle effortState = iota
	queued
	permitting // step by step: a person is asked whether the next attempt may begin
	guarded    // it has a slot, and the gate is looked at once more
	inFlight
	retryDue
	asking
	done
)

func (m *Machine) enqueue(i int, part event.Part) {
	m.steps[i].effort(part).state = queued
	if part == event.Do && m.takesWord(i) {
		m.line = append(m.line, i)
		return
	}
	m.queue = append(m.queue, slotRequest{i, part})
}

// pump starts attempts while there are slots.
func (m *Machine) pump() {
	for len(m.queue) > 0 && m.slots < max(m.run.Parallelism, 1) {
		next := m.queue[0]
		m.queue = m.queue[1:]
		switch {
		case m.steps[next.step].effort(next.part).state != queued:
		case next.part == event.Do && m.isStale(next.step):
			m.slots++
			m.lookOnceMore(next.step)
		default:
			m.startAttempt(next.step, next.part)
		}
	}
}

func (m *Machine) startAttempt(i int, part event.Part) {
	e := m.steps[i].effort(part)
	if part == event.Do {
		m.steps[i].opened, m.steps[i].interrupted = time.Time{}, false
		if failure := m.overLimit(i); failure != nil {
			e.state = done
			m.fail(i, failure)
			return
		}
	}
	if failure := m.resolve(i, part); failure != nil {
		e.state = done
		m.gaveUp(i, part, failure)
		return
	}
	if part == event.Do {
		m.keepRoom(i)
	}
	e.attempt++
	e.state, e.intent = inFlight, false
	m.slots++
	m.emit(m.attempt(i, part))
}

// use returns the action of a part of a step: for an own Undo the step's own.
func (m *Machine) use(i int, part event.Part) *plan.Use {
	p := m.planned[i]
	if part == event.Undo && !p.Rollback.Own {
		return p.Rollback.Use
	}
	return &p.Use
}

// resolve computes the parameters of a part, once.
func (m *Machine) resolve(i int, part event.Part) *event.Failure {
	s := &m.steps[i]
	e := s.effort(part)
	if e.resolved {
		return nil
	}
	if part == event.Undo && m.planned[i].Rollback.Own {
		e.params, e.resolved = s.do.params, true
		return nil
	}
	params, err := m.use(i, part).Source.Eval(m.scope(i))
	if m.past.wereKnown(m.op(i, part)) {
		if err != nil {
			// The attempt was made. To make it again, they are missing.
			params = value.Unknown(value.Cause{Reason: err.Error()})
		}
	} else if why := unfit(m.use(i, part), params, err); why != nil {
		return why
	}
	e.params, e.resolved = params, true
	return nil
}

// unfit says why an attempt cannot be made with its parameters.
func unfit(use *plan.Use, params value.Value, err error) *event.Failure {
	invalid := func(why string) *event.Failure {
		return &event.Failure{Class: event.Invalid, Message: "its parameters " + why, Unchanged: true}
	}
	switch {
	case err != nil:
		return invalid("cannot be computed: " + err.Error())
	case params.HasUnknown():
		return invalid("are not known: " + causesText(params.Causes()))
	}
	if _, why := written(params, maxWritten); why != "" {
		return invalid("cannot be written down: " + why)
	}
	if field, exposed := data.Exposed(use.Describe.Input, params); exposed {
		return &event.Failure{Class: sdk.Permanent, Field: field, Message: isExposed, Unchanged: true}
	}
	return nil
}

// isExposed says why a parameter that others can read is not given to an action.
const isExposed = "others can read this parameter, and its value holds a secret; " +
	"pass it another way, as through the environment or standard input"

// attempt makes the command for the attempt in flight.
func (m *Machine) attempt(i int, part event.Part) Attempt {
	s, p := &m.steps[i], m.planned[i]
	e := s.effort(part)
	op := m.op(i, part)
	op.Attempt = e.attempt
	a := Attempt{
		Op: op, Step: p, Use: m.use(i, part), Key: m.key(i, part), Params: e.params,
		Timeout: p.Timeout, Before: e.before, Notes: e.notes, Started: e.intent,
	}
	if part == event.Do {
		a.Seen = m.seen(i)
		return a
	}
	a.Timeout = p.Rollback.Timeout
	if p.Rollback.Own {
		a.Undo, a.Before, a.Outputs = true, s.do.before, s.outputs
		if a.Outputs.IsNull() {
			a.Outputs = s.former
		}
	}
	return a
}

// seen is what the plan was made from of what a step looks at, unless the step may have changed
// that itself, or a person was told that somebody else has and went on.
func (m *Machine) seen(i int) []sdk.Seen {
	if s := &m.steps[i]; s.touched || s.do.before != nil || s.overruled {
		return nil
	}
	return m.run.Seen[m.planned[i].ID]
}

// key is the idempotency key of a part of a step: the same for all its attempts, in
// this process and the next. Done anew in `finally`, it is about another thing.
func (m *Machine) key(i int, part event.Part) string {
	about := m.run.ID + "\x00" + m.planned[i].ID + "\x00" + string(part)
	if round := m.steps[i].round; round > 0 {
		about += "\x00" + strconv.Itoa(round)
	}
	sum := sha256.Sum256([]byte(about))
	return "gatebook-" + hex.EncodeToString(sum[:16])
}

func (m *Machine) attemptEvent(e event.Event) {
	i, s, ok := m.find(e.Op)
	if !ok {
		return
	}
	part := e.Op.Part
	eff := s.effort(part)
	if eff.state != inFlight || eff.attempt != e.Op.Attempt {
		return
	}
	switch e.Type {
	case event.AttemptStarted:
		eff.intent = true
		m.takeRoom(i, part)
	case event.AttemptSaved:
		// The first is the state before anything was changed; a later attempt only
		// sees what an earlier one left.
		if eff.before == nil {
			eff.before = e.Data
		}
	case event.AttemptNoted:
		// Commands that were given out share the old map.
		eff.notes = maps.Clone(eff.notes)
		if eff.notes == nil {
			eff.notes = make(map[string]json.RawMessage)
		}
		eff.notes[e.Name] = e.Data
	case event.AttemptObserved:
		m.spend(i, e)
		m.attemptObserved(i, part, e)
	case event.AttemptFinished:
		m.spend(i, e)
		m.attemptFinished(i, part, e.Outputs, e.Failure)
	default:
	}
}

func (m *Machine) attemptFinished(i int, part event.Part, outputs *value.Value, failure *event.Failure) {
	m.slots--
	s := &m.steps[i]
	e := s.effort(part)
	if e.lost {
		e.lost = false
		m.lost--
	}
	if failure == nil {
		e.state = done
		if part == event.Undo {
			m.undone(i)
			return
		}
		m.done(i, outputs)
		return
	}
	if part == event.Do && !failure.Unchanged {
		s.touched = m.planned[i].Changes()
	}
	s.failure = failure
	if failure.Class == event.Lost {
		// Its action has not ended. Nothing must work beside it, be it another attempt
		// or its compensation.
		s.atWork = part == event.Do
		e.state = done
		m.gaveUp(i, part, failure)
		return
	}
	e.permitted = false
	if failure.Class == sdk.Timeout {
		e.timeouts++
	}
	if m.mayRetry(i, part, failure) {
		e.state, e.retryAt = retryDue, m.now.Add(m.backoff(i, part))
		m.emit(SetTimer{m.retryTimer(i, part)})
		return
	}
	e.state = done
	m.gaveUp(i, part, failure)
}

func (m *Machine) gaveUp(i int, part event.Part, failure *event.Failure) {
	if part == event.Undo {
		m.notUndone(i, failure)
		return
	}
	m.fail(i, failure)
}

func (m *Machine) retry(i int, part event.Part) plan.Retry {
	if p := m.planned[i]; part == event.Undo {
		return p.Rollback.Retry
	}
	return m.planned[i].Retry
}

func (m *Machine) mayRetry(i int, part event.Part, failure *event.Failure) bool {
	retry, e := m.retry(i, part), m.steps[i].effort(part)
	switch {
	case e.attempt >= retry.Attempts, retry.Timeouts > 0 && e.timeouts >= retry.Timeouts, e.cancelled, failure.Class == sdk.Cancelled:
		return false
	case part == event.Do && m.mode == event.Draining:
		return false
	case retry.If == nil:
		return retryable(failure.Class)
	default:
		return m.judgeRetry(i, retry, e.attempt, failure)
	}
}

// judgeRetry judges `retry.if`, which is journaled as any condition is.
func (m *Machine) judgeRetry(i int, retry plan.Retry, attempt int, failure *event.Failure) bool {
	scope := m.scope(i)
	scope.failure, scope.attempt = failure, attempt
	op := m.op(i, event.Retry)
	op.Attempt = attempt
	verdict := m.past.recallVerdict(op, retry.If.Eval(scope))
	m.recordVerdict(op, &plan.Condition{Expr: retry.IfExpr, Program: retry.If}, verdict, scope, nil)
	return verdict.Truth == expr.True
}

// backoff is how long to wait for the next attempt, spread over the second half of what that
// is at most, so that many steps do not come back at once.
func (m *Machine) backoff(i int, part event.Part) time.Duration {
	made := m.steps[i].effort(part).attempt
	most := float64(m.retry(i, part).Wait(made))
	return time.Duration(most * (0.5 + 0.5*m.jitter(i, part, made))).Round(time.Millisecond)
}

// jitter is a number in [0,1) that depends on nothing but the run's seed and what it
// is for, so that a replay draws the same one.
func (m *Machine) jitter(i int, part event.Part, attempt int) float64 {
	x := m.run.Seed ^ uint64(i)<<32 ^ uint64(attempt)<<8 ^ uint64(len(part))
	// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

func (m *Machine) retryTimer(i int, part event.Part) event.Timer {
	e := m.steps[i].effort(part)
	op := m.op(i, part)
	op.Attempt = e.attempt
	return event.Timer{Op: op, Purpose: event.TimerRetry, At: e.retryAt}
}
