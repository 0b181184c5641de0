package window

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
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

// property is one line of a calendar, put together again where it was folded.
type property struct {
	name       string // in capital letters
	params     map[string]string
	value      string
	start, end int // in the text
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
	for line := range lines(text) {
		p, ok := line.property()
		if !ok {
			c.fault(line.start, line.end, "This line is none of a calendar, which has NAME:VALUE.")
			return
		}
		if len(c.open) == 0 && (p.name != "BEGIN" || !strings.EqualFold(p.value, "VCALENDAR")) {
			c.fault(p.start, p.end, "A calendar begins with BEGIN:VCALENDAR.")
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
func (c *calendar) take(p property) bool {
	switch {
	case p.name == "BEGIN":
		c.open = append(c.open, strings.ToUpper(p.value))
		if c.inEvent() {
			c.events = append(c.events, &event{at: p})
		}
		if len(c.open) > maxComponents || len(c.events) > maxEvents {
			c.fault(p.start, p.end, "A calendar has no more than %d events, and components no more than %d deep.", maxEvents, maxComponents)
			return false
		}
	case p.name == "END":
		last := len(c.open) - 1
		if c.open[last] != strings.ToUpper(p.value) {
			c.fault(p.start, p.end, "This ends %q, and %s is open.", clean(p.value), clean(c.open[last]))
			return false
		}
		c.open, c.whole = c.open[:last], last == 0
	case c.inEvent():
		c.events[len(c.events)-1].take(c, p)
	}
	return true
}

func (c *calendar) inEvent() bool { return len(c.open) == 2 && c.open[1] == "VEVENT" }

// line is one line as it was before it was folded.
type line struct {
	text       string
	start, end int
}

// lines yields the lines of a calendar: one that begins with a space goes on with the one before.
func lines(text []byte) func(func(line) bool) {
	return func(yield func(line) bool) {
		for at := 0; at < len(text); {
			begin, end := at, at
			var whole []byte
			for first := true; at < len(text) && (first || text[at] == ' ' || text[at] == '\t'); first = false {
				rest := text[at:]
				if !first {
					rest = rest[1:]
				}
				content, _, _ := bytes.Cut(rest, []byte("\n"))
				end = len(text) - len(rest) + len(content)
				at = end + 1
				content = bytes.TrimSuffix(content, []byte("\r"))
				whole = append(whole, content...)
			}
			if len(bytes.TrimSpace(whole)) > 0 && !yield(line{string(whole), begin, min(end, len(text))}) {
				return
			}
		}
	}
}

// property takes a line apart: NAME;PARAM=VALUE;PARAM="VALUE":VALUE.
func (l line) property() (property, bool) {
	p := property{start: l.start, end: l.end}
	text := strings.TrimPrefix(l.text, "\ufeff")
	quoted, from, param := false, 0, ""
	add := func(part string) {
		if name, value, ok := strings.Cut(part, "="); ok && param != "" {
			if p.params == nil {
				p.params = map[string]string{}
			}
			p.params[strings.ToUpper(name)] = strings.Trim(value, `"`)
		}
	}
	for i, c := range []byte(text) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted || c != ';' && c != ':':
		default:
			if p.name == "" {
				p.name = strings.ToUpper(text[from:i])
			} else {
				add(text[from:i])
			}
			if c == ':' {
				p.value = strings.TrimSpace(text[i+1:])
				return p, p.name != ""
			}
			from, param = i+1, "next"
		}
	}
	return p, false
}

// zoneOf returns the time zone of a line; nil where it names one that is not there.
func (c *calendar) zoneOf(p property) *time.Location {
	name, has := p.params["TZID"]
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
		c.fault(p.start, p.end, "There is no time zone %q: a calendar names zones of the IANA database, such as Europe/Berlin.", clean(name))
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
