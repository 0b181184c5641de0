package live

import (
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// frame makes the lines of the region: how the run stands, then the steps that go on,
// those first that a person should look at. It leaves the last row to the cursor.
func (v *Terminal) frame(columns, rows int) []string {
	s := v.Status
	if s.Result != nil || s.Started.IsZero() || rows < 3 || columns < 20 {
		return nil
	}
	active := s.Active()
	slices.SortStableFunc(active, func(a, b *standing.Step) int { return urgency(a.Status) - urgency(b.Status) })
	room := rows - 2
	hidden := 0
	if len(active) > room {
		hidden = len(active) - (room - 1)
		active = active[:room-1]
	}
	lines := []string{v.headline(columns)}
	ids := 0
	for _, step := range active {
		ids = max(ids, layout.Width(step.ID))
	}
	ids = min(ids, columns/3)
	for _, step := range active {
		lines = append(lines, v.stepLine(step, ids, columns))
	}
	if hidden > 0 {
		lines = append(lines, v.Style.Dim(layout.Cut(fmt.Sprintf("  … and %d more at work", hidden), columns-1)))
	}
	return lines
}

// urgency puts what waits for a person first, then what waits, then what runs.
func urgency(s event.Status) int {
	switch s {
	case event.Asking:
		return 0
	case event.Undoing:
		return 1
	case event.Waiting, event.Verifying:
		return 2
	case event.Running, event.Resting, event.LostTrack, event.Pending, event.Succeeded, event.Failed, event.Skipped,
		event.NotRun, event.Undone, event.LeftOver:
		return 3
	default:
		return 3
	}
}

// headline says how the run as a whole stands.
func (v *Terminal) headline(columns int) string {
	s := v.Status
	done := 0
	for status, n := range s.Counts {
		if status.Settled() {
			done += n
		}
	}
	text := fmt.Sprintf("%s %s · %s · %d/%d done", s.Run.Runbook, s.Run.Version,
		layout.Elapsed(s.Elapsed(v.Now()).Truncate(FrameTime)), done, len(s.Steps))
	if failed := s.Counts[event.Failed]; failed > 0 {
		text += fmt.Sprintf(", %d failed", failed)
	}
	if words := modeNote(s.Mode); words != "" {
		text += " · " + words
	}
	return v.Style.Bold(layout.Cut(text, columns-1))
}

func modeNote(m event.Mode) string {
	switch m {
	case event.Draining:
		return "nothing new starts"
	case event.Reverse:
		return "rolling back"
	case event.Closing:
		return "finally"
	case event.Going, event.Paused, event.Ended:
		return ""
	default:
		return ""
	}
}

// stepLine says what one step is at. Text is cut before it is dressed, so that no
// escape sequence is cut in two.
func (v *Terminal) stepLine(step *standing.Step, ids, columns int) string {
	now := v.Now()
	head := fmt.Sprintf("%s  %s  ", layout.Pad(layout.Cut(step.ID, ids), ids),
		layout.Pad(layout.Elapsed(step.ElapsedAt(now).Truncate(FrameTime)), 6))
	head = layout.Cut(head, columns-3)
	doing := step.Doing(now)
	if doing == "" {
		doing = step.Word()
	}
	doing = layout.Cut(doing, columns-3-layout.Width(head))
	return v.Style.Mark(step.Status) + " " + head + v.Style.Dim(doing)
}
