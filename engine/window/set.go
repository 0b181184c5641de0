package window

import (
	"slices"
	"time"
)

// pattern says what begins when, on the clock on the wall.
type pattern interface {
	// starts yields what begins on the days from one to another, in their order, until yield
	// says that it is enough.
	starts(from, to day, yield func(Local) bool)
	// perDay is how many begin on one day at most.
	perDay() int
	// hourly says that it is about all hours, so that one that comes twice is meant twice.
	hourly() bool
}

// length is how long something lasts: days by the clock on the wall, and time that passes.
type length struct {
	days  int
	exact time.Duration
}

// after returns the end of what begins at a time, where days are counted by the zone's clock.
func (l length) after(start Local, zone *time.Location) time.Time {
	return Local{day: start.day + day(l.days), at: start.at}.In(zone).Add(l.exact)
}

// longest is how long it lasts at most.
func (l length) longest() time.Duration { return time.Duration(l.days+1)*24*time.Hour + l.exact }

// span is a time from a start to an end, which is not part of it.
type span struct {
	start, end time.Time
	why        string // what people call it; may be empty
}

// recurrence is what comes again and again.
type recurrence struct {
	pattern pattern
	zone    *time.Location
	length  length
	until   time.Time          // the last that begins; zero: there is none
	except  map[int64]struct{} // in Unix seconds, what does not begin all the same
	why     string
}

// Set is a number of times, each with a start and an end. The zero Set has none.
type Set struct {
	once      []span // sorted by start
	recurring []recurrence
}

// Period returns the set of one time, from a local time until another.
func Period(from, until Local, zone *time.Location, why string) Set {
	return Set{once: []span{{from.In(zone), until.In(zone), why}}}
}

// Join returns the set of all times of both.
func (s Set) Join(other Set) Set {
	joined := Set{slices.Concat(s.once, other.once), slices.Concat(s.recurring, other.recurring)}
	joined.sort()
	return joined
}

func (s *Set) sort() {
	slices.SortStableFunc(s.once, func(a, b span) int { return a.start.Compare(b.start) })
}

// perDay is how many times of what recurs begin on one day at most.
func (s Set) perDay() int {
	sum := 0
	for _, r := range s.recurring {
		sum += r.pattern.perDay()
	}
	return sum
}

// mostSpans is how many times of what recurs one question looks at. It is more than can begin
// within [LongestOpening], so that what is under way is always found.
const mostSpans = 60_000

// between returns the times of the set that overlap with what is between two moments, sorted
// by their start. Where they are too many it stops before the second, and says where.
func (s Set) between(from, to time.Time) (found []span, reached time.Time) {
	reached = to
	for _, one := range s.once {
		if one.start.After(to) {
			break
		}
		if one.end.After(from) {
			found = append(found, one)
		}
	}
	for _, r := range s.recurring {
		found, reached = r.between(found, from, reached)
	}
	slices.SortStableFunc(found, func(a, b span) int { return a.start.Compare(b.start) })
	return found, reached
}

// between adds the times of what recurs.
func (r recurrence) between(found []span, from, to time.Time) ([]span, time.Time) {
	last := to
	if !r.until.IsZero() && r.until.Before(last) {
		last = r.until
	}
	// A change of the clock moves a start by less than a day or two.
	first := from.Add(-r.length.longest())
	added := 0
	add := func(begin, end time.Time) bool {
		if _, out := r.except[begin.Unix()]; out || begin.After(last) || begin.Before(first) || !end.After(from) {
			return true
		}
		found = append(found, span{begin, end, r.why})
		if added++; added > mostSpans {
			to = begin
		}
		return added <= mostSpans
	}
	r.pattern.starts(wall(first, r.zone)-2, wall(last, r.zone)+2, func(start Local) bool {
		begin, end := start.In(r.zone), r.length.after(start, r.zone)
		if !add(begin, end) {
			return false
		}
		if later := start.again(r.zone).Sub(begin); later > 0 && r.pattern.hourly() {
			return add(begin.Add(later), end.Add(later))
		}
		return true
	})
	return found, to
}

// longestCount is how many days it may take until a rule has recurred as often as it says.
const longestCount = 60 * 366

// bound works out until when a rule recurs that ends.
func (r *recurrence) bound(m *rule) string {
	switch {
	case m.ends && m.utc:
		r.until = m.until.In(time.UTC)
	case m.ends:
		r.until = m.until.In(r.zone)
	case m.count > 0:
		left := m.count
		m.starts(m.first.day, m.first.day+longestCount, func(start Local) bool {
			r.until = start.In(r.zone)
			left--
			return left > 0
		})
		if left > 0 {
			return "It takes the rule more than sixty years to recur as often as COUNT says, or it never does."
		}
	}
	return ""
}
