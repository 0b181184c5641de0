package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// StatusText writes where a run stands at the given time: of the many instances of one step
// those that a person should look at, unless all are wanted.
func StatusText(w io.Writer, s *standing.Status, now time.Time, all bool, style layout.Style) error {
	out := newPage(style)
	least, today := "", now
	if s.Drive == standing.Abandoned || s.Result != nil {
		now = s.Updated // what was at work then is not at work now
	}
	if s.Drive == standing.Abandoned {
		least = "at least "
	}
	out.Linef("%s  %s", out.Bold(s.Title()), out.Dim(s.Run.File))
	out.Linef("run %s, started %s by %s, %s%s", s.Run.ID, layout.Stamp(s.Started), layout.Line(s.Run.By), least, layout.Elapsed(s.Elapsed(now)))
	out.Linef("%s", out.standing(s))
	out.objectives(s)
	out.overrides(s)
	for _, target := range s.Targets {
		out.Linef("on %s: %s", target.Over(), target.Title)
	}
	if s.Drive != standing.Abandoned && s.Result != nil && s.Result.Failure != nil {
		out.Linef("%s  %s", out.Bold("why"), s.Why())
		out.place(s, s.Story().Failure.Place)
		out.ownLog(s.Story().Failure)
	}
	out.uses(s, today)
	out.Linef("%s\n", s.Tally())
	out.stepLines(s, now, all)
	out.commands(s)
	return out.Print(w)
}

// standing says in one line how the run as a whole stands.
func (out *page) standing(s *standing.Status) string {
	process := "pid " + strconv.Itoa(s.Process.PID) + " on " + s.Process.Host
	switch {
	case s.Drive == standing.Abandoned:
		return out.Bad("nobody drives it: "+process+" ended without a word") + out.Dim("; it can be resumed")
	case s.Result != nil:
		return "it " + wording.Outcome(s.Result)
	default:
		text := wording.Mode(s.Mode)
		if s.Pausing {
			text = "pausing"
			if atWork := s.AtWork(); len(atWork) > 0 {
				text += ", waiting for " + layout.Steps(atWork)
			}
		}
		if s.Reason != "" {
			text += ": " + layout.Line(s.Reason)
		}
		return text + out.Dim(", driven by "+process)
	}
}

// stepLines writes a line for each step, its columns aligned, and below a step that is done
// for many what it is done as.
func (out *page) stepLines(s *standing.Status, now time.Time, all bool) {
	rows := rowsOf(s.Steps, all)
	ids, words := 0, 0
	for _, row := range rows {
		if row.step != nil {
			ids = max(ids, min(layout.Width(row.name()), widestName))
			words = max(words, layout.Width(stepWord(s, row.step)))
		}
	}
	for _, row := range rows {
		step := row.step
		if step == nil {
			out.Linef("%s", out.Dim("    "+row.name()))
			continue
		}
		elapsed := ""
		if !step.Started.IsZero() {
			elapsed = layout.Elapsed(step.ElapsedAt(now))
		}
		line := fmt.Sprintf("%s %s  %s  %s  %s",
			out.Mark(step.Shown()), layout.Pad(row.name(), ids), layout.Pad(stepWord(s, step), words), layout.Pad(elapsed, 7), step.Doing(now))
		out.Linef("%s", strings.TrimRight(line, " "))
	}
}

// stepWord is the step's state; of a run whose process died, what it was last heard of.
func stepWord(s *standing.Status, step *standing.Step) string {
	if s.Drive == standing.Abandoned && !step.Status.Settled() && step.Status != event.Pending {
		return "was " + step.Word()
	}
	return step.Word()
}
