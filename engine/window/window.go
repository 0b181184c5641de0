package window

import (
	"fmt"
	"slices"
	"time"
)

// Window is when something may be changed: at the times of Opens that are not in Freezes.
type Window struct {
	Zone    *time.Location // of its clock, for people
	Opens   Set
	Freezes Set
}

// State is how a window stands at a time.
type State struct {
	Open bool
	// Since and Until are between what it is open without a break; zero where it is closed. Of
	// openings that touch, it is looked back for two days. Longer says that it may be open after
	// Until, too, which is how far was looked.
	Since, Until time.Time
	Longer       bool
	// Next is when it opens the next time. Zero: not before Shut, which is how far was looked, ten
	// years or less.
	Next, Shut time.Time
	// Freeze says that a freeze closes it, with its reason, which may be empty.
	Freeze bool
	Why    string
}

// Remaining is how long it stays open, 0 where it is closed: no longer than that was looked at.
func (s State) Remaining(at time.Time) time.Duration {
	if !s.Open {
		return 0
	}
	return s.Until.Sub(at)
}

// reaches are how far a question looks at first, further as long as it does not know enough:
// what is often open is known soon.
func reaches() [2]time.Duration { return [2]time.Duration{2 * 24 * time.Hour, farAhead} }

// farAhead is how far it is looked for the end of what is open: longer is long enough.
const farAhead = 40 * 24 * time.Hour

// farthest is how far it is looked for an opening: what opens on leap days takes eight years.
const farthest = 3660 * 24 * time.Hour

// back is how far back a question looks for when a window has opened, beyond what is under way.
const back = 2 * 24 * time.Hour

// At says how the window stands at a time.
func (w *Window) At(at time.Time) State {
	var state State
	from := at // what is before is known
	for _, reach := range reaches() {
		to := at.Add(reach)
		opens, reached := w.Opens.between(at.Add(-back), to)
		freezes, other := w.Freezes.between(at.Add(-back-LongestOpening), to) // all that cut what began before
		if other.Before(reached) {
			reached = other
		}
		var enough bool
		from = reached
		if state, enough = stateAt(at, reached, without(joined(opens), joined(freezes))); !state.Open {
			state.frozen(at, opens, freezes)
		}
		if enough || reached.Before(to) || state.Longer && reach >= farAhead {
			break
		}
	}
	if !state.Longer && state.Next.IsZero() {
		state.Next, state.Shut = w.next(from, at.Add(farthest))
	}
	return state
}

// mostLooked is how many times of what recurs are looked at for the next opening.
const mostLooked = 2_000_000

// next returns when a window that is closed until a time opens, and where it does not, until
// when it was looked. It goes on from piece to piece.
func (w *Window) next(from, until time.Time) (opens, looked time.Time) {
	for left := mostLooked; from.Before(until) && left > 0; {
		open, reached, spans := w.open(from, from.Add(w.piece()))
		for _, s := range open {
			switch {
			case s.start.After(reached):
			case s.end.After(from) && s.start.Before(from):
				return from, time.Time{}
			case s.end.After(from):
				return s.start, time.Time{}
			}
		}
		if !reached.After(from) {
			break
		}
		left -= spans + 1
		from = reached
	}
	return time.Time{}, from
}

// piece is how much time is looked at at once: no more than has spans that can be held.
func (w *Window) piece() time.Duration {
	return time.Duration(max(1, min(400, mostSpans/2/max(1, w.Opens.perDay()+w.Freezes.perDay())))) * 24 * time.Hour
}

// open returns when a window is open between two times, how far that is known, and how many
// spans were looked at.
func (w *Window) open(from, to time.Time) (open []span, reached time.Time, spans int) {
	opens, reached := w.Opens.between(from, to)
	freezes, other := w.Freezes.between(from, to)
	if other.Before(reached) {
		reached = other
	}
	return without(joined(opens), joined(freezes)), reached, len(opens) + len(freezes)
}

