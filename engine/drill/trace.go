package drill

import (
	"fmt"

	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/event"
)

// traceOf tells a rehearsal, as far as it matters to what became of the run.
func traceOf(s *rehearsal.Story) []proof.Moment {
	var trace []proof.Moment
	t := teller{left: s.Deviations}
	for _, e := range s.Journal {
		m, ok := t.tell(e)
		if !ok {
			continue
		}
		m.After = e.Time.Sub(s.Journal[0].Time)
		trace = append(trace, m)
	}
	return trace
}

// teller tells the events of one rehearsal.
type teller struct {
	left []rehearsal.Deviation // what has not gone otherwise yet
}

// tell tells one event; ok is false where it says nothing that another does not.
func (t *teller) tell(e *event.Event) (m proof.Moment, ok bool) {
	if e.Op != nil {
		m.Step, m.Part = e.Op.Step, e.Op.Part
	}
	m.Who = "run"
	switch e.Type {
	case event.AttemptStarted:
		m.What = "begins " + e.Action
		if e.Op.Part == event.Undo {
			m.What = "is taken back by " + e.Action
		}
		if e.Op.Attempt > 1 {
			m.What += fmt.Sprintf(", attempt %d", e.Op.Attempt)
		}
	case event.AttemptFinished:
		if e.Failure == nil {
			return m, false // the decision says so
		}
		m.Who, m.What = "world", string(e.Failure.Class)+": "+e.Failure.Words()
		m.Wrong = t.is(e.Op, rehearsal.Transient, rehearsal.Permanent, rehearsal.Timeout)
	case event.RunResumed:
		m.Who, m.What = "world", "gatebook dies, and is started again"
		if m.Wrong = t.crashed(); !m.Wrong {
			m.Who, m.What = "people", "have another process take the run up"
		}
	case event.AttemptObserved:
		m.Who, m.What = "world", "after the crash: "+string(e.State)
		if e.By != "" {
			m.Who, m.What = "people", "have looked: "+string(e.State)
		}
	case event.AskOpened:
		m.What = "asks people"
		if e.Reason != "" {
			m.What += ", who wait: " + e.Reason
		}
	case event.Answered:
		m.Who, m.What = "people", "say yes"
		if !e.Answer.Approved {
			m.What, m.Wrong = "say no", t.is(e.Op, rehearsal.Refused)
		}
	case event.ConditionMet:
		return t.condition(m, e)
	case event.ResumeAsked, event.RollbackAsked, event.CancelAsked:
		m.Who, m.What = "people", map[event.Type]string{
			event.ResumeAsked: "have it go on", event.RollbackAsked: "have it taken back", event.CancelAsked: "give it up",
		}[e.Type]
		m.Wrong = e.Type == event.RollbackAsked
	case event.StepDecided:
		m.What = "is " + decided(e)
		return m, e.Status.Settled()
	case event.RunFinished:
		m.What = "ends as " + string(e.Result.Outcome)
	default:
		return m, false
	}
	return m, true
}

// condition tells a verdict that keeps something from being done.
func (t *teller) condition(m proof.Moment, e *event.Event) (proof.Moment, bool) {
	if e.Verdict.Truth == "true" {
		return m, false
	}
	m.Who, m.What = "world", fmt.Sprintf("%s %d is %s: %s", e.Op.Part, e.Op.Index+1, e.Verdict.Truth, e.Verdict.Expr)
	at := event.Op{Step: e.Op.Step, Part: e.Op.Part, Index: e.Op.Index}
	m.Wrong = t.is(&at, rehearsal.TurnsFalse, rehearsal.NeverTrue, rehearsal.Skipped)
	return m, true
}

// decided words the end of a step.
func decided(e *event.Event) string {
	text := map[event.Status]string{
		event.NotRun: "not run", event.Undone: "taken back", event.LeftOver: "left behind",
	}[e.Status]
	if text == "" {
		text = string(e.Status)
	}
	if e.Failure != nil && e.Status == event.LeftOver {
		text += ": " + e.Failure.Words()
	}
	return text
}

// is reports whether it is an operation that was let go otherwise, in one of these ways.
func (t *teller) is(op *event.Op, kinds ...rehearsal.Kind) bool {
	for i, d := range t.left {
		for _, kind := range kinds {
			if d.Op == *op && d.Kind == kind {
				t.left = append(append([]rehearsal.Deviation{}, t.left[:i]...), t.left[i+1:]...)
				return true
			}
		}
	}
	return false
}

// crashed reports whether the process died, rather than ended with the run at rest.
func (t *teller) crashed() bool {
	for i, d := range t.left {
		if d.Kind == rehearsal.CrashBefore || d.Kind == rehearsal.CrashAfter || d.Kind == rehearsal.CrashBlind {
			t.left = append(append([]rehearsal.Deviation{}, t.left[:i]...), t.left[i+1:]...)
			return true
		}
	}
	return false
}
