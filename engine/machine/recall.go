package machine

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
)

// Past is what a journal says that a replay cannot always compute again: a secret that
// an action returned is never written down, so that whatever was decided over it is
// unknown to the next process. The zero Past recalls nothing.
type Past struct {
	verdicts map[event.Op][]string // how conditions were judged, oldest first
	known    map[event.Op]int      // how often the parameters of a part were known
	observed map[event.Op]bool     // observations that were made
}

// Note takes in the next event of the journal.
func (p *Past) Note(e event.Event) {
	if e.Op == nil {
		return
	}
	if p.verdicts == nil {
		p.verdicts = make(map[event.Op][]string)
		p.known = make(map[event.Op]int)
		p.observed = make(map[event.Op]bool)
	}
	switch {
	case e.Type == event.ConditionMet && e.Verdict != nil:
		p.verdicts[*e.Op] = append(p.verdicts[*e.Op], e.Verdict.Truth)
	case e.Type == event.AttemptStarted && e.Op.Attempt == 1, e.Type == event.StepDecided && e.Status == event.Asking:
		p.known[event.Op{Step: e.Op.Step, Part: e.Op.Part}]++
	case e.Type == event.Observed:
		p.observed[*e.Op] = true
	}
}

// Recall gives the machine, before its first event, the past that is going to be
// replayed.
func (m *Machine) Recall(p Past) { m.past = p }

// recallVerdict returns a verdict as it was given, where it can no longer be computed.
func (p *Past) recallVerdict(op event.Op, v expr.Verdict) expr.Verdict {
	given := p.verdicts[op]
	if len(given) == 0 {
		return v
	}
	p.verdicts[op] = given[1:]
	if v.Truth == expr.Unknown || v.Truth == expr.Failed {
		for _, truth := range []expr.Truth{expr.True, expr.False} {
			if truth.String() == given[0] {
				return expr.Verdict{Truth: truth}
			}
		}
	}
	return v
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
