// Package invariant says what must hold of every run, whatever goes wrong in it, as a table of
// tests over what happened.
//
// Each is a rule of its own, over the journal that the machine wrote and over the world that the
// rehearsal left behind, which the machine never sees: that what a run says of itself is so, is
// one of them.
package invariant

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/drill/rehearsal"
	"github.com/gatebook/gatebook/engine/event"
)

// Invariant is something that must hold.
type Invariant struct {
	Name string // one word, by which reports name it
	Says string // what must hold, no full stop
	// Breaches says where a story breaks it.
	Breaches func(*rehearsal.Story) []Breach
}

// Breach is one way in which an invariant does not hold.
type Breach struct {
	Step   string // the step that it is about; empty: the run as a whole
	Detail string // a whole sentence
}

// All returns the invariants, the gravest first.
func All() []Invariant {
	return []Invariant{
		{"ends", "every run ends", ends},
		{"destroy", "nothing is destroyed without its approval", destroys},
		{"gate", "no step runs whose gate is false", gates},
		{"accounted", "what was changed is taken back, or said to be left behind", accounted},
		{"way back", "where no rollback fails, all that was changed is taken back", wayBack},
		{"locks", "locks are released", locks},
		{"finally", "the steps of finally run", finally},
		{"goal", "where nothing goes wrong, the run succeeds", goal},
	}
}

// ended reports whether a run came to its end, so that it can be held to what holds then.
func ended(s *rehearsal.Story) bool {
	return s.Result != nil && s.Result.Outcome != event.OutcomePaused && !s.Merged
}

func ends(s *rehearsal.Story) []Breach {
	if s.Merged || s.Result != nil {
		return nil
	}
	return []Breach{{Detail: "The run does not end: " + s.Why + "."}}
}

// gates holds each first attempt against the last verdict over each condition of its gate.
func gates(s *rehearsal.Story) []Breach {
	var found []Breach
	verdicts := make(map[event.Op]string)
	for _, e := range s.Journal {
		switch {
		case e.Type == event.ConditionMet && e.Op.Part == event.Gate:
			verdicts[event.Op{Step: e.Op.Step, Index: e.Op.Index}] = e.Verdict.Truth
		case e.Type == event.AttemptStarted && e.Op.Part == event.Do && e.Op.Attempt == 1:
			step := s.Step(e.Op.Step)
			for k := range step.Gate {
				if truth := verdicts[event.Op{Step: step.ID, Index: k}]; truth != "true" {
					found = append(found, Breach{step.ID, fmt.Sprintf("It began while condition %d of its gate was %q.", k+1, truth)})
				}
			}
		}
	}
	return found
}

// accounted holds the world against what the run says of it in the end.
func accounted(s *rehearsal.Story) []Breach {
	if !ended(s) {
		return nil
	}
	var found []Breach
	told := slices.Concat(s.Result.Changed, s.Result.Left, s.Result.Lost)
	for _, id := range sorted(s.Things) {
		switch {
		case s.Things[id] == rehearsal.Before:
		case slices.Contains(s.Result.Undone, id):
			found = append(found, Breach{id, "The run says that it was taken back, and it was not."})
		case !slices.Contains(told, id):
			found = append(found, Breach{id, "It was changed, and the run does not say that it is left behind."})
		}
	}
	return found
}

// wayBack finds what a rollback left behind though nobody kept it from being taken back.
func wayBack(s *rehearsal.Story) []Breach {
	if !ended(s) {
		return nil
	}
	var found []Breach
	reached := make(map[string]bool)
	byHand := s.World.Plan().OnFailure != "rollback" && s.Goes(func(d rehearsal.Deviation) bool { return d.Kind == rehearsal.TakenBack })
	for _, e := range s.Journal {
		if e.Type != event.StepDecided || e.Op.Part != event.Undo {
			continue
		}
		if e.Status == event.Undoing {
			reached[e.Op.Step] = true
		}
		step := s.Step(e.Op.Step)
		switch {
		case e.Status != event.LeftOver || !slices.Contains(s.Result.Left, e.Op.Step):
		case step.Rollback == nil && byHand: // nobody promised that there is a way
		case step.Rollback == nil:
			found = append(found, Breach{step.ID, "Nothing takes it back: it has no rollback."})
		case reached[step.ID] && !failedByUs(s, step.ID):
			found = append(found, Breach{step.ID, "It could not be taken back: " + e.Failure.Words() + "."})
		}
	}
	return found
}

