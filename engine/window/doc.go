// Package window says when a change window is open: by a cron expression, by a recurrence
// rule of RFC 5545, or by the events of a calendar (iCalendar), with periods of freeze that
// win over all of them.
//
// Everything recurs on the clock on the wall: a pattern says on which days and at what time
// of the day something begins, and only then that is taken to the time zone, so that a day
// with a change of the clock is handled in one place. As in RFC 5545, a time that the clock
// leaves out is read by the clock as it was before, and of a time that comes twice the first
// is meant. How long an opening lasts is time that passes, and its end is not part of it.
//
// Text is a stranger's: each part of it that is wrong is a [Fault] with its place, and what
// a question costs is bounded whatever the text says. The package knows no clock and no file:
// it is asked about a time, and given the bytes of a calendar. Floor 0.
package window

import (
	"fmt"
	"strings"
	"time"
)

// Fault is one thing that is wrong with a text, at a place in it.
type Fault struct {
	Start, End int    // byte offsets; End is behind the last byte
	Text       string // a whole sentence
	Hint       string // how to mend it here; may be empty
}

// The limits of what a text may ask for.
const (
	// LongestOpening is how long one opening that recurs may last: a question looks back as far.
	LongestOpening = 31 * 24 * time.Hour
	// MaxCalendar is how many bytes a calendar may have.
	MaxCalendar  = 1 << 20
	maxEvents    = 10_000 // in a calendar, with the dates that its events add
	maxRecurring = 200    // events of a calendar that recur
	maxExcept    = 10_000 // times that are taken out of what recurs
	maxTimes     = 48     // of a day at which a rule recurs
	maxPerDay    = 1_440  // times that the events of a calendar recur on one day
	maxList      = 400    // numbers in one part of a rule
	firstYear    = 1900
	lastYear     = 2200
)

// Zone returns the time zone of a name in the IANA database. That of the machine is none:
// it would be another one elsewhere.
func Zone(name string) (*time.Location, error) {
	switch first, _, _ := strings.Cut(name, "/"); first {
	case "", "Local", "localtime", "posixrules", "Factory":
		return nil, fmt.Errorf("the time zone %q is not the same everywhere", name)
	case "posix", "right":
		return nil, fmt.Errorf("the time zone %q is of another count of seconds", name)
	}
	found, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	return found, nil
}
