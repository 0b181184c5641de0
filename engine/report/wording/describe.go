package wording

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Said is an event in words.
type Said struct {
	Step  string       `json:"step,omitempty"`
	What  string       `json:"what" doc:"What happened."`
	Why   string       `json:"why,omitempty" doc:"The reason, where there is one."`
	By    string       `json:"by,omitempty" doc:"The person, where it was one."`
	Mark  event.Status `json:"-"` // the state that the event tells of, for its sign
	Minor bool         `json:"-"` // left out where only changes of state are shown
}

// Describe puts an event into words.
func Describe(e event.Event) Said {
	e = Harmless(e)
	said := describeRun(e)
	if e.Op != nil {
		said = describeStep(e)
		said.Step = e.Op.Step
	}
	if said.By == "" {
		said.By = e.By
	}
	return said
}

func describeRun(e event.Event) Said {
	switch e.Type {
	case event.RunStarted:
		return Said{What: fmt.Sprintf("run %s of %s %s started", e.Run.ID, e.Run.Runbook, e.Run.Version), Why: began(e.Run), By: e.Run.By, Mark: event.Running}
	case event.WindowOverridden:
		return Said{What: "the window " + layout.Line(e.Name) + " counts as open from now on", Why: layout.Line(e.Reason), Mark: event.Running}
	case event.RunResumed:
		var why []string
		if e.Process != nil {
			why = append(why, fmt.Sprintf("pid %d on %s", e.Process.PID, e.Process.Host))
		}
		if e.Reason != "" { // a person's, or what became of a torn journal
			why = append(why, layout.Line(e.Reason))
		}
		return Said{What: "the run was taken up again", Why: strings.Join(why, "; "), Mark: event.Running}
	case event.GivenUp:
		return Said{What: "it was cancelled from its journal alone, as it has changed nothing", Why: layout.Line(e.Reason), Mark: event.Waiting}
	case event.PauseAsked:
		return Said{What: "it was asked to pause", Why: layout.Line(e.Reason), Mark: event.Waiting}
	case event.CancelAsked:
		return Said{What: "it was asked to cancel", Why: layout.Line(e.Reason), Mark: event.Waiting}
	case event.ResumeAsked:
		return Said{What: "it was asked to go on", Why: layout.Line(e.Reason), Mark: event.Running}
	case event.RollbackAsked:
		return Said{What: "it was asked to take back what was changed", Why: layout.Line(e.Reason), Mark: event.Undoing}
	case event.OverTime:
		return Said{What: "it is over its time, and no change begins any more", Why: layout.Line(e.Reason), Mark: event.Waiting}
	case event.SteppingEnded:
		return Said{What: "the rest is done without asking step by step", Why: layout.Line(e.Reason), Mark: event.Running}
	case event.RequestRefused, event.AnswerRefused:
		return Said{What: refused(e.Name), Why: layout.Line(e.Reason), Mark: event.Waiting}
	case event.ModeChanged:
		return Said{What: Mode(e.Mode), Why: layout.Line(e.Reason), Mark: modeMark(e.Mode), Minor: e.Mode == event.Going || e.Mode == event.Ended}
	case event.RunFinished:
		return describeResult(e)
	case event.TargetReached:
		return describeTarget(e.Target)
	case event.TimerFired:
		return describeTimer(e.Timer)
	case event.LockTaken:
		return Said{What: "took the lock " + strconv.Quote(e.Name), Why: layout.Line(e.Reason), Minor: e.Reason == ""}
	default:
		return Said{What: string(e.Type), Minor: true}
	}
}

// describeTimer says what is due.
func describeTimer(t *event.Timer) Said {
	said := Said{What: "a timer fired", Minor: true}
	if t == nil {
		return said
	}
	said.Step = t.Op.Step
	switch t.Purpose {
	case event.TimerPause:
		said.What = fmt.Sprintf("goes on after the pause behind batch %d", t.Op.Index+1)
	case event.TimerRetry:
		said.What = "is due for its next attempt"
	case event.TimerPoll:
		said.What = "is due for the next look at its " + string(t.Op.Part)
	case event.TimerDeadline:
		said.What = "had until now for its " + string(t.Op.Part)
	case event.TimerExpiry:
		said.What = "had until now for an answer"
	}
	return said
}