// failedByUs reports whether what takes a step back was let fail, or was not answered.
func failedByUs(s *rehearsal.Story, id string) bool {
	return s.Goes(func(d rehearsal.Deviation) bool { return d.Op.Step == id && d.Op.Part == event.Undo })
}

// locks finds what is held on: the lock of the run, and what its steps took.
func locks(s *rehearsal.Story) []Breach {
	var found []Breach
	if !ended(s) {
		return nil // one that never ends is found as that
	}
	if s.Locked {
		found = append(found, Breach{Detail: "The run holds its lock for ever."})
	}
	for _, name := range sorted(s.Held) {
		takes := func(id string) bool { return slices.Contains(s.World.Step(id).Takes, name) }
		if id := s.Held[name]; !slices.Contains(s.Result.Left, id) && !slices.ContainsFunc(s.Result.Left, takes) {
			found = append(found, Breach{id, fmt.Sprintf("It has taken %q, which nothing gives back.", name)})
		}
	}
	return found
}

// finally finds the steps of `finally` that did not run as often as the run ended. Where it went on
// after a pause, what had run before that has run.
func finally(s *rehearsal.Story) []Breach {
	if !ended(s) {
		return nil
	}
	settled := make(map[string]event.Status)
	var was event.Mode
	for _, e := range s.Journal {
		switch {
		case e.Type == event.StepDecided && e.Op.Part == event.Do:
			settled[e.Op.Step] = e.Status
		case e.Type != event.ModeChanged || e.Name == string(event.PauseAsked): // it is on its way to a pause
		case e.Mode == event.Closing && was != event.Paused && was != event.Closing:
			clear(settled)
			was = e.Mode
		default:
			was = e.Mode
		}
	}
	var found []Breach
	for _, step := range s.World.Plan().Steps {
		if status := settled[step.ID]; step.Finally && step.Within == "" && (!status.Settled() || status == event.NotRun) {
			found = append(found, Breach{step.ID, "It is a step of finally, and did not run."})
		}
	}
	return append(found, finallyInside(s)...)
}

// finallyInside finds the steps of `finally` that did not run of runbooks that were taken in, where
// anything of these has ended since they were opened.
func finallyInside(s *rehearsal.Story) []Breach {
	p := s.World.Plan()
	ended := make(map[string]map[string]bool) // by what takes in a runbook, its steps
	for _, e := range s.Journal {
		if e.Type != event.StepDecided || e.Op.Part != event.Do {
			continue
		}
		id := e.Op.Step
		if step, ok := p.Step(id); ok && step.Runbook != nil && step.Loop == nil && e.Status == event.Running {
			ended[id] = map[string]bool{}
		}
		if within, own, ok := event.SplitInside(id); ok && e.Status.Settled() && ended[within] != nil {
			ended[within][own] = true
		}
	}
	var found []Breach
	for _, id := range sorted(ended) {
		step, _ := p.Step(id)
		for _, inside := range p.Inside(step) {
			_, own, _ := event.SplitInside(inside.ID)
			if inside.Within == id && inside.Closing && len(ended[id]) > 0 && !ended[id][own] {
				found = append(found, Breach{inside.ID, "It is a step of finally, and did not run."})
			}
		}
	}
	return found
}

// goal holds the run in which nothing goes wrong.
func goal(s *rehearsal.Story) []Breach {
	switch {
	case len(s.Deviations) > 0 || !ended(s) || s.Result.Outcome == event.OutcomeSucceeded:
		return nil
	case s.Result.Failure == nil:
		return []Breach{{Detail: fmt.Sprintf("Nothing goes wrong, and the run ends as %s.", words(s.Result.Outcome))}}
	}
	return []Breach{{s.Result.Step, fmt.Sprintf("Nothing goes wrong, and the run ends as %s: %s.", words(s.Result.Outcome), s.Result.Failure.Words())}}
}

func words(outcome event.Outcome) string { return strings.ReplaceAll(string(outcome), "_", " ") }
