package model

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
)

// Window is a change window: when it is open.
type Window struct {
	Node     *syntax.Node  `doc:"When something may be changed: by cron or rule and duration, or by the events of a calendar."`
	Cron     Text          `key:"cron" doc:"A cron expression of five fields: minute, hour, day of the month, month and day of the week. The window opens each time that it fits." examples:"0 1 * * 6"`
	Rule     Text          `key:"rule" doc:"A recurrence rule (RRULE) of RFC 5545 that is DAILY, WEEKLY, MONTHLY or YEARLY: the window opens each time that it recurs." examples:"FREQ=MONTHLY;BYDAY=2TU"`
	Start    Text          `key:"start" doc:"Of a rule, its DTSTART: the local time at which it begins, and which gives the time of the day." examples:"2026-01-13T22:00"`
	Duration Duration      `key:"duration" positive:"true" doc:"How long it stays open each time, by cron or rule: at most 744h. The end is not part of it."`
	Calendar Text          `key:"calendar" doc:"A file in the form of iCalendar, seen from the runbook: the window is open during its events." examples:"../calendars/changes.ics"`
	Timezone Text          `key:"timezone" required:"true" doc:"The time zone of its local times, by its name in the IANA database." examples:"UTC,Asia/Shanghai"`
	Freeze   List[*Freeze] `key:"freeze" doc:"Periods in which it stays closed all the same."`
}

// Freeze is a period in which a window stays closed.
type Freeze struct {
	Node     *syntax.Node `doc:"A period in which a window stays closed: from and until, or the events of a calendar."`
	From     Text         `key:"from" doc:"The local time from which on; a day alone is its midnight." examples:"2026-12-20"`
	Until    Text         `key:"until" doc:"The local time at which it ends, which is not part of it; a day alone is its midnight." examples:"2027-01-04"`
	Reason   Text         `key:"reason" doc:"What it is for, for people."`
	Calendar Text         `key:"calendar" doc:"A file in the form of iCalendar, seen from the runbook: it is frozen during its events." examples:"../calendars/freezes.ics"`
}

// check finds windows that open in no way, or in two, and words that belong to another way.
func (w *Window) check(d *decoder) {
	ways := w.given("cron", "rule", "calendar")
	switch len(ways) {
	case 0:
		d.add(diag.WindowWays.At(head(w.Node), "The window does not say when it opens.").
			WithHint("write cron and duration, rule, start and duration, or calendar"))
		return
	case 1:
	default:
		d.add(diag.WindowWays.At(ways[1].Range(), "The window says in two ways when it opens.").
			WithRelated(ways[0].Range(), "the first one").WithHint("make two windows of it"))
		return
	}
	way := ways[0].Text()
	needs := map[string][]string{"cron": {"duration"}, "rule": {"start", "duration"}}[way]
	for _, key := range needs {
		if w.Node.Get(key) == nil {
			d.add(diag.WindowWays.At(ways[0].Range(), "A window by %s needs %s.", way, key))
		}
	}
	for _, key := range w.given("start", "duration") {
		if way == "calendar" || way == "cron" && key.Text() == "start" {
			d.add(diag.WindowWays.At(key.Range(), "A window by %s has no %s.", way, key.Text()))
		}
	}
}

// given returns those keys that the window has, in the order of the file.
func (w *Window) given(keys ...string) []*syntax.Node { return givenKeys(w.Node, keys) }

func givenKeys(node *syntax.Node, keys []string) []*syntax.Node {
	var found []*syntax.Node
	for key := range node.Entries() {
		for _, wanted := range keys {
			if key.Text() == wanted {
				found = append(found, key)
			}
		}
	}
	return found
}

// check finds freezes that are neither a period nor a calendar, or both.
func (f *Freeze) check(d *decoder) {
	times, calendar := givenKeys(f.Node, []string{"from", "until"}), f.Node.Get("calendar")
	switch {
	case calendar == nil && len(times) == 2:
	case calendar == nil:
		d.add(diag.WindowWays.At(head(f.Node), "A freeze has from and until, or a calendar.").
			WithHint("write {from: 2026-12-20, until: 2027-01-04, reason: …}, or {calendar: freezes.ics}"))
	case len(times) > 0:
		d.add(diag.WindowWays.At(times[0].Range(), "A freeze by a calendar has no %s.", times[0].Text()).
			WithHint("make two freezes of it"))
	}
}
