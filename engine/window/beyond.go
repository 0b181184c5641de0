package window

import (
	"fmt"
	"time"
)

// Difference is a time at which one window is open and another is not.
type Difference struct {
	From, Until time.Time // zero: there is none before Looked
	Looked      time.Time // how far was looked
}

// Found reports whether there is such a time.
func (d Difference) Found() bool { return !d.From.IsZero() }

// Everywhere reports whether it was looked as far as anybody looks: for ten years.
func (d Difference) Everywhere(from time.Time) bool { return !d.Looked.Before(from.Add(farthest)) }

// Hours are what a window's being open has become.
type Hours struct {
	// More is the first time at which it is open and was not, and Less at which it was and is
	// not, in words; empty: none was found.
	More, Less string
	// Whole says that it was looked as far as anybody looks: for ten years.
	Whole bool
}

// Against compares when a window is open with when it was, from a time on.
func (w *Window) Against(was *Window, now time.Time) Hours {
	more, less := w.Beyond(was, now), was.Beyond(w, now)
	return Hours{
		More: more.words(w.Zone), Less: less.words(was.Zone),
		Whole: (more.Found() || more.Everywhere(now)) && (less.Found() || less.Everywhere(now)),
	}
}

func (d Difference) words(zone *time.Location) string {
	if !d.Found() {
		return ""
	}
	from, until := d.From.In(zone), d.Until.In(zone)
	return fmt.Sprintf("from %s until %s (%s)", from.Format("Mon 2006-01-02 15:04"), When(until, from), zone)
}

// Beyond returns the first time from a time on at which a window is open and another is not.
func (w *Window) Beyond(other *Window, from time.Time) Difference {
	until := from.Add(farthest)
	step := min(w.piece(), other.piece())
	for left := mostLooked; from.Before(until) && left > 0; {
		to := from.Add(step)
		open, reached, spans := w.open(from, to)
		shut, before, more := other.open(from, to)
		if before.Before(reached) {
			reached = before
		}
		for _, s := range without(open, shut) {
			if s.start.Before(from) {
				s.start = from
			}
			if s.end.After(s.start) && s.start.Before(reached) {
				return Difference{From: s.start, Until: s.end, Looked: reached}
			}
		}
		if !reached.After(from) {
			break
		}
		left -= spans + more + 1
		from = reached
	}
	return Difference{Looked: from}
}
