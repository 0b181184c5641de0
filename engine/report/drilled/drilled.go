// Package drilled writes what a drill found: as text, as JSON, and as Mermaid sequences.
//
// It says nothing that is not in the proof. Floor 6.
package drilled

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// JSON writes a proof as it is.
func JSON(w io.Writer, p *proof.Proof) error { return layout.JSON(w, p) }

// Text writes a proof for people: what does not hold, with the shortest rehearsal that shows it,
// what was covered, and what was not looked at.
func Text(w io.Writer, p *proof.Proof, style layout.Style) error {
	var out layout.Page
	name := p.Runbook.Name + " " + p.Runbook.Version
	if p.Runbook.Mode != "" {
		name += " in mode " + p.Runbook.Mode
	}
	out.Linef("%s: %s rehearsed, of which %s with one failure and %s with two.", name,
		layout.Plural(p.Counts.Rehearsals, "run"), fmt.Sprint(p.Counts.Singles), fmt.Sprint(p.Counts.Pairs))
	out.Linef("Bound: %s at a time, and at most %s of failures.",
		layout.Plural(p.Bounds.Failures, "failure"), layout.Plural(p.Bounds.Pairs, "pair"))
	out.Linef("")
	for i, v := range p.Violations {
		violation(&out, i, v, style)
	}
	until := ""
	if p.Stopped != "" {
		until = ", until it was " + p.Stopped
	}
	switch {
	case len(p.Violations) == 0 && p.Stopped != "":
		out.Linef("%s Nothing was found that does not hold%s.", style.Warn("…"), until)
	case len(p.Violations) == 0:
		out.Linef("%s Nothing was found that does not hold.", style.Good("✓"))
	default:
		out.Linef("%s %s%s.", style.Bad("✗"), layout.Plural(len(p.Violations), "violation"), until)
	}
	out.Linef("")
	if err := out.Print(w); err != nil {
		return err
	}
	if err := table(w, p); err != nil {
		return err
	}
	return rest(w, p, style)
}

func table(w io.Writer, p *proof.Proof) error {
	rows := make([][]string, 0, len(p.Coverage))
	for _, c := range p.Coverage {
		rows = append(rows, []string{c.What, fmt.Sprintf("%d of %d", c.Covered, c.Of), about()[c.What]})
	}
	return layout.Table(w, []string{"COVERED", "", ""}, rows)
}

// about says what is counted.
func about() map[string]string {
	return map[string]string{
		"steps":     "that ran",
		"gates":     "outcomes of their conditions, true and false",
		"rollbacks": "by which a step was taken back",
		"retries":   "actions and rollbacks that were tried once more",
	}
}

// rest writes what was not come to, and what was not looked at.
func rest(w io.Writer, p *proof.Proof, style layout.Style) error {
	var out layout.Page
	if len(p.Uncovered) > 0 {
		out.Linef("")
		out.Linef("%s", style.Bold("Not covered"))
		for _, u := range p.Uncovered {
			out.Linef("  %s %s: %s", u.What, u.Step, u.Why)
		}
	}
	out.Linef("")
	out.Linef("%s", style.Bold("Not explored"))
	for _, why := range p.Unexplored {
		lines := layout.Wrap(why, max(style.Columns-2, 0))
		for _, line := range lines {
			out.Linef("  %s", line)
		}
	}
	return out.Print(w)
}

func violation(out *layout.Page, place int, v proof.Violation, style layout.Style) {
	where := v.Step
	if v.At != "" {
		where += " (" + v.At + ")"
	}
	if where == "" {
		where = "the run"
	}
	out.Linef("%s %d. %s: %s", style.Bad("✗"), place+1, style.Bold(v.Says), where)
	out.Linef("  %s", layout.Line(v.Detail))
	switch len(v.Failures) {
	case 0:
		out.Linef("  It takes no failure; seen in %s.", layout.Plural(v.Times, "rehearsal"))
	default:
		out.Linef("  It takes %s; seen in %s.", strings.Join(v.Failures, ", then "), layout.Plural(v.Times, "rehearsal"))
	}
	trace, left := told(v)
	for _, m := range trace {
		mark := " "
		if m.Wrong {
			mark = style.Bad("!")
		}
		out.Linef("  %s %8s  %s", mark, layout.Elapsed(m.After), what(m))
	}
	for _, more := range left {
		out.Linef("    %8s  %s", "", more)
	}
	out.Linef("")
}

// what says who did what, as one harmless line: parts of it are the runbook's.
func what(m proof.Moment) string { return layout.Line(words(m)) }

func words(m proof.Moment) string {
	switch {
	case m.Step == "" && m.Who == "run":
		return "the run " + m.What
	case m.Step == "" && m.Who == "people":
		return "people " + m.What
	case m.Step == "":
		return m.What
	case m.Who == "people":
		return m.Step + ": people " + m.What
	case m.Who == "world":
		return m.Step + ": " + m.What
	default:
		return m.Step + " " + m.What
	}
}
