package standing

import (
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// Describe puts an event that the status has taken in into words, with what it knows
// beside the event: for what a step was stopped.
func (s *Status) Describe(e event.Event) wording.Said {
	said := wording.Describe(e)
	if e.Type == event.StepDecided && e.Op != nil && e.Failure != nil {
		if step, ok := s.Step(e.Op.Step); ok && step.stopped != "" {
			said.Why = step.stopping()
		}
	}
	if e.Type == event.BatchDone && e.Op != nil {
		if step, ok := s.Step(e.Op.Step); ok && step.Loop != nil {
			return step.describeBatch()
		}
	}
	if e.Type == event.ModeChanged && e.Mode == event.Reverse && !s.MayHaveChanged() {
		said.Minor = true
	}
	return said
}

// Story is the result that tells why the run failed: that a person then had it taken
// back does not hide the step that failed before.
func (s *Status) Story() *event.Result {
	if wording.AskedFor(s.Result) && s.failed != nil {
		return s.failed
	}
	return s.Result
}

// Why says why the run failed, the first cause first.
func (s *Status) Why() string {
	told := s.Story()
	if told == s.Result {
		return wording.FailureAt(told)
	}
	return wording.FailureAt(told) + "; then " + layout.Line(s.Result.Failure.Message)
}

// Culprit is the step that tells most of why the run failed, nil where none does: of one
// that is done for many, the first of its instances that failed.
func (s *Status) Culprit() *Step {
	told := s.Story()
	step := s.index[told.Step]
	if step == nil || told.Failure == nil || step.Verdict != nil && told.Failure.Class == event.VerifyFailed {
		return step // it failed by itself, where it is one with foreach: by what must hold between batches
	}
	for message := told.Failure.Message; ; message = step.Failure.Message {
		deeper := step.blamed(message)
		if deeper == nil {
			return step
		}
		step = deeper
	}
}

// blamed is what is in a step that failed first, by the message of the failure of that: an
// instance, or a step of the runbook that it takes in; nil: it failed by itself.
func (step *Step) blamed(message string) *Step {
	for _, one := range step.Instances() {
		if one.Failure != nil && strings.HasPrefix(message, one.Key+": "+one.Failure.Message) {
			return one
		}
	}
	for _, one := range step.inside {
		if one.Status == event.Failed && one.Failure != nil && strings.HasPrefix(message, strings.TrimPrefix(one.ID, step.ID+".")+": "+one.Failure.Words()) {
			return one
		}
	}
	return nil
}
