package diag

// The rules of windows: GB023x for what a runbook says of them, GB024x for calendars.
var (
	WindowWays = &Rule{
		Code: "GB0230", Severity: Error,
		Summary: "window does not say when it opens",
		Why:     "A window opens in one way: by `cron` and `duration`, by `rule`, `start` and `duration`, or by a `calendar`. A freeze is a period, or a calendar.",
		Mend:    "Keep one of the ways, with all that belongs to it.",
		Bad:     "offpeak: {cron: \"0 1 * * 6\", timezone: UTC}",
		Good:    "offpeak: {cron: \"0 1 * * 6\", duration: 4h, timezone: UTC}",
	}
	BadCron = &Rule{
		Code: "GB0231", Severity: Error,
		Summary: "not a cron expression",
		Why:     "A cron expression has five fields: minute, hour, day of the month, month and day of the week. There are no seconds, and no words such as @daily.",
		Mend:    "Mend the marked field.",
		Bad:     "cron: \"0 25 * * 6\"",
		Good:    "cron: \"0 1 * * 6\"",
	}
	BadRecurrence = &Rule{
		Code: "GB0232", Severity: Error,
		Summary: "not a recurrence rule",
		Why:     "A window recurs by a rule of RFC 5545 that is daily, weekly, monthly or yearly.",
		Mend:    "Mend the marked part.",
		Bad:     "rule: FREQ=MONTHLY;BYDAY=2XX",
		Good:    "rule: FREQ=MONTHLY;BYDAY=2TU",
	}
	BadTimezone = &Rule{
		Code: "GB0233", Severity: Error,
		Summary: "unknown time zone",
		Why:     "A local time means nothing without its zone, and the zone of the machine is another one elsewhere.",
		Mend:    "Write a name of the IANA database, such as UTC, Europe/Berlin or Asia/Shanghai.",
		Bad:     "timezone: CST",
		Good:    "timezone: Asia/Shanghai",
	}
	BadLocalTime = &Rule{
		Code: "GB0234", Severity: Error,
		Summary: "not a local time",
		Why:     "It is a time on a clock in the window's time zone, so that it has no zone of its own.",
		Mend:    "Write such as 2026-01-13T22:00, or a day such as 2026-01-13.",
		Bad:     "from: 2026-12-20T00:00:00Z",
		Good:    "from: 2026-12-20",
	}
	LongWindow = &Rule{
		Code: "GB0235", Severity: Error,
		Summary: "window stays open too long",
		Why:     "What stays open for more than 31 days at a time is no window that recurs; for what does not, there are calendars.",
		Mend:    "Make it shorter, or write the period as an event of a calendar.",
		Bad:     "quarter: {cron: \"0 0 1 * *\", duration: 2160h, timezone: UTC}",
		Good:    "quarter: {cron: \"0 0 1 * *\", duration: 240h, timezone: UTC}",
	}
	UnusedWindow = &Rule{
		Code: "GB0236", Severity: Warning,
		Summary: "window that no condition uses",
		Why:     "It keeps nothing from being done, although it looks as if it did.",
		Mend:    "Ask for it in a gate, as in `window(\"offpeak\", now)`, or remove it.",
		Bad:     "windows: {offpeak: …}   (and no gate asks for it)",
		Good:    "gate: [{expr: 'window(\"offpeak\", now)'}]",
	}
	NoCalendar = &Rule{
		Code: "GB0240", Severity: Error,
		Summary: "calendar cannot be read",
		Why:     "A calendar is a file of the repository that the runbook is in, so that a review sees it and a plan holds what was in it.",
		Mend:    "Write its path as it is seen from the runbook's folder, and have it in the same repository.",
		Bad:     "calendar: /etc/changes.ics",
		Good:    "calendar: ../calendars/changes.ics",
	}
	BadCalendar = &Rule{
		Code: "GB0241", Severity: Error,
		Summary: "fault in a calendar",
		Why:     "A calendar that is read in part could open a window that it closes, so that each fault in it counts.",
		Mend:    "Mend the marked line of the calendar.",
		Bad:     "DTSTART;TZID=China Standard Time:20260110T010000",
		Good:    "DTSTART;TZID=Asia/Shanghai:20260110T010000",
	}
)

// windowRules are the rules of windows and calendars.
func windowRules() []*Rule {
	return []*Rule{WindowWays, BadCron, BadRecurrence, BadTimezone, BadLocalTime, LongWindow, UnusedWindow, NoCalendar, BadCalendar}
}
