package window

import (
	"slices"
	"time"
)

// starts implements pattern. Where the rule picks by position, it goes period by period, as
// a position counts in the whole of one.
func (m *rule) starts(from, to day, yield func(Local) bool) {
	from = max(from, m.first.day)
	if len(m.positions) > 0 {
		m.picked(from, to, yield)
		return
	}
	for d := from; d <= to; d++ {
		if !m.fits(d) {
			continue
		}
		for _, at := range m.times {
			if start := (Local{day: d, at: at}); !start.before(m.first) && !yield(start) {
				return
			}
		}
	}
}

// before reports whether the clock shows l before other.
func (l Local) before(other Local) bool {
	return l.day < other.day || l.day == other.day && l.at < other.at
}

// picked yields what stands at the rule's positions in each period.
func (m *rule) picked(from, to day, yield func(Local) bool) {
	for begin := m.period(from); begin <= to; begin = m.next(begin) {
		var all []Local
		for d := begin; d < m.next(begin); d++ {
			if !m.fits(d) {
				continue
			}
			for _, at := range m.times {
				all = append(all, Local{day: d, at: at})
			}
		}
		for i, start := range all {
			isPicked := slices.Contains(m.positions, i+1) || slices.Contains(m.positions, i-len(all))
			if isPicked && start.day >= from && start.day <= to && !start.before(m.first) && !yield(start) {
				return
			}
		}
	}
}

// period returns the day with which the period of a day begins.
func (m *rule) period(d day) day {
	year, month, _ := d.civil()
	switch m.every {
	case weekly:
		return d.week(m.week)
	case monthly:
		return dayOf(year, month, 1)
	case yearly:
		return dayOf(year, time.January, 1)
	default:
		return d
	}
}

// next returns the day with which the next period begins.
func (m *rule) next(begin day) day {
	year, month, _ := begin.civil()
	switch m.every {
	case weekly:
		return begin + 7
	case monthly:
		return dayOf(year, month+1, 1)
	case yearly:
		return dayOf(year+1, time.January, 1)
	default:
		return begin + 1
	}
}

// due reports whether the period of a day is one of each interval.
func (m *rule) due(d day) bool {
	year, month, _ := d.civil()
	firstYear, firstMonth, _ := m.first.day.civil()
	passed := 0
	switch m.every {
	case daily:
		passed = int(d - m.first.day)
	case weekly:
		passed = int(d.week(m.week)-m.first.day.week(m.week)) / 7
	case monthly:
		passed = (year-firstYear)*12 + int(month-firstMonth)
	case yearly:
		passed = year - firstYear
	}
	return passed%m.interval == 0
}

// fits reports whether the rule names a day.
func (m *rule) fits(d day) bool {
	year, month, date := d.civil()
	if len(m.months) > 0 && !slices.Contains(m.months, int(month)) || !m.due(d) {
		return false
	}
	if len(m.dates) > 0 && !counted(m.dates, date, int(dayOf(year, month+1, 1)-dayOf(year, month, 1))) {
		return false
	}
	begin, end := dayOf(year, time.January, 1), dayOf(year+1, time.January, 1)
	if len(m.yearDays) > 0 && !counted(m.yearDays, int(d-begin)+1, int(end-begin)) {
		return false
	}
	if len(m.weeks) > 0 && !m.fitsWeek(d) {
		return false
	}
	if len(m.weekdays) == 0 {
		return true
	}
	if m.every == monthly || len(m.months) > 0 {
		begin, end = dayOf(year, month, 1), dayOf(year, month+1, 1)
	}
	return slices.ContainsFunc(m.weekdays, func(w nthWeekday) bool {
		return w.day == d.weekday() && (w.nth == 0 || w.nth == int(d-begin)/7+1 || w.nth == -(int(end-1-d)/7+1))
	})
}

// counted reports whether a list has the nth of so many, from the front or from the back.
func counted(list []int, nth, all int) bool {
	return slices.Contains(list, nth) || slices.Contains(list, nth-all-1)
}

// fitsWeek reports whether a day is in one of the rule's weeks. The first week of a year is
// the first with four of its days, so that days at a turn of the year may belong to a week of
// the year before or after.
func (m *rule) fitsWeek(d day) bool {
	middle := d.week(m.week) + 3 // the year of which decides
	year, _, _ := middle.civil()
	first := m.firstWeek(year)
	return counted(m.weeks, int(d-first)/7+1, int(m.firstWeek(year+1)-first)/7)
}

// firstWeek returns the day with which the first week of a year begins.
func (m *rule) firstWeek(year int) day { return dayOf(year, time.January, 4).week(m.week) }
