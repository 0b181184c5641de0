package window

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// cron is a cron expression of five fields. Each is the set of the numbers that fit.
type cron struct {
	minute, hour, date, month, weekday uint64
	// anyDate and anyWeekday say that the field begins with a star. Where neither does, a day
	// fits that fits one of the two, as cron has it since its first days.
	anyDate, anyWeekday bool
}

// cronField is what one field of a cron expression may say.
type cronField struct {
	name     string
	min, max int
	words    string // names for the numbers from min on, of three letters each
}

func cronFields() [5]cronField {
	return [5]cronField{
		{name: "minute", max: 59},
		{name: "hour", max: 23},
		{name: "day of the month", min: 1, max: 31},
		{name: "month", min: 1, max: 12, words: "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
		{name: "day of the week", max: 7, words: "SUNMONTUEWEDTHUFRISAT"},
	}
}

// Cron returns the openings that begin when a cron expression fits, and last so long.
func Cron(text string, lasts time.Duration, zone *time.Location) (Set, []Fault) {
	made, faults := parseCron(text)
	if len(faults) > 0 {
		return Set{}, faults
	}
	return Set{recurring: []recurrence{{pattern: made, zone: zone, length: length{exact: lasts}}}}, nil
}

func parseCron(text string) (*cron, []Fault) {
	fields, starts := words(text)
	known := cronFields()
	if len(fields) != len(known) {
		fault := Fault{End: len(text), Text: fmt.Sprintf("A cron expression has five fields, and this has %d.", len(fields))}
		fault.Hint = "write minute, hour, day of the month, month and day of the week, such as \"0 1 * * 6\""
		return nil, []Fault{fault}
	}
	var sets [5]uint64
	var faults []Fault
	for i, field := range known {
		set, fault := field.parse(fields[i])
		if fault != nil {
			fault.Start += starts[i]
			fault.End += starts[i]
			faults = append(faults, *fault)
		}
		sets[i] = set
	}
	if len(faults) > 0 {
		return nil, faults
	}
	made := &cron{
		minute: sets[0], hour: sets[1], date: sets[2], month: sets[3], weekday: sets[4]&0x7f | sets[4]>>7,
		anyDate: fields[2][0] == '*', anyWeekday: fields[4][0] == '*',
	}
	if !made.ever() {
		return nil, []Fault{{Start: starts[2], End: starts[3] + len(fields[3]), Text: "There is no such day in these months."}}
	}
	return made, nil
}

// words splits at spaces, and says where each word begins.
func words(text string) (found []string, starts []int) {
	found = strings.Fields(text)
	from := 0
	for _, word := range found {
		at := from + strings.Index(text[from:], word)
		starts, from = append(starts, at), at+len(word)
	}
	return found, starts
}

// parse reads one field.
func (f cronField) parse(text string) (uint64, *Fault) {
	var set uint64
	from := 0
	for item := range strings.SplitSeq(text, ",") {
		some, fault := f.item(item)
		if fault != "" {
			return 0, &Fault{Start: from, End: min(from+max(len(item), 1), len(text)), Text: fault, Hint: f.hint()}
		}
		set |= some
		from += len(item) + 1
	}
	return set, nil
}

func (f cronField) hint() string {
	hint := fmt.Sprintf("the %s is *, a number from %d to %d, a range such as %d-%d, each of them with a step such as */2, or several with commas between", f.name, f.min, f.max, f.min+1, f.min+4)
	if f.words != "" {
		hint += fmt.Sprintf("; names are %s to %s", f.words[:3], f.words[len(f.words)-3:])
	}
	return hint
}

// item reads one part of a list, or says what is wrong with it.
func (f cronField) item(text string) (set uint64, fault string) {
	span, stepText, hasStep := strings.Cut(text, "/")
	step := 1
	if hasStep {
		var err error
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > f.max {
			return 0, fmt.Sprintf("%q is no step of the %s.", stepText, f.name)
		}
	}
	first, last := f.min, f.max
	if span != "*" {
		left, right, isRange := strings.Cut(span, "-")
		var ok bool
		if first, ok = f.number(left); !ok {
			return 0, fmt.Sprintf("%q does not fit the %s.", left, f.name)
		}
		switch {
		case isRange:
			if last, ok = f.number(right); !ok {
				return 0, fmt.Sprintf("%q does not fit the %s.", right, f.name)
			}
		case !hasStep: // with a step, a number begins a range to the end
			last = first
		}
	}
	if first > last {
		return 0, fmt.Sprintf("The range %s ends before it begins.", span)
	}
	for n := first; n <= last; n += step {
		set |= 1 << n
	}
	return set, ""
}

func (f cronField) number(text string) (int, bool) {
	if at := strings.Index(f.words, strings.ToUpper(text)); len(text) == 3 && at >= 0 && at%3 == 0 {
		return f.min + at/3, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && len(text) <= 2 && n >= f.min && n <= f.max && text[0] != '+'
}

// ever reports whether there is a day on which it fits.
func (c *cron) ever() bool {
	if !c.anyWeekday {
		return true // one in each month, or more
	}
	// 1972 is a leap year.
	for d := dayOf(1972, time.January, 1); d < dayOf(1973, time.January, 1); d++ {
		_, month, date := d.civil()
		if c.month&(1<<month) != 0 && c.date&(1<<date) != 0 {
			return true
		}
	}
	return false
}

func (c *cron) fits(d day) bool {
	_, month, date := d.civil()
	onDate, onWeekday := c.date&(1<<date) != 0, c.weekday&(1<<d.weekday()) != 0
	switch {
	case c.month&(1<<month) == 0:
		return false
	case c.anyDate || c.anyWeekday:
		return onDate && onWeekday
	default:
		return onDate || onWeekday
	}
}

// perDay implements pattern.
func (c *cron) perDay() int { return bits.OnesCount64(c.hour) * bits.OnesCount64(c.minute) }

// hourly implements pattern: as cron does, which leaves out no hour of what is about all.
func (c *cron) hourly() bool { return c.hour == 1<<24-1 }

// starts implements pattern.
func (c *cron) starts(from, to day, yield func(Local) bool) {
	for d := from; d <= to; d++ {
		if !c.fits(d) {
			continue
		}
		for hours := c.hour; hours != 0; hours &= hours - 1 {
			for minutes := c.minute; minutes != 0; minutes &= minutes - 1 {
				at := time.Duration(bits.TrailingZeros64(hours))*time.Hour + time.Duration(bits.TrailingZeros64(minutes))*time.Minute
				if !yield(Local{day: d, at: at}) {
					return
				}
			}
		}
	}
}
