package window

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// frequency is in what periods a rule recurs.
type frequency int

const (
	daily frequency = iota + 1
	weekly
	monthly
	yearly
)

// rule is a recurrence rule of RFC 5545, for what recurs on days.
type rule struct {
	every    frequency
	interval int
	first    Local // DTSTART: nothing begins before it
	week     time.Weekday

	months, dates, yearDays, weeks []int
	weekdays                       []nthWeekday
	positions                      []int
	times                          []time.Duration // of the day, ascending

	count int   // 0: it does not say
	until Local // the last that may begin; see ends
	ends  bool
	utc   bool // until is in UTC
}

// nthWeekday is a weekday, or the nth of its month or year.
type nthWeekday struct {
	nth int // 0: each; negative: from the end
	day time.Weekday
}

// Rule returns the openings that begin by a recurrence rule from a first one on, and last so long.
func Rule(text string, first Local, lasts time.Duration, zone *time.Location) (Set, []Fault) {
	made, faults := parseRule(text, first)
	if len(faults) > 0 {
		return Set{}, faults
	}
	r := recurrence{pattern: made, zone: zone, length: length{exact: lasts}}
	if fault := r.bound(made); fault != "" {
		return Set{}, []Fault{{End: len(text), Text: fault}}
	}
	return Set{recurring: []recurrence{r}}, nil
}

// ruleReader reads the parts of a rule.
type ruleReader struct {
	made    *rule
	faults  []Fault
	hours   []int
	minutes []int
}

