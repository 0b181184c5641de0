package window

import (
	"strconv"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/window/internal/content"
)

// event is one event of a calendar.
type event struct {
	at        content.Line // its BEGIN
	zone      *time.Location
	first     Local
	has       bool // a start
	ends      *content.Line
	lasts     *content.Line
	rule      *content.Line
	instance  *time.Time // of a recurring event, the one that it stands for
	also      []moment
	except    []time.Time
	dated     []dated // all that must be dates where the start is one, and times where it is one
	uid, name string
	cancelled bool
}

// dated is a line whose value is a date, or a time.
type dated struct {
	line content.Line
	date bool
}

// moment is a start that is written down.
type moment struct {
	local Local
	zone  *time.Location
}

func (m moment) time() time.Time { return m.local.In(m.zone) }

// take takes in one line of the event.
func (e *event) take(c *calendar, p content.Line) {
	switch p.Name {
	case "DTSTART":
		if m, ok := c.moment(p, p.Value); ok {
			e.first, e.zone, e.has = m.local, m.zone, true
		}
	case "DTEND":
		e.ends = &p
	case "DURATION":
		e.lasts = &p
	case "RRULE":
		if e.rule != nil {
			c.fault(p.Start, p.End, "An event has no more than one RRULE.")
		}
		e.rule = &p
	case "EXRULE":
		c.fault(p.Start, p.End, "EXRULE is not read, as RFC 5545 has taken it back; write EXDATE.")
	case "RDATE", "EXDATE":
		e.dates(c, p)
	case "RECURRENCE-ID":
		if p.Params["RANGE"] != "" {
			c.fault(p.Start, p.End, "A change of an event and of all after it is not read; give it a rule of its own.")
		}
		if m, ok := c.moment(p, p.Value); ok {
			of := m.time()
			e.instance = &of
			e.dated = append(e.dated, dated{p, m.local.Date})
		}
	case "UID":
		e.uid = p.Value
	case "SUMMARY":
		e.name = unescaped(p.Value)
	case "STATUS":
		e.cancelled = strings.EqualFold(p.Value, "CANCELLED")
	}
}

// dates takes in starts that are added or taken out.
func (e *event) dates(c *calendar, p content.Line) {
	if strings.EqualFold(p.Params["VALUE"], "PERIOD") {
		c.fault(p.Start, p.End, "Periods are not read here: write starts, which last as long as the event.")
		return
	}
	for text := range strings.SplitSeq(p.Value, ",") {
		m, ok := c.moment(p, strings.TrimSpace(text))
		if ok {
			e.dated = append(e.dated, dated{p, m.local.Date})
		}
		switch {
		case !ok:
			return
		case p.Name == "RDATE":
			e.also = append(e.also, m)
		default:
			e.except = append(e.except, m.time())
		}
	}
}

// moment reads a date or a time of a line.
func (c *calendar) moment(p content.Line, text string) (moment, bool) {
	local, utc, err := basic(text)
	if err != nil {
		c.fault(p.Start, p.End, "%s", clean(sentence(err)))
		return moment{}, false
	}
	zone := time.UTC
	if !utc {
		zone = c.zoneOf(p)
	}
	return moment{local, zone}, zone != nil
}

// durations is how RFC 5545 writes how long something lasts.
const durations = `^\+?P(?:(\d{1,4})W|(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?)$`

// length returns how long the event lasts. A day is one if it does not say.
func (e *event) length(c *calendar) (length, bool) {
	switch {
	case e.lasts != nil:
		parts := c.durations.FindStringSubmatch(strings.ToUpper(e.lasts.Value))
		if parts == nil {
			c.fault(e.lasts.Start, e.lasts.End, "%q is not how long something lasts, such as PT4H.", clean(e.lasts.Value))
			return length{}, false
		}
		var n [5]int
		for i, digits := range parts[1:] {
			n[i], _ = strconv.Atoi(digits) // which are digits, or none
		}
		exact := time.Duration(n[2])*time.Hour + time.Duration(n[3])*time.Minute + time.Duration(n[4])*time.Second
		return length{days: n[0]*7 + n[1], exact: exact}, true
	case e.ends != nil:
		end, ok := c.moment(*e.ends, e.ends.Value)
		if !ok {
			return length{}, false
		}
		e.dated = append(e.dated, dated{*e.ends, end.local.Date})
		if e.first.Date {
			return length{days: int(end.local.day - e.first.day)}, true
		}
		return length{exact: end.time().Sub(e.first.In(e.zone))}, true
	case e.first.Date:
		return length{days: 1}, true
	default:
		return length{}, true
	}
}

