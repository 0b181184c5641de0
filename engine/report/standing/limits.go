package standing

import (
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// countUse counts what a step has begun, or has cost, against the limits of the run.
func (s *Status) countUse(step *Step, e event.Event) {
	if s.limits == nil || e.Op.Part != event.Do {
		return
	}
	switch e.Type {
	case event.AttemptStarted, event.AskOpened:
		s.used.Begin(step.ID, step.Effect)
	case event.AttemptFinished, event.AttemptObserved:
		if e.Cost != nil {
			s.used.Spend(step.ID, e.Cost)
		}
	default:
	}
}

// Uses says of each limit of the run how much of it is used at the given time.
func (s *Status) Uses(now time.Time) []limit.Line {
	if s.limits == nil {
		return nil
	}
	used := s.used.Used()
	used.Elapsed = s.Elapsed(now)
	if s.Result != nil && s.Result.Outcome == event.OutcomePaused {
		used.Elapsed = now.Sub(s.Started) // which counts while it rests, too
	}
	return limit.Lines(s.limits, used)
}

// UsesWords says the same in words; empty: nothing is limited.
func (s *Status) UsesWords(now time.Time) string {
	var said []string
	for _, line := range s.Uses(now) {
		words := wording.Limit(line, line.Used)
		goesOn := s.Result == nil || s.Result.Outcome == event.OutcomePaused
		if line.Limit == limit.Duration && line.IsOver() && goesOn {
			words += ", so that no change begins any more"
		}
		said = append(said, words)
	}
	return strings.Join(said, "; ")
}