func describeTarget(target *event.Target) Said {
	if target == nil {
		return Said{What: "a connection was made", Minor: true}
	}
	return Said{What: "connection " + target.Over() + " reaches " + target.Title, Mark: event.Running}
}

func describeResult(e event.Event) Said {
	if e.Result == nil {
		return Said{What: "the run ended"}
	}
	said := Said{What: "the run " + Outcome(e.Result), Mark: Mark(e.Result.Outcome)}
	if e.Result.Failure != nil {
		said.Why = FailureAt(e.Result)
	}
	return said
}

func describeStep(e event.Event) Said {
	undo := e.Op.Part == event.Undo
	switch e.Type {
	case event.AttemptStarted:
		said := Said{What: "runs " + e.Action, Mark: event.Running}
		if undo {
			said = Said{What: "is taken back by " + e.Action, Mark: event.Undoing}
		}
		if e.Op.Attempt > 1 {
			said.What += fmt.Sprintf(", attempt %d", e.Op.Attempt)
		}
		return said
	case event.AttemptFinished:
		if e.Failure != nil {
			attempt := fmt.Sprintf("attempt %d ", max(e.Op.Attempt, 1))
			if undo {
				attempt += "to take it back "
			}
			return Said{What: attempt + failed(e.Failure), Why: Failure(e.Failure), Mark: event.Failed}
		}
		return Said{What: "the action answered", Why: layout.Line(e.Reason), Mark: event.Succeeded, Minor: true}
	case event.AttemptObserved:
		return Said{What: "looked what became of the attempt that was interrupted: " + string(e.State), Why: layout.Line(e.Reason), Mark: event.Running}
	case event.AttemptNoted:
		return Said{What: "noted " + e.Name, Minor: true}
	case event.AttemptSaved:
		return Said{What: "saved the state before the change", Minor: true}
	case event.Observed:
		if e.Failure != nil {
			return Said{What: "observation failed", Why: Failure(e.Failure), Minor: true}
		}
		return Said{What: "observed", Minor: true}
	case event.ConditionMet:
		return describeVerdict(e)
	case event.AskOpened:
		return Said{What: Asks(e.Op.Part) + ": " + layout.Line(Question(e).Message), Mark: event.Asking}
	case event.Answered:
		return describeAnswer(e)
	case event.AnswerRefused:
		return Said{What: "was given an answer that does not fit", Why: layout.Line(e.Reason), Mark: event.Asking}
	case event.StepDecided:
		return describeDecision(e)
	case event.LoopOpened:
		return describeOpening(e.Loop)
	case event.BatchDone:
		return Said{What: BatchDone(e.Op.Index, 0), Mark: event.Running}
	default:
		return Said{What: string(e.Type), Minor: true}
	}
}

func describeVerdict(e event.Event) Said {
	v := e.Verdict
	if v == nil {
		return Said{What: "a condition was judged", Minor: true}
	}
	said := Said{What: conditionWords(e.Op.Part, v), Minor: true}
	if v.Truth != "true" {
		said.Mark = event.Waiting
		said.Why = layout.Line(cmp.Or(v.Detail, v.Message, v.Expr))
		if closed := Closed(v.Closed, e.Time); closed != "" {
			said.Why += "; " + closed
		}
		// A `when` that is false is told by the step that is skipped.
		said.Minor = e.Op.Part == event.When || e.Op.Attempt > 1
	}
	return said
}

// conditionWords says what was judged, and how. A message says what it means that the
// condition is false, and so is never put where it would be denied.
func conditionWords(part event.Part, v *event.Verdict) string {
	name := string(part)
	if v.Name != "" {
		name += " " + strconv.Quote(layout.Line(v.Name))
	}
	switch {
	case v.Truth == "true":
		return name + " holds"
	case v.Truth == "failed":
		return name + " cannot be judged"
	case v.Until != nil:
		return name + " does not hold yet"
	default:
		return name + " does not hold"
	}
}

