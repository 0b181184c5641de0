package report

import (
	"io"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Summary writes how a run ended: what came of it, why, what state the system is in,
// and what to type next. It is read in the middle of the night, so the first line says
// whether anything is left to do, and nothing is said that was not seen.
func Summary(w io.Writer, s *Status, style Style) error {
	out := &page{Style: style}
	if s.Result == nil {
		out.line("%s %s", out.Warn("?"), out.Bold(s.title()+" has not ended"))
		out.commands(s)
		return out.writeTo(w)
	}
	out.verdict(s)
	out.cause(s)
	out.state(s)
	out.yield(s)
	out.commands(s)
	return out.writeTo(w)
}

func (s *Status) title() string { return s.Run.Runbook + " " + s.Run.Version }

// verdict is the first thing that is read: how it ended, and whether anything is left
// to do.
func (out *page) verdict(s *Status) {
	elapsed := Elapsed(s.Elapsed(s.Updated))
	words, meaning := ending(s.Result, elapsed)
	out.line("%s %s", out.Mark(outcomeMark(s.Result.Outcome)), out.Bold(s.title()+" "+words))
	if meaning != "" {
		out.line("  %s", meaning)
	}
	if told := s.objective(); told != "" {
		out.line("  %s", told)
	}
}

// ending is how a run ended and what that means.
func ending(r *event.Result, elapsed string) (words, meaning string) {
	switch r.Outcome {
	case event.OutcomeSucceeded:
		return "succeeded in " + elapsed, ""
	case event.OutcomeRolledBack:
		switch {
		case len(r.Changed) == 0 && len(r.Undone) == 0:
			return "failed after " + elapsed, "Nothing was changed."
		case len(r.Changed) > 0:
			return "failed after " + elapsed, "Everything that can be taken back was taken back."
		}
		return "failed after " + elapsed, "Everything that it changed was taken back."
	case event.OutcomeGateClosed:
		return "was not let in", "Nothing was changed."
	case event.OutcomeStuck:
		if atWork(r) {
			return "failed after " + elapsed + ", and " + list(r.Lost) + " may still be at work",
				"A person is needed: see that it has ended before anything else is started."
		}
		return "failed after " + elapsed + ", and was not cleanly taken back", "A person is needed: look at what is left."
	case event.OutcomePaused:
		return "is paused after " + elapsed, "It can be resumed; nothing runs now."
	case event.OutcomeFailed:
		if len(r.Changed) == 0 {
			return "failed after " + elapsed, "Nothing was changed."
		}
		return "failed after " + elapsed, "What it changed stays as it is now."
	default:
		return string(r.Outcome), ""
	}
}

// objective compares the time that was taken with what the runbook promises, where the
// comparison says something.
func (s *Status) objective() string {
	elapsed := s.Elapsed(s.Updated)
	switch {
	case s.RTO <= 0:
		return ""
	case elapsed > s.RTO:
		return "It took " + Elapsed(elapsed-s.RTO) + " longer than the objective of " + short(s.RTO) + "."
	case s.Result.Outcome == event.OutcomeSucceeded:
		return "Within the objective of " + short(s.RTO) + "."
	default:
		return ""
	}
}

// cause explains the failure by the step, the message and the condition's values.
func (out *page) cause(s *Status) {
	if s.Result.Failure == nil {
		return
	}
	out.line("")
	out.line("%s  %s", out.Bold("why"), s.why())
	told := s.story()
	f, step := told.Failure, s.index[told.Step]
	if step == nil {
		return
	}
	if step.Output != "" && f.Class != event.GateClosed && f.Class != event.VerifyFailed {
		out.line("     last line: %s", out.Dim(step.Output))
	}
	if v := step.Verdict; v != nil && (f.Class == event.GateClosed || f.Class == event.VerifyFailed || f.Class == event.Invalid) {
		out.line("     %s", out.verdictLine(v))
		out.tree("     ", out.explanation(recorded(v.Explain)))
	}
}

func (out *page) verdictLine(v *event.Verdict) string {
	truth := out.Bad(v.Truth)
	switch v.Truth {
	case "true":
		truth = out.Good(v.Truth)
	case "unknown":
		truth = out.Warn(v.Truth)
	}
	text := Line(v.Expr) + out.Dim(" is ") + truth
	if v.Detail != "" {
		text += ": " + Line(v.Detail)
	}
	return text
}

// state says what the run left behind, the worst first.
func (out *page) state(s *Status) {
	r := s.Result
	out.line("")
	out.steps(out.Bad("left"), "could not be taken back, look at them by hand", s, r.Left, true)
	lost := "nobody can tell whether they were done, look at them by hand"
	if r.Outcome != event.OutcomePaused {
		lost = "may still be at work, look at them by hand"
	}
	out.steps(out.Bad("lost"), lost, s, r.Lost, true)
	out.steps(out.Warn("asks"), "wait for an answer", s, r.Asking, true)
	out.steps("undone", "", s, r.Undone, false)
	kept := without(r.Changed, r.Undone, r.Left, r.Lost)
	if keptWord(r.Outcome) == "stays" {
		kept = s.named(kept)
	}
	out.steps(keptWord(r.Outcome), "", s, kept, false)
	if r.Outcome == event.OutcomeSucceeded && len(r.Changed) == 0 {
		out.line("nothing was changed")
	}
	out.line("%s", out.Dim(s.tally()))
}

// keptWord says of changes that they are meant to be there, or only that they are.
func keptWord(o event.Outcome) string {
	if o == event.OutcomeFailed || o == event.OutcomeRolledBack || o == event.OutcomeStuck {
		return "stays"
	}
	return "changed"
}

// steps writes a group of steps, each with its own line where the reader must act.
func (out *page) steps(word, meaning string, s *Status, ids []string, each bool) {
	if len(ids) == 0 {
		return
	}
	if !each {
		out.line("%s  %s", word, list(ids))
		return
	}
	out.line("%s  %s", word, out.Dim(meaning))
	for _, id := range ids {
		out.line("  %s%s", id, out.about(s.index[id]))
	}
}

// named adds to a step's id why it is not taken back, where the runbook says so.
func (s *Status) named(ids []string) []string {
	named := make([]string, 0, len(ids))
	for _, id := range ids {
		if step := s.index[id]; step != nil && step.Stays != "" && step.Status != event.Undone {
			id += " (" + Line(step.Stays) + ")"
		}
		named = append(named, id)
	}
	return named
}

// about is what there is to say of a step that a person must look at.
func (out *page) about(step *Step) string {
	switch {
	case step == nil:
		return ""
	case step.Ask != nil:
		text := ": " + Line(step.Ask.Message)
		if !step.Ask.Until.IsZero() {
			text += out.Dim(" until " + Stamp(step.Ask.Until))
		}
		return text
	case step.Failure != nil:
		return ": " + failureWords(step.Failure)
	default:
		return ""
	}
}

// tally counts the steps by how they ended.
func (s *Status) tally() string {
	text := plural(len(s.Steps), "step")
	separator := ": "
	count := func(n int, word string) {
		if n > 0 {
			text += separator + plainCount(n, word)
			separator = ", "
		}
	}
	for _, status := range tallied() {
		n := s.Counts[status]
		if status == event.Failed {
			stopped := s.stopped()
			count(n-stopped, Word(status))
			count(stopped, "stopped")
			continue
		}
		count(n, Word(status))
	}
	return text
}

// stopped counts the steps that failed only because the run ends.
func (s *Status) stopped() int {
	n := 0
	for _, step := range s.Steps {
		if step.Status == event.Failed && step.Failure != nil && step.Failure.Class == sdk.Cancelled {
			n++
		}
	}
	return n
}

// tallied is the order in which states are counted out.
func tallied() []event.Status {
	return []event.Status{
		event.Failed, event.LeftOver, event.Succeeded, event.Undone, event.Skipped,
		event.Running, event.Verifying, event.Waiting, event.Asking, event.Undoing, event.NotRun, event.Pending,
	}
}

func (out *page) yield(s *Status) {
	if s.Result.Outputs == nil {
		return
	}
	for _, m := range s.Result.Outputs.Members() {
		out.line("%s %s = %s", out.Dim("output"), m.Name, out.value(m.Value))
	}
}

// commands writes what to type next, aligned.
func (out *page) commands(s *Status) {
	next := s.next()
	if len(next) == 0 {
		return
	}
	width := 0
	for _, c := range next {
		width = max(width, Width(c.Type))
	}
	out.line("\n%s", out.Bold("next"))
	for _, c := range next {
		out.line("  %s  %s", Pad(c.Type, width), out.Dim(c.For))
	}
}

// StatusText writes where a run stands at the given time.
func StatusText(w io.Writer, s *Status, now time.Time, style Style) error {
	out := &page{Style: style}
	out.line("%s  %s", out.Bold(s.title()), out.Dim(s.Run.File))
	out.line("run %s, started %s by %s, %s", s.Run.ID, Stamp(s.Started), Line(s.Run.By), Elapsed(s.Elapsed(now)))
	out.line("%s", out.standing(s))
	out.line("%s\n", s.tally())
	out.stepLines(s, now)
	out.commands(s)
	return out.writeTo(w)
}

// standing says in one line how the run as a whole stands.
func (out *page) standing(s *Status) string {
	switch {
	case s.Drive == Abandoned:
		return out.Bad("nobody drives it: pid "+plainInt(s.Process.PID)+" on "+s.Process.Host+" ended without a word") + out.Dim("; it can be resumed")
	case s.Result != nil:
		text := "it " + outcomeWords(s.Result)
		if s.Result.Failure != nil {
			text += "; " + s.why()
		}
		return text
	default:
		text := modeWords(s.Mode)
		if s.Reason != "" {
			text += ": " + Line(s.Reason)
		}
		return text + out.Dim(", driven by pid "+plainInt(s.Process.PID)+" on "+s.Process.Host)
	}
}
