package window_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/window"
)

// calendar writes a calendar of the events, each of some lines.
func calendar(events ...string) string {
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	for _, event := range events {
		text += "BEGIN:VEVENT\r\n" + strings.ReplaceAll(event, "\n", "\r\n") + "\r\nEND:VEVENT\r\n"
	}
	return text + "END:VCALENDAR\r\n"
}

func byCalendar(t testing.TB, text string) *window.Window {
	t.Helper()
	berlin := zone(t, "Europe/Berlin")
	set, faults := window.Calendar([]byte(text), berlin)
	if len(faults) > 0 {
		t.Fatalf("%s: %+v", text, faults)
	}
	return &window.Window{Zone: berlin, Opens: set}
}

func TestCalendarOpens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events []string
		want   string // the first openings in UTC
	}{
		"once":              {[]string{"DTSTART:20260110T220000Z\nDTEND:20260111T020000Z"}, "01-10T22:00/4h0m0s"},
		"by its own zone":   {[]string{"DTSTART;TZID=Asia/Shanghai:20260110T010000\nDURATION:PT90M"}, "01-09T17:00/1h30m0s"},
		"floating":          {[]string{"DTSTART:20260110T010000\nDURATION:P1DT1H"}, "01-10T00:00/25h0m0s"},
		"a day":             {[]string{"DTSTART;VALUE=DATE:20260110"}, "01-09T23:00/24h0m0s"},
		"days":              {[]string{"DTSTART;VALUE=DATE:20260110\nDTEND;VALUE=DATE:20260112"}, "01-09T23:00/48h0m0s"},
		"a day of 23 hours": {[]string{"DTSTART;VALUE=DATE:20260328\nDURATION:P2D"}, "03-27T23:00/47h0m0s"},
		"folded":            {[]string{"DTST\n ART:2026011\n\t0T220000Z\nDURATION:P1W"}, "01-10T22:00/168h0m0s"},
		"recurring":         {[]string{"DTSTART;TZID=Europe/Berlin:20260327T230000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"}, "03-27T22:00/1h0m0s 04-03T21:00/1h0m0s 04-10T21:00/1h0m0s"},
		"but for some":      {[]string{"DTSTART:20260110T220000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=4\nEXDATE:20260111T220000Z,20260112T220000Z"}, "01-10T22:00/1h0m0s 01-13T22:00/1h0m0s"},
		"and others":        {[]string{"DTSTART:20260110T220000Z\nDURATION:PT1H\nRDATE:20260115T100000Z"}, "01-10T22:00/1h0m0s 01-15T10:00/1h0m0s"},
		"one moved":         {[]string{"UID:a\nDTSTART:20260110T220000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2", "UID:a\nRECURRENCE-ID:20260111T220000Z\nDTSTART:20260120T120000Z\nDURATION:PT2H"}, "01-10T22:00/1h0m0s 01-20T12:00/2h0m0s"},
		"one cancelled":     {[]string{"UID:a\nDTSTART:20260110T220000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2", "UID:a\nRECURRENCE-ID:20260110T220000Z\nDTSTART:20260110T220000Z\nSTATUS:CANCELLED"}, "01-11T22:00/1h0m0s"},
		"all cancelled":     {[]string{"DTSTART:20260110T220000Z\nDURATION:PT1H\nSTATUS:Cancelled"}, ""},
		"no event":          {nil, ""},
		"with an alarm":     {[]string{"DTSTART:20260110T220000Z\nBEGIN:VALARM\nDURATION:PT9H\nDTSTART:x\nEND:VALARM\nDURATION:PT1H"}, "01-10T22:00/1h0m0s"},
		"with quoted words": {[]string{"X-A;B=\"x:y;z\":c\nDTSTART;TZID=\"Europe/Berlin\":20260110T010000\nDURATION:PT1H"}, "01-10T00:00/1h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := byCalendar(t, calendar(c.events...))
			var got []string
			for _, at := range openings(w, moment(t, "2026-01-01T00:00:00Z"), 3) {
				got = append(got, fmt.Sprintf("%s/%s", at.UTC().Format("01-02T15:04"), w.At(at).Until.Sub(at)))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestFaultsOfCalendarsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	const start = "DTSTART:20260110T220000Z\n"
	for text, want := range map[string]string{
		"":                              "2 is not whole",
		"hello":                         "1 This line is none of a calendar",
		"apiVersion: x\n":               "1 A calendar begins with BEGIN:VCALENDAR.",
		"BEGIN:VCALENDAR\r\n":           "2 The calendar is not whole",
		"BEGIN:VCALENDAR\nfoo":          "2 This line is none",
		"BEGIN:VCALENDAR\nEND:VEVENT\n": `2 This ends "VEVENT", and VCALENDAR is open.`,
		calendar("SUMMARY:x"):           "3 The event has no DTSTART.",
		calendar(start + "SUMMARY:x"):   "3 The event has no end after its start.",
		calendar(start + "DTEND:20260109T220000Z"):                                        "3 The event has no end after its start.",
		calendar(start + "DURATION:-PT1H"):                                                `5 "-PT1H" is not how long`,
		calendar("DTSTART;TZID=China Standard Time:20260110T010000\nDURATION:PT1H"):       `4 There is no time zone "China Standard Time"`,
		calendar("DTSTART;TZID=../../etc/passwd:20260110T010000\nDURATION:PT1H"):          `4 There is no time zone "../../etc/passwd"`,
		calendar("DTSTART;TZID=Local:20260110T010000\nDURATION:PT1H"):                     `4 There is no time zone "Local"`,
		calendar("DTSTART:20260230T010000\nDURATION:PT1H"):                                "4 \"20260230T010000\" is neither",
		calendar("DTSTART:99990101T010000\nDURATION:PT1H"):                                "4 The year 9999",
		calendar(start + "DURATION:PT1H\nRRULE:FREQ=SECONDLY"):                            `6 "SECONDLY" is not how often`,
		calendar(start + "DURATION:PT1H\nRRULE:FREQ=DAILY\nRRULE:FREQ=DAILY"):             "7 An event has no more than one RRULE.",
		calendar(start + "DURATION:P40D\nRRULE:FREQ=DAILY"):                               "3 An event that recurs lasts no longer",
		calendar(start + "RDATE;VALUE=PERIOD:20260110T220000Z/PT1H"):                      "5 Periods are not read",
		calendar(start + "RECURRENCE-ID;RANGE=THISANDFUTURE:20260110T220000Z"):            "5 A change of an event and of all after it",
		calendar(start + "DURATION:PT1H\nRRULE:FREQ=DAILY\nEXDATE;VALUE=DATE:20260111"):   "7 EXDATE is a date, and the DTSTART of its event is a time.",
		calendar(start + "DURATION:PT1H\nRECURRENCE-ID;VALUE=DATE:20260111"):              "6 RECURRENCE-ID is a date, and",
		calendar("RDATE:20260112T010000\nDTSTART;VALUE=DATE:20260110"):                    "4 RDATE is a time, and the DTSTART of its event is a date.",
		calendar("DTSTART;VALUE=DATE:20260110\nDTEND:20260111T120000"):                    "5 DTEND is a time, and",
		calendar(strings.Repeat("END:VEVENT\nBEGIN:VEVENT\n"+start+"DURATION:PT1H\n", 1)): "3 The event has no DTSTART.",
		"BEGIN:VCALENDAR\n" + strings.Repeat("BEGIN:X\n", 9):                              "9 A calendar has no more than",
	} {
		set, faults := window.Calendar([]byte(text), time.UTC)
		if len(faults) == 0 {
			t.Errorf("%q has no fault: %+v", text, set)
			continue
		}
		line := 1 + strings.Count(text[:faults[0].Start], "\n")
		if got := fmt.Sprintf("%d %s", line, faults[0].Text); text != "" && !strings.HasPrefix(got, want) {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// What a calendar asks for in vain is refused, and does not keep anybody waiting.
func TestCalendarsAreBounded(t *testing.T) {
	t.Parallel()
	weekly := "DTSTART:20260110T220000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY"
	for name, text := range map[string]string{
		"bytes":       strings.Repeat("x", window.MaxCalendar+1),
		"events":      calendar(strings.Repeat("END:VEVENT\nBEGIN:VEVENT\n", 10_001)),
		"recurrence":  calendar(strings.Repeat(weekly+"\nEND:VEVENT\nBEGIN:VEVENT\n", 201) + weekly),
		"times a day": calendar(strings.Repeat("DTSTART:20260110T220000Z\nDURATION:PT1M\nRRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11;BYMINUTE=0,15,30,45\nEND:VEVENT\nBEGIN:VEVENT\n", 31) + weekly),
		"dates":       calendar("DTSTART:20260110T220000Z\nDURATION:PT1H\nRDATE:20260110T230000Z" + strings.Repeat(",20260110T230000Z", 10_001)),
		"exceptions":  calendar(weekly + "\nEXDATE:20260110T230000Z" + strings.Repeat(",20260110T230000Z", 10_001)),
	} {
		if _, faults := window.Calendar([]byte(text), time.UTC); len(faults) == 0 {
			t.Errorf("too many %s are read", name)
		}
	}
}
