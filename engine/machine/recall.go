package machine

import (
	"errors"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// Past is what a journal says that a replay cannot always compute again: a secret that
// an action returned is never written down, and one that was given may be another by
// now, so that whatever was decided over it may come out otherwise in the next process.
// The zero Past recalls nothing.
type Past struct {
	verdicts map[event.Op][]*event.Verdict // how conditions were judged, oldest first
	known    map[event.Op]int              // how often the parameters of a part were known
	counted  map[event.Op]bool             // parts whose parameters were, since they began last
	observed map[event.Op]bool             // observations that were made
	loops    map[string][]*event.Loop      // what steps with foreach were done for, oldest first; nil: it could not be told
	entered  map[string]bool               // steps that came so far, or whose `when` was not true, since they were settled last
	taken    map[string][]bool             // whether the runbook that a step takes in was opened or taken up, oldest first
}

// Note takes in the next event of the journal.
func (p *Past) Note(e event.Event) {
	if e.Op == nil {
		return
	}
	if p.verdicts == nil {
		p.verdicts = make(map[event.Op][]*event.Verdict)
		p.known = make(map[event.Op]int)
		p.counted = make(map[event.Op]bool)
		p.observed = make(map[event.Op]bool)
		p.loops = make(map[string][]*event.Loop)
		p.entered = make(map[string]bool)
		p.taken = make(map[string][]bool)
	}
	part := event.Op{Step: e.Op.Step, Part: e.Op.Part}
	switch e.Type {
	case event.ConditionMet:
		if e.Verdict != nil {
			p.verdicts[*e.Op] = append(p.verdicts[*e.Op], e.Verdict)
			if e.Op.Part == event.When && e.Verdict.Truth != expr.True.String() {
				p.entered[e.Op.Step] = true
			}
		}
	case event.StepDecided:
		// What follows is computed anew. A question is asked with what was known by now.
		delete(p.counted, part)
		if e.Status == event.Asking {
			p.count(asksAbout(part))
		}
		p.noteStatus(e)
	case event.AttemptStarted, event.AskOpened:
		p.count(asksAbout(part))
	case event.Observed:
		p.observed[*e.Op] = true
	case event.LoopOpened:
		if e.Loop != nil {
			p.loops[e.Op.Step] = append(p.loops[e.Op.Step], e.Loop)
			p.entered[e.Op.Step] = true
		}
	default:
	}
}

// asksAbout is the part whose parameters a question shows.
func asksAbout(part event.Op) event.Op {
	if part.Part == event.Begin {
		part.Part = event.Do
	}
	return part
}

// noteStatus notes for a step with foreach that it was taken up, or that it failed because
// nobody could tell what it is done for: the next time that it begins it may be told.
func (p *Past) noteStatus(e event.Event) {
	step := e.Op.Step
	switch {
	case e.Op.Part != event.Do:
	case e.Status == event.Failed && !p.entered[step]:
		p.loops[step] = append(p.loops[step], nil)
		if e.Failure != nil && e.Failure.Class == event.Invalid {
			p.taken[step] = append(p.taken[step], false)
		}
	case e.Status.Settled():
		delete(p.entered, step)
	case e.Status == event.Running:
		p.entered[step] = true
		p.taken[step] = append(p.taken[step], true)
	}
}

// count takes in that the parameters of a part were known. A part computes them once,
// however often it is tried or asked after that.
func (p *Past) count(part event.Op) {
	if !p.counted[part] {
		p.counted[part] = true
		p.known[part]++
	}
}

// Recall gives the machine, before its first event, the past that is going to be
// replayed.
func (m *Machine) Recall(p Past) { m.past = p }

// recallVerdict returns a verdict as it was given: what was judged stands, whatever it
// would come to now.
func (p *Past) recallVerdict(op event.Op, v expr.Verdict) expr.Verdict {
	given := p.verdicts[op]
	if len(given) == 0 {
		return v
	}
	p.verdicts[op] = given[1:]
	if v.Truth.String() != given[0].Truth {
		v = verdictOf(given[0])
	}
	// When it is looked at next follows from this, also where time zones are others by now.
	v.Still = time.Time{}
	if given[0].Still != nil {
		v.Still = *given[0].Still
	}
	return v
}

// recallLoop returns what a step with foreach was done for, the next time that it began;
// nil: nobody could tell.
func (p *Past) recallLoop(step string) (*event.Loop, bool) {
	opened := p.loops[step]
	if len(opened) == 0 {
		return nil, false
	}
	p.loops[step] = opened[1:]
	return opened[0], true
}

// recallOpening returns whether a step took in its runbook, the next time that it came so far.
func (p *Past) recallOpening(step string) (told, recalled bool) {
	taken := p.taken[step]
	if len(taken) == 0 {
		return false, false
	}
	p.taken[step] = taken[1:]
	return taken[0], true
}

// verdictOf returns a verdict as the journal has it.
func verdictOf(v *event.Verdict) expr.Verdict {
	switch v.Truth {
	case expr.True.String():
		return expr.Verdict{Truth: expr.True}
	case expr.False.String():
		return expr.Verdict{Truth: expr.False}
	case expr.Failed.String():
		return expr.Verdict{Truth: expr.Failed, Err: errors.New(v.Detail)}
	default:
		return expr.Verdict{Truth: expr.Unknown, Causes: []value.Cause{{Reason: v.Detail}}}
	}
}

// wereKnown reports whether the parameters of a part were known, the next time that
// they were computed.
func (p *Past) wereKnown(op event.Op) bool {
	if p.known[op] == 0 {
		return false
	}
	p.known[op]--
	return true
}
