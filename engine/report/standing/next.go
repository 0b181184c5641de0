package standing

import (
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// Command is something that a person may type next, and what it is for.
type Command struct {
	Type string `json:"type" doc:"The whole command line."`
	For  string `json:"for" doc:"What it is for."`
}

// Finish fills in [Status.Next], which is worked out only for those who show it.
func (s *Status) Finish() { s.Next, s.Limits = s.Commands(), s.Uses(s.Updated) }

// Commands returns what a person may type next, for the state that the run is in now.
func (s *Status) Commands() []Command {
	id := s.Run.ID
	if s.Result == nil || s.Drive == Abandoned {
		return s.nextOfOpen(id)
	}
	switch s.Result.Outcome {
	case event.OutcomeSucceeded:
		return []Command{
			{"gatebook history", "the record of upgrades, with this one"},
			{"gatebook audit " + id, "who did what, when and why"},
		}
	case event.OutcomePaused:
		return s.nextOfPaused(id)
	case event.OutcomeFailed:
		var next []Command
		if !wording.OverLimit(s.Result) { // of which the next process would say the same
			next = append(next, Command{"gatebook resume " + id, "try " + s.failedStep() + " again, then go on from there"})
		}
		if left := s.LeftToTakeBack(); len(left) > 0 {
			next = append(next, Command{"gatebook rollback " + id, "take back " + layout.Steps(left) + " instead"})
		}
		return append(next, Command{"gatebook audit " + id, "what was done, and with what values"})
	case event.OutcomeStuck:
		if wording.AtWork(s.Result) {
			return s.nextOfAtWork(id)
		}
		if wording.EndedBadly(s.Result) {
			return s.nextOfEndedBadly(id)
		}
		return []Command{
			{"gatebook audit " + id, "what was tried, and what came back"},
			{"gatebook resume " + id, "when its cause is mended: try again to take back what is left"},
		}
	case event.OutcomeGateClosed:
		if wording.Refused(s.Result) {
			return []Command{
				{"gatebook resume " + id, "ask again, and go on from there"},
				{"gatebook audit " + id, "what was asked, and who answered"},
			}
		}
		if wording.OverLimit(s.Result) {
			return []Command{{"gatebook audit " + id, "what was counted against its limits"}}
		}
		return []Command{
			{"gatebook resume " + id, "look at the gate again, and go on if it is open now"},
			{"gatebook audit " + id, "the values that the gate was judged by"},
		}
	case event.OutcomeRolledBack:
		return []Command{{"gatebook audit " + id, "what failed, and how it was taken back"}}
	}
	return nil
}

// nextOfAtWork is for a run that left steps behind which may not have ended.
func (s *Status) nextOfAtWork(id string) []Command {
	const once = "once nothing is at work any more: "
	next := []Command{
		{"gatebook audit " + id, "what was tried, and when"},
		{"gatebook resume " + id, once + s.ResumeDoes()},
	}
	if len(s.LeftToTakeBack()) > 0 {
		next = append(next, Command{"gatebook rollback " + id, once + "take back what was changed instead"})
	}
	return next
}

// nextOfEndedBadly is for a run that failed, or was taken back, and whose `finally` failed
// too.
func (s *Status) nextOfEndedBadly(id string) []Command {
	const mended = "when its cause is mended: "
	next := []Command{
		{"gatebook audit " + id, "what was tried, and what came back"},
		{"gatebook resume " + id, mended + s.ResumeDoes()},
	}
	if len(s.LeftToTakeBack()) > 0 {
		next = append(next, Command{"gatebook rollback " + id, "take back what was changed instead"})
	}
	return next
}

// ResumeDoes says what a resume does of a run that is stuck though nothing of it is left to
// take back: one that was taken back, or was to be, is not gone on with.
func (s *Status) ResumeDoes() string {
	switch {
	case len(s.Result.Undone) == 0 && s.Result.AskedBack.IsZero():
		return "try " + s.failedStep() + " again, then go on from there"
	case len(s.Result.Finally) > 0:
		return "run the steps of finally again"
	default:
		return "end the rollback"
	}
}

// nextOfOpen is for a run that goes on, or whose process died.
func (s *Status) nextOfOpen(id string) []Command {
	if s.Drive == Abandoned {
		return []Command{
			{"gatebook resume " + id, "take the run up where it was left; nothing that is done is done again"},
			{"gatebook rollback " + id, "take back what it changed instead"},
		}
	}
	next := s.answers(id)
	return append(next,
		Command{"gatebook pause " + id, "start nothing new, and stop so that it can be resumed"},
		Command{"gatebook cancel " + id, "stop what runs, then do as the runbook says on failure"},
	)
}

// nextOfPaused is for a run that stopped. What became of an attempt that nobody can
// tell of must be said by the person who looked.
func (s *Status) nextOfPaused(id string) []Command {
	next := s.answers(id)
	for _, step := range few(s.Result.Lost) {
		next = append(next,
			Command{"gatebook resume " + id + " --done " + layout.Quote(step), "look first; where " + step + " was done, go on after it"},
			Command{"gatebook resume " + id + " --not-done " + layout.Quote(step), "look first; where " + step + " was not done, do it"},
		)
	}
	if rest := len(s.Result.Lost) - mostAnswered; rest > 0 {
		next = append(next, Command{"gatebook status " + id + " --all", "say so too of " + layout.Plural(rest, "more step") + ", in the same command"})
	}
	switch {
	case len(s.Result.Lost) > 0:
	case wording.OverLimit(s.Result): // of which the next process would say the same
		next = append(next, Command{"gatebook cancel " + id, "end it, as no more may begin"})
	default:
		next = append(next, Command{"gatebook resume " + id, "go on"})
	}
	if len(s.LeftToTakeBack()) > 0 {
		next = append(next, Command{"gatebook rollback " + id, "take back what was changed instead"})
	}
	return next
}

// answers is how to answer each question that is open.
func (s *Status) answers(id string) []Command {
	var next []Command
	asking := s.asking()
	for _, step := range few(asking) {
		yes, no := "say yes to "+step, "say no to "+step
		if view := s.index[step]; view != nil && view.Ask != nil && view.Ask.Part == event.Begin {
			yes, no = "let "+step+" begin", "leave "+step+" out, or try it no more"
		}
		next = append(next,
			Command{s.Approve(step), yes},
			Command{"gatebook reject " + id + " " + layout.Quote(step) + " --reason TEXT", no},
		)
	}
	if rest := len(asking) - mostAnswered; rest > 0 {
		next = append(next, Command{"gatebook status " + id + " --all", "see who else asks: " + layout.Plural(rest, "more step") + ", answered like these"})
	}
	return next
}

// mostAnswered is for how many steps it is told how they are answered.
const mostAnswered = 3

// few are the first of many, which stand for the rest.
func few(ids []string) []string { return ids[:min(mostAnswered, len(ids))] }

// Approve is what to type to say yes to a step, with the fields that must be filled in.
func (s *Status) Approve(step string) string {
	approve := "gatebook approve " + s.Run.ID + " " + layout.Quote(step)
	view := s.index[step]
	if view == nil || view.Ask == nil {
		return approve
	}
	if view.Ask.Fields != nil {
		for _, name := range view.Ask.Fields.Required {
			approve += " --field " + name + "=…"
		}
	}
	return approve + strings.Repeat(" --attach FILE", view.Ask.Attachments)
}

// asking returns the steps that wait for people: as the result says, or as the events
// do while there is none.
func (s *Status) asking() []string {
	if s.Result != nil {
		return s.Result.Asking
	}
	var steps []string
	for _, step := range s.Active() {
		if step.Ask != nil {
			steps = append(steps, step.ID)
		}
	}
	return steps
}

// failedStep is the step to speak of.
func (s *Status) failedStep() string {
	if s.Result.Step == "" {
		return "what failed"
	}
	return s.Result.Step
}
