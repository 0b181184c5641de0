package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// StatusText writes where a run stands at the given time.
func StatusText(w io.Writer, s *standing.Status, now time.Time, style layout.Style) error {
	out := newPage(style)
	out.Linef("%s  %s", out.Bold(s.Title()), out.Dim(s.Run.File))
	out.Linef("run %s, started %s by %s, %s", s.Run.ID, layout.Stamp(s.Started), layout.Line(s.Run.By), layout.Elapsed(s.Elapsed(now)))
	out.Linef("%s", out.standing(s))
	out.Linef("%s\n", s.Tally())
	out.stepLines(s, now)
	out.commands(s)
	return out.Print(w)
}

// standing says in one line how the run as a whole stands.
func (out *page) standing(s *standing.Status) string {
	switch {
	case s.Drive == standing.Abandoned:
		return out.Bad("nobody drives it: pid "+strconv.Itoa(s.Process.PID)+" on "+s.Process.Host+" ended without a word") + out.Dim("; it can be resumed")
	case s.Result != nil:
		text := "it " + standing.OutcomeWords(s.Result)
		if s.Result.Failure != nil {
			text += "; " + s.Why()
		}
		return text
	default:
		text := standing.ModeWords(s.Mode)
		if s.Reason != "" {
			text += ": " + layout.Line(s.Reason)
		}
		return text + out.Dim(", driven by pid "+strconv.Itoa(s.Process.PID)+" on "+s.Process.Host)
	}
}

// stepLines writes a line for each step, its columns aligned.
func (out *page) stepLines(s *standing.Status, now time.Time) {
	ids, words := 0, 0
	for _, step := range s.Steps {
		ids, words = max(ids, layout.Width(step.ID)), max(words, layout.Width(layout.Word(step.Status)))
	}
	for _, step := range s.Steps {
		elapsed := ""
		if !step.Started.IsZero() {
			elapsed = layout.Elapsed(step.ElapsedAt(now))
		}
		line := fmt.Sprintf("%s %s  %s  %s  %s",
			out.Mark(step.Status), layout.Pad(step.ID, ids), layout.Pad(layout.Word(step.Status), words), layout.Pad(elapsed, 7), step.Doing(now))
		out.Linef("%s", strings.TrimRight(line, " "))
	}
}