// stateAt reads a state from the times at which a window is open, as far as they were looked
// for; enough says that looking further would tell nothing more.
func stateAt(at, reached time.Time, open []span) (state State, enough bool) {
	for _, s := range open {
		switch {
		case !s.end.After(at):
		case !s.start.After(at):
			state.Open, state.Since, state.Until = true, s.start, s.end
			if state.Longer = s.end.After(reached); state.Longer {
				return state, false
			}
		case s.start.After(reached):
			return state, false
		default:
			state.Next = s.start
			return state, true
		}
	}
	return state, false
}

// frozen says why the window is closed, where it would be open but for a freeze.
func (s *State) frozen(at time.Time, opens, freezes []span) {
	covers := func(one span) bool { return !one.start.After(at) && one.end.After(at) }
	if !slices.ContainsFunc(opens, covers) {
		return
	}
	for _, one := range freezes {
		if covers(one) {
			s.Freeze, s.Why = true, one.why
		}
	}
}

// joined makes one of times that overlap or touch.
func joined(sorted []span) []span {
	var made []span
	for _, s := range sorted {
		if !s.end.After(s.start) {
			continue
		}
		if last := len(made) - 1; last >= 0 && !s.start.After(made[last].end) {
			if s.end.After(made[last].end) {
				made[last].end = s.end
			}
			continue
		}
		made = append(made, span{start: s.start, end: s.end})
	}
	return made
}

// without takes times out of others. Both are sorted, and overlap with none of their own.
func without(from, out []span) []span {
	var left []span
	for _, s := range from {
		for len(out) > 0 && !out[0].end.After(s.start) {
			out = out[1:]
		}
		for _, o := range out {
			if !o.start.Before(s.end) {
				break
			}
			if o.start.After(s.start) {
				left = append(left, span{start: s.start, end: o.start})
			}
			s.start = o.end
		}
		if s.end.After(s.start) {
			left = append(left, s)
		}
	}
	return left
}

// Words says in a sentence without its full stop how a window of a name stands at a time.
func (w *Window) Words(name string, at time.Time) string {
	state := w.At(at)
	if state.Open {
		more := ""
		if state.Longer {
			more = " or longer"
		}
		return fmt.Sprintf("%s is open until %s, for %s%s", name, w.when(state.Until, at), Lasting(state.Until.Sub(at)), more)
	}
	text := name + " is closed"
	if state.Freeze {
		text += " by a freeze"
		if state.Why != "" {
			text += " (" + state.Why + ")"
		}
	}
	if state.Next.IsZero() {
		return text + "; it " + NotBefore(state.Shut.In(w.Zone), at)
	}
	return fmt.Sprintf("%s; it opens %s, in %s", text, w.when(state.Next, at), Lasting(state.Next.Sub(at)))
}

// NotBefore says of a window of which nobody knows when it opens that it does not before a
// time, as far as was looked at another one.
func NotBefore(shut, at time.Time) string {
	if shut.Sub(at) >= farthest {
		return "does not open within ten years"
	}
	return "does not open before " + When(shut, at) + ", and further was not looked"
}

// when writes a time by the window's clock.
func (w *Window) when(t, at time.Time) string { return When(t.In(w.Zone), at) + " " + w.Zone.String() }

// When writes a time by its own clock, for people at another: the day of the week says enough
// of the next six days.
func When(t, at time.Time) string {
	if t.Sub(at) > 6*24*time.Hour {
		return t.Format("Mon 2006-01-02 15:04")
	}
	return t.Format("Mon 15:04")
}

// Lasting writes how long something takes, no finer than anybody wants to know.
func Lasting(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		text := fmt.Sprintf("%d days", d/day)
		if hours := d % day / time.Hour; hours > 0 {
			text += fmt.Sprintf(" %dh", hours)
		}
		return text
	case d >= time.Hour:
		text := fmt.Sprintf("%dh", d/time.Hour)
		if minutes := d % time.Hour / time.Minute; minutes > 0 {
			text += fmt.Sprintf("%dm", minutes)
		}
		return text
	case d >= time.Second:
		return d.Truncate(time.Second).String()
	default:
		return "less than a second"
	}
}
