package report

import (
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// Summary writes how a run ended: what came of it, why, what state the system is in,
// and what to type next. It is read in the middle of the night, so the first line says
// whether anything is left to do, and nothing is said that was not seen.
func Summary(w io.Writer, s *standing.Status, style layout.Style) error {
	out := newPage(style)
	if s.Result == nil {
		out.Linef("%s %s", out.Warn("?"), out.Bold(s.Title()+" has not ended"))
		out.commands(s)
		return out.Print(w)
	}
	out.verdict(s)
	out.cause(s)
	out.state(s)
	out.yield(s.Result)
	out.commands(s)
	return out.Print(w)
}

// verdict is the first thing that is read: how it ended, and whether anything is left
// to do.
func (out *page) verdict(s *standing.Status) {
	words, meaning := ending(s)
	out.Linef("%s %s", out.Mark(wording.Mark(s.Result.Outcome)), out.Bold(s.Title()+" "+words))
	if meaning != "" {
		out.Linef("  %s", meaning)
	}
	out.objectives(s)
	out.overrides(s)
	out.uses(s, s.Updated)
}

// uses says how much of its limits a run has used.
func (out *page) uses(s *standing.Status, now time.Time) {
	if said := s.UsesWords(now); said != "" {
		out.Linef("  limits: %s", said)
	}
}

// overrides says what was otherwise by a person's word: which windows counted as open, and what
// was left out.
func (out *page) overrides(s *standing.Status) {
	for _, said := range s.OverriddenWords() {
		out.Linef("  %s", out.Warn(said))
	}
}

// ending is how a run ended and what that means.
func ending(s *standing.Status) (words, meaning string) {
	r, elapsed := s.Result, layout.Elapsed(s.Elapsed(s.Updated))
	failed := "failed after " + elapsed
	if wording.TakenBack(r) {
		failed = wording.Back(r)
		if failed == wording.WasTakenBack {
			failed += " in " + layout.Elapsed(s.Updated.Sub(r.AskedBack))
		}
	}
	switch r.Outcome {
	case event.OutcomeSucceeded:
		return "succeeded in " + elapsed, ""
	case event.OutcomeFailed, event.OutcomeRolledBack:
		return failed, became(r)
	case event.OutcomeGateClosed:
		words, untouched := "stopped at a closed gate", "Nothing was changed"+wording.ButFinally(r)+"."
		if wording.Refused(r) {
			words = "was refused"
		} else if wording.OverLimit(r) {
			words = "stopped at a limit"
		}
		return words, untouched
	case event.OutcomeStuck:
		switch {
		case wording.AtWork(r):
			return failed + ", and " + layout.Steps(r.Lost) + " may still be at work",
				"A person is needed: see that it has ended before anything else is started."
		case wording.EndedBadly(r):
			return failed + ", and " + layout.Steps(r.Finally) + " of finally failed",
				became(r) + " A person is needed: look at what " + layout.Steps(r.Finally) + " should have done."
		}
		if !wording.TakenBack(r) {
			failed += ", and was not cleanly taken back"
		}
		return failed, "A person is needed: look at what is left."
	case event.OutcomePaused:
		return "is paused after " + elapsed, "It can be resumed; nothing runs now."
	default:
		return string(r.Outcome), ""
	}
}

// became says what became of what a run changed that failed, or was taken back.
func became(r *event.Result) string {
	switch {
	case len(r.Changed) == 0 && len(r.Undone) == 0:
		return "Nothing was changed."
	case len(r.Undone) == 0 && wording.TakenBack(r):
		return "Nothing that it changed can be taken back."
	case len(r.Undone) == 0:
		return "What it changed stays as it is now."
	case len(r.Changed) > 0:
		return "Everything that can be taken back was taken back."
	default:
		return "Everything that it changed was taken back."
	}
}

// cause explains the failure by the step, the message and the condition's values.
func (out *page) cause(s *standing.Status) {
	if s.Result.Failure == nil {
		return
	}
	out.Linef("")
	out.Linef("%s  %s", out.Bold("why"), s.Why())
	told := s.Story()
	f := told.Failure
	out.place(s, f.Place)
	out.ownLog(f)
	step := s.Culprit()
	if step == nil {
		return
	}
	if words := step.LastWords(); words != "" && !strings.Contains(f.Message, words) && f.Class != event.GateClosed && f.Class != event.VerifyFailed {
		out.Linef("     last line: %s", out.Dim(words))
	}
	if v := step.Verdict; v != nil && (f.Class == event.GateClosed || f.Class == event.VerifyFailed || f.Class == event.Invalid) {
		out.judged("     ", v)
	}
}

// place shows what in the runbook is to blame.
func (out *page) place(s *standing.Status, at *event.Place) {
	if at != nil {
		out.Linef("     %s", at)
		out.Excerpt("  ", s.Excerpt(at))
	}
}

// ownLog says where a plugin's own log is, which may tell more than the failure.
func (out *page) ownLog(f *event.Failure) {
	if f.Log != "" {
		out.Linef("     the plugin's own log: %s", out.Dim(layout.Line(f.Log)))
	}
}

// state says what the run left behind, the worst first.
func (out *page) state(s *standing.Status) {
	r := s.Result
	out.Linef("")
	out.steps(out.Bad("left"), "could not be taken back, look at them by hand", s, r.Left, true)
	lost := "nobody can tell whether they were done, look at them by hand"
	if r.Outcome != event.OutcomePaused {
		lost = "may still be at work, look at them by hand"
	}
	out.steps(out.Bad("lost"), lost, s, r.Lost, true)
	out.steps(out.Bad("failed"), "steps of finally, look at what they should have done", s, without(r.Finally, []string{r.Step}), true)
	out.steps(out.Warn("failed"), "of what is done for many, within what may fail; look at them", s, tolerated(s), true)
	out.steps(out.Warn("asks"), "an answer is waited for", s, r.Asking, true)
	out.steps("undone", "", s, r.Undone, false)
	kept := without(r.Changed, r.Undone, r.Left, r.Lost)
	if keptWord(r.Outcome) == "stays" {
		kept = named(s, kept)
	}
	out.steps(keptWord(r.Outcome), "", s, kept, false)
	if r.Outcome == event.OutcomeSucceeded && len(r.Changed) == 0 {
		out.Linef("nothing was changed")
	}
	out.remarks(s)
	out.Linef("%s", out.Dim(s.Tally()))
}

// remarks says what steps left behind that were stopped, and what their logs lack: of many
// the first.
func (out *page) remarks(s *standing.Status) {
	var lines []string
	for _, step := range s.Steps {
		if left := step.LeftBehind(); left != "" && step.ID != s.Result.Step {
			lines = append(lines, out.Warn("stopped")+"  "+step.ID+": "+left)
		}
		if step.Lacks != "" {
			lines = append(lines, out.Warn("log")+"  "+step.ID+": "+step.Lacks)
		}
	}
	told, more := some(lines)
	for _, line := range told {
		out.Linef("%s", line)
	}
	if more != "" {
		out.Linef("%s", out.Dim(more))
	}
}

// tolerated are the instances that failed of steps which succeeded all the same.
func tolerated(s *standing.Status) []string {
	var ids []string
	for _, step := range s.Steps {
		if step.Status != event.Succeeded {
			continue
		}
		for _, one := range step.Instances() {
			if one.Status == event.Failed {
				ids = append(ids, one.ID)
			}
		}
	}
	return ids
}

// keptWord says of changes that they are meant to be there, or only that they are.
func keptWord(o event.Outcome) string {
	if o == event.OutcomeFailed || o == event.OutcomeRolledBack || o == event.OutcomeStuck {
		return "stays"
	}
	return "changed"
}

// steps writes a group of steps, each with its own line where the reader must act.
func (out *page) steps(word, meaning string, s *standing.Status, ids []string, each bool) {
	if len(ids) == 0 {
		return
	}
	if !each {
		out.Linef("%s  %s", word, layout.Steps(ids))
		return
	}
	out.Linef("%s  %s", word, out.Dim(meaning))
	told, more := some(ids)
	for _, id := range told {
		step, _ := s.Step(id)
		out.Linef("  %s%s", id, out.about(step))
	}
	if more != "" {
		out.Linef("  %s", out.Dim(more))
	}
}

// named adds to a step's id why it is not taken back, where the runbook says so.
func named(s *standing.Status, ids []string) []string {
	named := make([]string, 0, len(ids))
	for _, id := range ids {
		if step, ok := s.Step(id); ok && step.Stays != "" && step.Status != event.Undone {
			id += " (" + layout.Line(step.Stays) + ")"
		}
		named = append(named, id)
	}
	return named
}

// about is what there is to say of a step that a person must look at.
func (out *page) about(step *standing.Step) string {
	switch {
	case step == nil:
		return ""
	case step.Ask != nil:
		until := ""
		if !step.Ask.Until.IsZero() {
			until = out.Dim(" until " + layout.Stamp(step.Ask.Until))
		}
		if step.Ask.Part == event.Undo {
			until += out.Dim(" before it is taken back")
		}
		if people := step.Ask.People(); people != "" {
			until += out.Dim(" (" + people + ")")
		}
		return until + ": " + layout.Line(step.Ask.Message)
	case step.Failure != nil:
		return ": " + wording.Failure(step.Failure)
	default:
		return ""
	}
}

// yield writes what the run gives back, and what it could not give.
func (out *page) yield(r *event.Result) {
	if r.Outputs != nil {
		for _, m := range r.Outputs.Members() {
			if r.Missing["outputs."+m.Name] == "" {
				out.Linef("%s %s = %s", out.Dim("output"), m.Name, out.Value(m.Value))
			}
		}
	}
	missing := slices.Sorted(maps.Keys(r.Missing))
	if r.Outcome != event.OutcomeSucceeded && len(missing) > 1 { // each for one reason, which is said above
		names := make([]string, len(missing))
		for i, place := range missing {
			of, name, _ := strings.Cut(place, ".")
			names[i] = strings.TrimSuffix(of, "s") + " " + name
		}
		out.Linef("%s", out.Dim("not known, as the run did not come to it: "+layout.Names(names)))
		return
	}
	for _, place := range missing {
		of, name, _ := strings.Cut(place, ".")
		out.Linef("%s %s %s: %s", out.Dim(strings.TrimSuffix(of, "s")), name, out.Warn("is missing"), layout.Line(r.Missing[place]))
	}
}

// without returns the ids that none of the other lists has.
func without(ids []string, others ...[]string) []string {
	var kept []string
	for _, id := range ids {
		if !slices.ContainsFunc(others, func(other []string) bool { return slices.Contains(other, id) }) {
			kept = append(kept, id)
		}
	}
	return kept
}
