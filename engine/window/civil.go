package window

import (
	"fmt"
	"strings"
	"time"
)

// day is a day of the calendar on the wall, counted from 1 January 1970.
type day int

const secondsOfDay = 24 * 60 * 60

func dayOf(year int, month time.Month, date int) day {
	return day(time.Date(year, month, date, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay)
}

// civil returns the date of a day.
func (d day) civil() (year int, month time.Month, date int) {
	return time.Unix(int64(d)*secondsOfDay, 0).UTC().Date()
}

func (d day) weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// week returns the day on which the week of d begins, where weeks begin on first.
func (d day) week(first time.Weekday) day { return d - day((int(d.weekday())-int(first)+7)%7) }

// Local is a time on a clock on the wall, of no time zone yet.
type Local struct {
	day day
	at  time.Duration // since midnight, as the clock shows it
	// Date says that only a day was written: its midnight is meant.
	Date bool
}

// layouts are the forms in which a runbook writes a local time.
var layouts = [...]string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// ParseLocal reads a local time as a runbook writes it: "2026-01-03T01:00", or a day alone.
func ParseLocal(text string) (Local, error) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return localOf(t, layout == time.DateOnly)
		}
	}
	return Local{}, fmt.Errorf("%q is not a local time", text)
}

// basic reads a time as a calendar writes it: "20260103T010000", or a day alone. utc says
// that a Z was behind it.
func basic(text string) (local Local, utc bool, err error) {
	if t, err := time.Parse("20060102", text); err == nil {
		local, err = localOf(t, true)
		return local, false, err
	}
	text, utc = strings.CutSuffix(text, "Z")
	t, err := time.Parse("20060102T150405", text)
	if err != nil {
		return Local{}, false, fmt.Errorf("%q is neither a date nor a time", text)
	}
	local, err = localOf(t, false)
	return local, utc, err
}

func localOf(t time.Time, date bool) (Local, error) {
	if t.Year() < firstYear || t.Year() > lastYear {
		return Local{}, fmt.Errorf("the year %d is not one between %d and %d", t.Year(), firstYear, lastYear)
	}
	midnight := dayOf(t.Date())
	return Local{day: midnight, at: time.Duration(t.Unix()-int64(midnight)*secondsOfDay) * time.Second, Date: date}, nil
}

// In returns when the clock of a time zone shows the time. One that it leaves out is read by
// the clock as it was before the change, and of one that it shows twice the first is meant.
func (l Local) In(zone *time.Location) time.Time {
	shown := int64(l.day)*secondsOfDay + int64(l.at/time.Second)
	// No zone is further from UTC than a day, and none changes its clock twice in two days.
	// [time.Time.ZoneBounds] would say it all, but has years at whose end it stands still.
	before, after := ahead(shown-secondsOfDay, zone), ahead(shown+secondsOfDay, zone)
	found := shown - before
	if before != after && ahead(found, zone) != before && ahead(shown-after, zone) == after {
		found = shown - after
	}
	return time.Unix(found, 0).In(zone)
}

// again returns when the clock of a time zone shows the time the second time; where it does
// once, when it does.
func (l Local) again(zone *time.Location) time.Time {
	shown := int64(l.day)*secondsOfDay + int64(l.at/time.Second)
	if after := ahead(shown+secondsOfDay, zone); after < ahead(shown-secondsOfDay, zone) && ahead(shown-after, zone) == after {
		return time.Unix(shown-after, 0).In(zone)
	}
	return l.In(zone)
}

// ahead is how many seconds the clock of a zone is ahead of UTC at a time.
func ahead(at int64, zone *time.Location) int64 {
	_, seconds := time.Unix(at, 0).In(zone).Zone()
	return int64(seconds)
}

// wall returns the day that the clock of a time zone shows.
func wall(t time.Time, zone *time.Location) day { return dayOf(t.In(zone).Date()) }
