package machine

import (
	"iter"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/limit"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A run keeps to the limits of its runbook: what would go over one is not begun, and fails as
// a step does. It is looked at as an attempt begins, when the step has its slot, so that of
// steps side by side no two take the last room. Nothing keeps a step from being taken back,
// and none of `finally` from cleaning up: the plan's are counted, and room is kept for them; those
// of a runbook that is taken in by an instance which the plan does not know, when that opens.

// startTally begins to count, where anything is limited.
func (m *Machine) startTally() {
	m.tally = limit.NewTally(m.run.Foreseen)
	if m.plan.Limits == nil {
		return
	}
	cleans := make(map[string]bool) // by what takes in a runbook, whether that is part of cleaning up
	for s := range m.plan.All() {
		cleaning := s.Cleans() || cleans[s.Within]
		if s.Runbook != nil {
			cleans[s.ID] = cleaning
			continue
		}
		isTemplate := m.plan.Steps[s.Index] == s && m.steps[s.Index].isTemplate
		if cleaning && s.Changes() && !s.Skipped() && s.Loop == nil && !isTemplate {
			m.tally.Keep(s.ID, s.Effect)
			m.keeps = true
		}
	}
}

// keepForFinally has room for what cleans up in a runbook that is about to be opened, or says why
// there is none. What the plan knows of has its room from the beginning; a loop has none, as it is
// not known before it opens what it is done for.
func (m *Machine) keepForFinally(f *frame) *event.Failure {
	if m.plan.Limits == nil || f.cleans {
		return nil
	}
	over := m.tally.Reserve(m.plan.Limits, m.cleaning(f))
	if over.Limit == "" {
		return nil
	}
	return &event.Failure{Class: event.OverLimit, Message: "with what its finally needs, " + over.Words(), Unchanged: true}
}

// cleaning yields the steps of a frame that clean up, and those of what they take in, by their
// ids: but for those that the plan knows to be skipped, in this very instance too.
func (m *Machine) cleaning(f *frame) iter.Seq2[string, sdk.Effect] {
	return func(yield func(string, sdk.Effect) bool) {
		inside, cleans := m.plan.Inside(m.planned[f.owner]), make(map[string]bool)
		for q := 0; q < len(inside); q++ {
			s := inside[q]
			cleans[s.ID] = s.Cleans() || cleans[s.Within]
			if s.Loop != nil {
				if s.Runbook != nil {
					q += s.Runbook.Size
				}
				continue
			}
			if !cleans[s.ID] || s.Runbook != nil || !s.Changes() || s.Skipped() {
				continue
			}
			m.keeps = true
			if !yield(s.ID, s.Effect) {
				return
			}
		}
	}
}

// overLimit says why the next attempt at a step, or its question, would go over a limit; nil:
// it would not.
func (m *Machine) overLimit(i int) *event.Failure {
	s, p := &m.steps[i], m.planned[i]
	if m.cleansUp(i) {
		return nil
	}
	over := m.tally.Refuses(m.plan.Limits, p.ID, p.Effect, m.now.Sub(m.started))
	if over.Limit == "" {
		return nil
	}
	why := over.Words()
	if m.keeps && over.Limit != limit.Duration {
		why += ", with what finally needs"
	}
	if s.do.attempt > 0 && s.failure != nil {
		why += "; before that it had failed: " + s.failure.Words()
	}
	return &event.Failure{Class: event.OverLimit, Message: why, Unchanged: !s.touched}
}

// keepRoom counts a step whose attempt is about to begin.
func (m *Machine) keepRoom(i int) {
	if m.plan.Limits != nil {
		m.tally.Keep(m.planned[i].ID, m.planned[i].Effect)
	}
}

// giveRestBack has no room any more for what cleans up in a frame that is done with it, and was
// skipped there; and keepAgain has it anew, whatever that makes, when the frame is taken up again.
func (m *Machine) giveRestBack(f *frame) {
	if m.plan.Limits != nil && !f.cleans {
		for n := f.base; n < f.base+f.size; n++ {
			m.giveRoomBack(n)
		}
	}
}

func (m *Machine) keepAgain(f *frame) {
	if m.plan.Limits != nil && !f.cleans {
		for id, effect := range m.cleaning(f) {
			m.tally.Keep(id, effect)
		}
	}
}

// giveRoomBack counts it no more, as the attempt was not begun. Where one was begun before,
// the step stays counted.
func (m *Machine) giveRoomBack(i int) { m.tally.Forget(m.planned[i].ID) }

// takeRoom counts a step of which something has begun.
func (m *Machine) takeRoom(i int, part event.Part) {
	if part == event.Do && m.plan.Limits != nil {
		m.tally.Begin(m.planned[i].ID, m.planned[i].Effect)
	}
}

// spend notes what an attempt has cost, where its action says it.
func (m *Machine) spend(i int, e event.Event) {
	if e.Op.Part == event.Do && e.Cost != nil {
		m.tally.Spend(m.planned[i].ID, e.Cost)
	}
}

// tellOverTime says once that the run goes longer than it may: with the first that happens then, be
// it that an attempt ends. It has no timer, as nothing that is at work is broken off for it, and who
// waits for a window or for people loses nothing by waiting: what would begin then does not.
func (m *Machine) tellOverTime() {
	if m.late || m.plan.Limits == nil || m.mode != event.Going && m.mode != event.Closing {
		return
	}
	most, took := m.plan.Limits.Duration, m.now.Sub(m.started)
	if most == 0 || took <= most {
		return
	}
	m.late = true
	line := limit.Line{Limit: limit.Duration, Max: float64(most), Used: float64(took)}
	m.record(event.Event{Type: event.OverTime, Reason: line.Words()})
}