func describeAnswer(e event.Event) Said {
	if e.Answer == nil {
		return Said{What: "was answered", Mark: event.Asking}
	}
	if e.Failure != nil && !e.Answer.Approved { // nobody was asked, and nobody said no
		return Said{What: "could not be asked about", Why: Failure(e.Failure), Mark: event.Failed}
	}
	what := "was"
	switch e.Op.Part {
	case event.Undo:
		what = "to take it back was"
	case event.Begin:
		return describeWord(e)
	default:
	}
	said := Said{What: what + " approved", Why: layout.Line(e.Answer.Comment), By: layout.Line(e.Answer.By), Mark: event.Succeeded}
	if !e.Answer.Approved {
		said.What, said.Mark = what+" rejected", event.Failed
	}
	if files := e.Answer.Attachments; len(files) > 0 {
		names := make([]string, len(files))
		for i, file := range files {
			names[i] = layout.Line(file.Name)
		}
		said.What += " with " + layout.Names(names)
	}
	return said
}

// describeWord is a person's word whether a change may begin.
func describeWord(e event.Event) Said {
	said := Said{What: "may begin", Why: layout.Line(e.Answer.Comment), By: layout.Line(e.Answer.By), Mark: event.Succeeded}
	if !e.Answer.Approved {
		said.What, said.Mark = "is not to begin", event.Waiting
	}
	return said
}

func describeDecision(e event.Event) Said {
	said := Said{What: layout.Word(e.Status), Mark: e.Status}
	if e.Failure != nil {
		said.Why = Failure(e.Failure)
	}
	switch e.Status {
	case event.Undone:
	case event.Succeeded:
		if e.Elapsed > 0 {
			said.What += " after " + layout.Elapsed(e.Elapsed)
		}
	case event.Asking:
		said.What = "waits for an answer"
	case event.Waiting:
		said.What, said.Minor = "looks at its gate", true
	case event.Verifying:
		said.What, said.Minor = "looks at its verify conditions", true
	case event.Skipped:
		said.Why = "its `when` is false"
		if out := e.LeftOut; out != nil {
			said.What, said.Why, said.By = "is left out", layout.Line(out.Cause), layout.Line(out.By)
			if out.Reason != "" {
				said.Why += ": " + layout.Line(out.Reason)
			}
		}
	case event.Running, event.Resting, event.LostTrack, event.Undoing, event.Pending, event.NotRun:
		said.Minor = true
	case event.Failed:
		said.What = failed(e.Failure)
	case event.LeftOver:
	}
	return said
}

// failed tells what was stopped, because the run ends, from what failed by itself.
func failed(f *event.Failure) string {
	if f != nil && f.Class == sdk.Cancelled {
		return "was stopped"
	}
	return layout.Word(event.Failed)
}

// FailureAt says which step failed, where it was one, and why.
func FailureAt(r *event.Result) string {
	if r.Step == "" {
		return Failure(r.Failure)
	}
	return r.Step + ": " + Failure(r.Failure)
}

// Failure says why something failed, led by the kind of failure where the
// message alone does not show it.
func Failure(f *event.Failure) string {
	message := layout.Line(f.Words())
	switch f.Class {
	case sdk.Permanent, "":
		return message
	case sdk.Cancelled:
		return strings.TrimSuffix(message, ": "+context.Canceled.Error()) // Go's words for the same
	default:
		return string(f.Class) + ": " + message
	}
}

// Asks says of a question of a step that it asks, and what for: to be done, to begin, or to be
// taken back.
func Asks(part event.Part) string {
	switch part {
	case event.Undo:
		return "asks before it is taken back"
	case event.Begin:
		return "asks whether it may begin"
	default:
		return "asks"
	}
}

// refused says which request was refused, where that is known.
func refused(asked string) string {
	switch event.Type(asked) {
	case event.PauseAsked:
		return "a request to pause was refused"
	case event.CancelAsked:
		return "a request to cancel was refused"
	case event.ResumeAsked:
		return "a request to go on was refused"
	case event.RollbackAsked:
		return "a request to take back what was changed was refused"
	case event.SteppingEnded:
		return "a request to go on without asking step by step was refused"
	case event.Answered:
		return "an answer was refused"
	default:
		return "a request was refused"
	}
}
