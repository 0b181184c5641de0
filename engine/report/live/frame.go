package live

import (
	"fmt"
	"slices"
	"strings"

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
	active, hidden := fitting(s.Active(), rows-2)
	lines := []string{v.headline(columns)}
	named, ids := names(active), 0
	for _, name := range named {
		ids = max(ids, layout.Width(name))
	}
	ids = min(ids, columns/3)
	for i, step := range active {
		lines = append(lines, v.stepLine(step, layout.Pad(layout.Cut(named[i], ids), ids), columns))
	}
	if hidden > 0 {
		lines = append(lines, v.Style.Dim(layout.Cut(fmt.Sprintf("  … and %d more at work", hidden), columns-1)))
	}
	return lines
}

// fitting are the steps at work that there is room for, those first that a person should
// look at, and how many there is none for. Instances stand below their step, and no step
// takes so many lines that another has none.
func fitting(active []*standing.Step, room int) (shown []*standing.Step, hidden int) {
	groups := grouped(active)
	if len(active) <= room {
		return slices.Concat(groups...), 0
	}
	room-- // to say how many are hidden
	most := room
	for most > 1 && lines(groups, most) > room {
		most--
	}
	for _, group := range groups {
		shown = append(shown, group[:min(most, len(group))]...)
	}
	shown = shown[:min(room, len(shown))]
	return shown, len(active) - len(shown)
}

// lines is how many lines groups take that each have at most so many.
func lines(groups [][]*standing.Step, most int) int {
	sum := 0
	for _, group := range groups {
		sum += min(most, len(group))
	}
	return sum
}

// grouped puts each step together with its instances that are at work, and what they take in, the step first, then
// the most urgent; so are the groups.
func grouped(active []*standing.Step) [][]*standing.Step {
	byUrgency := func(a, b *standing.Step) int { return urgency(a.Status) - urgency(b.Status) }
	var groups [][]*standing.Step
	for _, step := range active {
		last := len(groups) - 1
		if many := step.Many(); last >= 0 && many != nil && many == groups[last][0] {
			groups[last] = append(groups[last], step)
			continue
		}
		groups = append(groups, []*standing.Step{step})
	}
	for _, group := range groups {
		slices.SortStableFunc(group[1:], byUrgency)
	}
	slices.SortStableFunc(groups, func(a, b []*standing.Step) int {
		return byUrgency(slices.MinFunc(a, byUrgency), slices.MinFunc(b, byUrgency))
	})
	return groups
}

// names are what steps are called here: an instance below its step needs its key alone, and what
// it takes in that and its own name.
func names(steps []*standing.Step) []string {
	names := make([]string, len(steps))
	above := ""
	for i, step := range steps {
		names[i] = step.ID
		switch many := step.Many(); {
		case many == nil:
			above = step.ID
		case many.ID == above:
			names[i] = "  " + strings.TrimPrefix(step.ID, above)
		}
	}
	return names
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
		layout.Elapsed(s.Elapsed(v.Now()).Truncate(FrameTime)), done, s.Total())
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
func (v *Terminal) stepLine(step *standing.Step, name string, columns int) string {
	now := v.Now()
	head := fmt.Sprintf("%s  %s  ", name, layout.Pad(layout.Elapsed(step.ElapsedAt(now).Truncate(FrameTime)), 6))
	head = layout.Cut(head, columns-3)
	doing := step.Doing(now)
	if doing == "" {
		doing = step.Word()
	}
	doing = layout.Cut(doing, columns-3-layout.Width(head))
	return v.Style.Mark(step.Status) + " " + head + v.Style.Dim(doing)
}
