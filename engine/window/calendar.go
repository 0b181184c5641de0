package window

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/gatebook/gatebook/engine/window/internal/content"
)

// Calendar returns the times of the events of a calendar: a file in the form of RFC 5545. A
// time without a time zone of its own is one of zone. What is cancelled does not count, and
// all that is no event is passed over. With faults it is nothing: a calendar is not read in part.
func Calendar(text []byte, zone *time.Location) (Set, []Fault) {
	if len(text) > MaxCalendar {
		return Set{}, []Fault{{Text: fmt.Sprintf("The calendar has %d bytes, more than %d.", len(text), MaxCalendar)}}
	}
	c := calendar{zone: zone, zones: map[string]*time.Location{}, durations: regexp.MustCompile(durations)}
	c.read(text)
	made := c.set()
	if len(c.faults) > 0 {
		return Set{}, c.faults
	}
	return made, nil
}

// calendar is a calendar that is being read.
type calendar struct {
	zone   *time.Location
	zones  map[string]*time.Location // those that were asked for; nil: there is none
	open   []string                  // the components around the line that is being read
	events []*event
	faults []Fault
	whole  bool // END:VCALENDAR was met

	durations *regexp.Regexp
}

// mostCalendarFaults is after how many faults nothing more is said.
const mostCalendarFaults = 20

func (c *calendar) fault(start, end int, format string, args ...any) {
	if len(c.faults) < mostCalendarFaults {
		c.faults = append(c.faults, Fault{Start: start, End: end, Text: fmt.Sprintf(format, args...)})
	}
}

// read goes through the lines. What is no calendar at all is said once.
func (c *calendar) read(text []byte) {
	for p, ok := range content.Lines(text) {
		if !ok {
			c.fault(p.Start, p.End, "This line is none of a calendar, which has NAME:VALUE.")
			return
		}
		if len(c.open) == 0 && (p.Name != "BEGIN" || !strings.EqualFold(p.Value, "VCALENDAR")) {
			c.fault(p.Start, p.End, "A calendar begins with BEGIN:VCALENDAR.")
			return
		}
		if !c.take(p) {
			return
		}
	}
	if !c.whole || len(c.open) > 0 {
		c.fault(len(text), len(text), "The calendar is not whole: its END:VCALENDAR is missing.")
	}
}

// maxComponents is how deep components are nested.
const maxComponents = 8

// take takes in one line; false where nothing can be made of what follows.
func (c *calendar) take(p content.Line) bool {
	switch {
	case p.Name == "BEGIN":
		c.open = append(c.open, strings.ToUpper(p.Value))
		if c.inEvent() {
			c.events = append(c.events, &event{at: p})
		}
		if len(c.open) > maxComponents || len(c.events) > maxEvents {
			c.fault(p.Start, p.End, "A calendar has no more than %d events, and components no more than %d deep.", maxEvents, maxComponents)
			return false
		}
	case p.Name == "END":
		last := len(c.open) - 1
		if c.open[last] != strings.ToUpper(p.Value) {
			c.fault(p.Start, p.End, "This ends %q, and %s is open.", clean(p.Value), clean(c.open[last]))
			return false
		}
		c.open, c.whole = c.open[:last], last == 0
	case c.inEvent():
		c.events[len(c.events)-1].take(c, p)
	}
	return true
}

func (c *calendar) inEvent() bool { return len(c.open) == 2 && c.open[1] == "VEVENT" }

// zoneOf returns the time zone of a line; nil where it names one that is not there.
func (c *calendar) zoneOf(p content.Line) *time.Location {
	name, has := p.Params["TZID"]
	if !has {
		return c.zone
	}
	name = strings.TrimPrefix(name, "/")
	found, known := c.zones[name]
	if !known {
		found, _ = Zone(name)
		c.zones[name] = found
	}
	if found == nil {
		c.fault(p.Start, p.End, "There is no time zone %q: a calendar names zones of the IANA database, such as Europe/Berlin.", clean(name))
	}
	return found
}

// clean makes a text of a calendar one that can be shown: one line, not long.
func clean(text string) string {
	const longest = 120
	shown := []rune(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?")))
	if len(shown) > longest {
		shown = append(shown[:longest], '…')
	}
	return strings.Join(strings.Fields(string(shown)), " ")
}

// unescaped reads a text as RFC 5545 writes it.
func unescaped(text string) string {
	return clean(strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(text))
}