// kind reports whether all that says when the event is says it as its start does, as RFC 5545
// asks for: of the exception to a meeting, a day alone could mean another one.
func (e *event) kind(c *calendar) bool {
	for _, d := range e.dated {
		if d.date != e.first.Date {
			is := map[bool]string{true: "a date", false: "a time"}
			c.fault(d.line.Start, d.line.End, "%s is %s, and the DTSTART of its event is %s.", d.line.Name, is[d.date], is[e.first.Date])
			return false
		}
	}
	return true
}

// set returns the times of all events.
func (c *calendar) set() Set {
	changed := map[string][]time.Time{} // the instances that events of their own stand for
	for _, e := range c.events {
		if e.instance != nil {
			changed[e.uid] = append(changed[e.uid], *e.instance)
		}
	}
	var made Set
	excepted := 0
	for _, e := range c.events {
		if len(c.faults) > 0 {
			return Set{}
		}
		if e.cancelled {
			continue
		}
		if e.instance == nil {
			e.except = append(e.except, changed[e.uid]...)
		}
		if excepted += len(e.except); excepted > maxExcept {
			c.fault(e.at.Start, e.at.End, "The calendar takes out more than %d times.", maxExcept)
			return Set{}
		}
		c.add(&made, e)
	}
	made.sort()
	return made
}

// add adds the times of one event.
func (c *calendar) add(made *Set, e *event) {
	if !e.has {
		c.fault(e.at.Start, e.at.End, "The event has no DTSTART.")
		return
	}
	lasts, ok := e.length(c)
	ok = e.kind(c) && ok
	switch {
	case !ok:
		return
	case lasts.days < 0 || lasts.exact < 0 || lasts == length{}:
		c.fault(e.at.Start, e.at.End, "The event has no end after its start.")
		return
	}
	except := make(map[int64]struct{}, len(e.except))
	for _, t := range e.except {
		except[t.Unix()] = struct{}{}
	}
	starts := e.also
	if e.rule == nil {
		starts = append(starts, moment{e.first, e.zone})
	} else {
		c.recurs(made, e, lasts, except)
	}
	for _, m := range starts {
		start := m.time()
		if _, out := except[start.Unix()]; !out {
			made.once = append(made.once, span{start, lasts.after(m.local, m.zone), e.name})
		}
	}
	if len(made.once) > maxEvents {
		c.fault(e.at.Start, e.at.End, "The calendar has more than %d times.", maxEvents)
	}
}

// recurs adds what an event with a rule says.
func (c *calendar) recurs(made *Set, e *event, lasts length, except map[int64]struct{}) {
	rule, faults := parseRule(e.rule.Value, e.first)
	for _, fault := range faults {
		c.fault(e.rule.Start, e.rule.End, "%s", clean(fault.Text))
	}
	if len(faults) > 0 {
		return
	}
	r := recurrence{pattern: rule, zone: e.zone, length: lasts, except: except, why: e.name}
	if said := r.bound(rule); said != "" {
		c.fault(e.rule.Start, e.rule.End, "%s", said)
		return
	}
	if lasts.longest() > LongestOpening+24*time.Hour {
		c.fault(e.at.Start, e.at.End, "An event that recurs lasts no longer than 31 days.")
		return
	}
	made.recurring = append(made.recurring, r)
	switch {
	case len(made.recurring) > maxRecurring:
		c.fault(e.at.Start, e.at.End, "The calendar has more than %d events that recur.", maxRecurring)
	case made.perDay() > maxPerDay:
		c.fault(e.at.Start, e.at.End, "The events of the calendar recur more than %d times a day.", maxPerDay)
	}
}
