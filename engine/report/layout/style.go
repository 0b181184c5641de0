package layout

import (
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// Style says how text is dressed. The zero Style is plain.
type Style struct {
	Colour  bool
	Columns int  // how wide a line may be, where what is written folds; 0: there is no limit
	Wide    bool // values are shown as a whole, and nothing is folded away
}

// The dresses, as ANSI codes.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
)

func (s Style) dress(code, text string) string {
	if !s.Colour || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Bold makes text stand out.
func (s Style) Bold(text string) string { return s.dress(bold, text) }

// Dim makes text stand back.
func (s Style) Dim(text string) string { return s.dress(dim, text) }

// Bad marks what went wrong.
func (s Style) Bad(text string) string { return s.dress(red, text) }

// Good marks what went well.
func (s Style) Good(text string) string { return s.dress(green, text) }

// Warn marks what somebody should look at.
func (s Style) Warn(text string) string { return s.dress(yellow, text) }

// Busy marks what goes on.
func (s Style) Busy(text string) string { return s.dress(blue, text) }

// Mark returns the sign of a step's state, one column wide.
func (s Style) Mark(status event.Status) string {
	switch status {
	case event.Succeeded:
		return s.Good("✓")
	case event.Failed, event.LeftOver:
		return s.Bad("✗")
	case event.Undone:
		return s.Warn("↺")
	case event.Undoing:
		return s.Warn("‹")
	case event.Running, event.Verifying:
		return s.Busy("›")
	case event.Waiting, event.Asking, event.Resting, event.LostTrack:
		return s.Warn("?")
	case event.Skipped, event.NotRun, event.Pending:
		return s.Dim("·")
	default:
		return " "
	}
}

// Word returns the name of a step's state as people say it.
func Word(status event.Status) string {
	switch status {
	case "":
		return string(event.Pending)
	case event.NotRun:
		return "not run"
	case event.LeftOver:
		return "could not be undone"
	default:
		return string(status)
	}
}

// Elapsed writes a span of time with as much precision as a person can use.
func Elapsed(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return Span(d.Round(time.Second))
	}
}

// Span writes a span of time as it was written down: 30m, and not 30m0s.
func Span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Clock writes a time of day with its zone, as a person reads it while a run goes on.
func Clock(t time.Time) string { return t.Format("15:04:05") }

// Until writes a time that comes: with its day, where that is another one than now.
func Until(t, now time.Time) string {
	if now = now.In(t.Location()); t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return Clock(t)
	}
	return t.Format(time.DateTime)
}

// Stamp writes a date and time with its offset.
func Stamp(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") }