func parseRule(text string, first Local) (*rule, []Fault) {
	r := ruleReader{made: &rule{interval: 1, first: first, week: time.Monday}}
	from := 0
	if rest, ok := strings.CutPrefix(text, "RRULE:"); ok {
		from = len(text) - len(rest)
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(text[from:], ";") {
		name, value, ok := strings.Cut(part, "=")
		name = strings.ToUpper(strings.TrimSpace(name))
		said, hint := "", ""
		switch {
		case !ok || value == "":
			said, hint = fmt.Sprintf("%q is not NAME=VALUE.", part), "write such as FREQ=WEEKLY;BYDAY=SA"
		case seen[name]:
			said = fmt.Sprintf("%s stands there twice.", name)
		default:
			said, hint = r.part(name, strings.ToUpper(strings.TrimSpace(value)))
		}
		if said != "" {
			r.faults = append(r.faults, Fault{Start: from, End: min(from+max(len(part), 1), len(text)), Text: said, Hint: hint})
		}
		seen[name] = true
		from += len(part) + 1
	}
	if len(r.faults) == 0 {
		if said := r.finish(seen); said != "" {
			r.faults = append(r.faults, Fault{End: len(text), Text: said})
		}
	}
	return r.made, r.faults
}

// part takes in one part, or says what is wrong with it, and how to mend that.
func (r *ruleReader) part(name, value string) (said, hint string) {
	m := r.made
	switch name {
	case "FREQ":
		return r.frequency(value)
	case "INTERVAL":
		m.interval, said = number(name, value, 1, 10_000)
	case "COUNT":
		m.count, said = number(name, value, 1, 10_000)
	case "UNTIL":
		return r.untilWhen(value), "write a date such as 20261231, or a time such as 20261231T220000Z"
	case "WKST":
		day, ok := weekdayOf(value)
		if !ok {
			return fmt.Sprintf("%q is not a day of the week.", value), "write MO, TU, WE, TH, FR, SA or SU"
		}
		m.week = day
	case "BYMONTH":
		m.months, said = numbers(name, value, 1, 12, false)
	case "BYMONTHDAY":
		m.dates, said = numbers(name, value, 1, 31, true)
	case "BYYEARDAY":
		m.yearDays, said = numbers(name, value, 1, 366, true)
	case "BYWEEKNO":
		m.weeks, said = numbers(name, value, 1, 53, true)
	case "BYSETPOS":
		m.positions, said = numbers(name, value, 1, 366, true)
	case "BYHOUR":
		r.hours, said = numbers(name, value, 0, 23, false)
	case "BYMINUTE":
		r.minutes, said = numbers(name, value, 0, 59, false)
	case "BYDAY":
		return r.days(value)
	default:
		return fmt.Sprintf("The part %s is not known here.", name), "a rule has FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYDAY, BYSETPOS, BYHOUR and BYMINUTE"
	}
	return said, ""
}

func (r *ruleReader) frequency(value string) (said, hint string) {
	known := map[string]frequency{"DAILY": daily, "WEEKLY": weekly, "MONTHLY": monthly, "YEARLY": yearly}
	if r.made.every = known[value]; r.made.every == 0 {
		return fmt.Sprintf("%q is not how often a window can recur.", value), "write DAILY, WEEKLY, MONTHLY or YEARLY; BYHOUR and BYMINUTE give several times of a day"
	}
	return "", ""
}

func (r *ruleReader) untilWhen(value string) string {
	until, utc, err := basic(value)
	if err != nil {
		return sentence(err)
	}
	if until.Date {
		until.at = secondsOfDay*time.Second - time.Second // all that begins on that day
	}
	r.made.until, r.made.utc, r.made.ends = until, utc, true
	return ""
}

func (r *ruleReader) days(value string) (said, hint string) {
	const write = "write such as SA, or 2TU for the second and -1FR for the last one"
	for item := range strings.SplitSeq(value, ",") {
		if len(item) < 2 || len(r.made.weekdays) >= maxList {
			return fmt.Sprintf("%q is not a day of the week.", item), write
		}
		nth := 0
		if text := item[:len(item)-2]; text != "" {
			var said string
			if nth, said = signed("BYDAY", text, 1, 53, true); said != "" {
				return said, write
			}
		}
		weekday, ok := weekdayOf(item[len(item)-2:])
		if !ok {
			return fmt.Sprintf("%q is not a day of the week.", item), write
		}
		r.made.weekdays = append(r.made.weekdays, nthWeekday{nth, weekday})
	}
	return "", ""
}

func weekdayOf(text string) (time.Weekday, bool) {
	at := strings.Index("SUMOTUWETHFRSA", text)
	return time.Weekday(at / 2), len(text) == 2 && at >= 0 && at%2 == 0
}

// finish says what does not fit together, and fills in what follows from the first day.
func (r *ruleReader) finish(seen map[string]bool) string {
	m := r.made
	nth := slices.ContainsFunc(m.weekdays, func(w nthWeekday) bool { return w.nth != 0 })
	byDay := len(m.weekdays)+len(m.dates)+len(m.yearDays)+len(m.weeks) > 0
	switch {
	case m.every == 0:
		return "The rule does not say FREQ."
	case m.count > 0 && m.ends:
		return "A rule has COUNT or UNTIL, and not both."
	case nth && (m.every < monthly || len(m.weeks) > 0):
		return "Only a rule that is MONTHLY, or YEARLY without BYWEEKNO, counts days of the week."
	case len(m.weeks) > 0 && m.every != yearly:
		return "BYWEEKNO is for YEARLY alone."
	case len(m.yearDays) > 0 && m.every != yearly:
		return "BYYEARDAY is for YEARLY alone."
	case len(m.dates) > 0 && m.every == weekly:
		return "BYMONTHDAY is not for WEEKLY."
	case len(m.positions) > 0 && !byDay && len(m.months)+len(r.hours)+len(r.minutes) == 0:
		return "BYSETPOS picks of what another BY part says, and there is none."
	case m.first.Date && (seen["BYHOUR"] || seen["BYMINUTE"]):
		return "What begins on a day has no hour."
	}
	_, month, date := m.first.day.civil()
	switch {
	case byDay && (m.every != yearly || len(m.weeks) == 0 || len(m.weekdays) > 0):
	case m.every == weekly || m.every == yearly && len(m.weeks) > 0:
		m.weekdays = []nthWeekday{{day: m.first.day.weekday()}}
	case m.every == yearly && len(m.months) == 0:
		m.months, m.dates = []int{int(month)}, []int{date}
	case m.every >= monthly:
		m.dates = []int{date}
	}
	m.timesOf(r.hours, r.minutes)
	if len(m.times) > maxTimes {
		return fmt.Sprintf("The rule has %d times of a day, more than %d.", len(m.times), maxTimes)
	}
	return ""
}

// perDay implements pattern.
func (m *rule) perDay() int { return len(m.times) }

// hourly implements pattern: as RFC 5545 has it, the first of two is meant.
func (m *rule) hourly() bool { return false }

// timesOf sets the times of a day: those of the first one, but for what the rule says.
func (m *rule) timesOf(hours, minutes []int) {
	if len(hours) == 0 {
		hours = []int{int(m.first.at / time.Hour)}
	}
	if len(minutes) == 0 {
		minutes = []int{int(m.first.at % time.Hour / time.Minute)}
	}
	for _, hour := range hours {
		for _, minute := range minutes {
			m.times = append(m.times, time.Duration(hour)*time.Hour+time.Duration(minute)*time.Minute+m.first.at%time.Minute)
		}
	}
	slices.Sort(m.times)
	m.times = slices.Compact(m.times)
}

// numbers reads a list of numbers, each once.
func numbers(name, text string, least, most int, negative bool) (list []int, said string) {
	for item := range strings.SplitSeq(text, ",") {
		n, said := signed(name, item, least, most, negative)
		if said != "" {
			return nil, said
		}
		if len(list) >= maxList {
			return nil, fmt.Sprintf("%s has more than %d numbers.", name, maxList)
		}
		list = append(list, n)
	}
	slices.Sort(list)
	return slices.Compact(list), ""
}

// signed reads a number, which may be negative to count from the end.
func signed(name, text string, least, most int, negative bool) (int, string) {
	digits, minus := strings.CutPrefix(text, "-")
	if !minus {
		digits = strings.TrimPrefix(text, "+")
	}
	n, said := number(name, digits, least, most)
	switch {
	case said != "" || minus && !negative:
		return 0, fmt.Sprintf("%q is not a number for %s.", text, name)
	case minus:
		return -n, ""
	default:
		return n, ""
	}
}

func number(name, text string, least, most int) (int, string) {
	n, err := strconv.Atoi(text)
	if err != nil || strings.Trim(text, "0123456789") != "" || n < least || n > most {
		return 0, fmt.Sprintf("%s is a number from %d to %d, and not %q.", name, least, most, text)
	}
	return n, ""
}

// sentence makes a whole sentence of an error.
func sentence(err error) string {
	text := err.Error()
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
