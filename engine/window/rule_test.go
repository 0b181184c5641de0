package window_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/teambition/rrule-go"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/window"
)

func local(t testing.TB, text string) window.Local {
	t.Helper()
	read, err := window.ParseLocal(text)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func byRule(t testing.TB, text, first string, lasts time.Duration, name string) *window.Window {
	t.Helper()
	set, faults := window.Rule(text, local(t, first), lasts, zone(t, name))
	if len(faults) > 0 {
		t.Fatalf("%s: %+v", text, faults)
	}
	return &window.Window{Zone: zone(t, name), Opens: set}
}

// openings lists when a window opens, by asking it for the next time again and again.
func openings(w *window.Window, from time.Time, most int) []time.Time {
	var found []time.Time
	for len(found) < most {
		from = w.At(from).Next
		if from.IsZero() {
			break
		}
		found = append(found, from)
	}
	return found
}

func TestRuleOpens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ rule, first, want string }{
		{"FREQ=MONTHLY;BYDAY=2TU", "2026-01-01T22:00", "01-13 02-10 03-10 04-14"},
		{"FREQ=MONTHLY;BYDAY=-1FR", "2026-01-01T22:00", "01-30 02-27 03-27 04-24"},
		{"FREQ=MONTHLY", "2026-01-31T22:00", "01-31 03-31 05-31 07-31"},
		{"FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-01T22:00", "01-31 02-28 03-31 04-30"},
		{"FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-01T22:00", "01-30 02-27 03-31 04-30"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", "2026-01-03T22:00", "01-03 01-04 01-17 01-18"},
		{"FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU;WKST=SU", "2026-01-03T22:00", "01-03 01-11 01-17 01-25"},
		{"FREQ=DAILY;COUNT=2", "2026-01-03T22:00", "01-03 01-04"},
		{"FREQ=DAILY;UNTIL=20260105", "2026-01-03T22:00", "01-03 01-04 01-05"},
		{"FREQ=DAILY;UNTIL=20260104T210000Z", "2026-01-03T22:00", "01-03 01-04"},
		{"RRULE:freq=yearly;byweekno=20;byday=mo", "2026-01-01T22:00", "05-11 05-17 05-15 05-14"},
		{"FREQ=YEARLY", "2028-02-29T22:00", "02-29 02-29 02-29 02-29"},
	} {
		var got []string
		for _, at := range openings(byRule(t, c.rule, c.first, time.Hour, "Europe/Berlin"), moment(t, "2025-12-31T00:00:00Z"), 4) {
			if got = append(got, at.Format("01-02")); at.Format("15:04") != "22:00" {
				t.Errorf("%s opens at %s", c.rule, at)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.rule, got, c.want)
		}
	}
}

func TestFaultsOfRulesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for marked, want := range map[string]string{
		"«FREQ=SECONDLY»":                                            "not how often",
		"«BYDAY=SA»":                                                 "does not say FREQ",
		"FREQ=WEEKLY;«BYDAY=XX»":                                     "not a day of the week",
		"FREQ=MONTHLY;«BYDAY=54MO»":                                  "not a number for BYDAY",
		"«FREQ=WEEKLY;BYDAY=2MO»":                                    "counts days of the week",
		"FREQ=DAILY;«INTERVAL=0»":                                    "from 1 to 10000",
		"FREQ=DAILY;«COUNT=99999999999999»":                          "from 1 to 10000",
		"FREQ=DAILY;«UNTIL=tomorrow»":                                "neither a date nor a time",
		"«FREQ=DAILY;COUNT=1;UNTIL=2026010»":                         "",
		"FREQ=DAILY;«FREQ=DAILY»":                                    "twice",
		"FREQ=DAILY;«BYSECOND=1»":                                    "not known here",
		"FREQ=DAILY;«»":                                              "not NAME=VALUE",
		"«FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2;COUNT=1»":             "or it never does",
		"«FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7;BYMINUTE=0,1,2,3,4,5,6»": "56 times of a day",
		"RRULE:FREQ=DAILY;«BYHOUR=24»":                               "not a number for BYHOUR",
		"«FREQ=DAILY;BYWEEKNO=1»":                                    "YEARLY alone",
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(marked)
		_, faults := window.Rule(text, local(t, "2026-01-01T01:00"), time.Hour, time.UTC)
		if len(faults) == 0 || !strings.Contains(faults[0].Text, want) {
			t.Errorf("%s: got %+v, want %q", text, faults, want)
		} else if at := strings.Index(marked, "«"); want != "" && faults[0].Start != at {
			t.Errorf("%s: at %d, want %d", text, faults[0].Start, at)
		}
	}
}

// anyRule draws a rule of those parts that both we and the library that we ask know.
func anyRule(t *rapid.T) string {
	list := func(name string, of ...string) string {
		return name + "=" + strings.Join(rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 3, rapid.ID).Draw(t, name), ",")
	}
	maybe := func(parts []string, add func() string) []string {
		if rapid.IntRange(0, 2).Draw(t, "with") == 0 {
			return append(parts, add())
		}
		return parts
	}
	every := rapid.SampledFrom([]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}).Draw(t, "freq")
	parts := []string{"FREQ=" + every, fmt.Sprintf("INTERVAL=%d", rapid.IntRange(1, 4).Draw(t, "interval"))}
	parts = append(parts, "WKST="+rapid.SampledFrom([]string{"MO", "SU", "WE"}).Draw(t, "wkst"))
	parts = maybe(parts, func() string { return list("BYMONTH", "1", "2", "3", "6", "10", "12") })
	days, weekNo := []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}, false
	if every == "YEARLY" {
		if weekNo = rapid.IntRange(0, 3).Draw(t, "weeks") == 0; weekNo {
			parts = append(parts, list("BYWEEKNO", "2", "20", "40", "51"))
		} else {
			parts = maybe(parts, func() string { return list("BYYEARDAY", "1", "60", "100", "366", "-1", "-307") })
		}
	}
	if every != "WEEKLY" {
		parts = maybe(parts, func() string { return list("BYMONTHDAY", "1", "13", "29", "30", "31", "-1", "-30") })
	}
	if every == "MONTHLY" || every == "YEARLY" && !weekNo {
		if rapid.Bool().Draw(t, "nth") { // mixed, the library takes only what is both
			days = []string{"1MO", "2TU", "-1FR", "5SA", "-5SU"}
		}
	}
	if weekNo { // without BYDAY the library takes all days of the week, and RFC 5545 that of the first day
		parts = append(parts, list("BYDAY", days...))
	} else {
		parts = maybe(parts, func() string { return list("BYDAY", days...) })
	}
	parts = maybe(parts, func() string { return list("BYHOUR", "0", "3", "12", "23") })
	parts = maybe(parts, func() string { return list("BYMINUTE", "0", "15", "59") })
	// Where the first week is cut off by the first day, the library counts positions in the rest.
	if by := strings.Join(parts, ";"); every != "WEEKLY" && (strings.Contains(by, "BYDAY") || strings.Contains(by, "BYMONTHDAY")) {
		parts = maybe(parts, func() string { return list("BYSETPOS", "1", "2", "3", "-1", "-2") })
	}
	return strings.Join(parts, ";")
}

// A rule says what rrule-go says of it, which is another one's reading of RFC 5545: on a clock
// that never changes, so that only the days and times are compared.
func TestRulesAgreeWithAnotherReading(t *testing.T) {
	t.Parallel()
	some := 0
	rapid.Check(t, func(t *rapid.T) {
		text := anyRule(t)
		first := time.Date(rapid.IntRange(2019, 2025).Draw(t, "year"), time.Month(rapid.IntRange(1, 12).Draw(t, "month")),
			rapid.IntRange(1, 28).Draw(t, "day"), rapid.IntRange(0, 23).Draw(t, "hour"), rapid.IntRange(0, 59).Draw(t, "minute"), 0, 0, time.UTC)
		option, err := rrule.StrToROption(text)
		if err != nil {
			t.Fatal(err)
		}
		// The library does not stop by itself where nothing fits.
		option.Dtstart, option.Until = first, first.AddDate(9, 0, 0)
		theirs, err := rrule.NewRRule(*option)
		if err != nil {
			t.Fatal(err)
		}
		want := theirs.All()
		start, err := window.ParseLocal(first.Format("2006-01-02T15:04"))
		if err != nil {
			t.Fatal(err)
		}
		set, faults := window.Rule(text, start, time.Second, time.UTC)
		if len(faults) > 0 {
			t.Fatalf("%s: %+v", text, faults)
		}
		w := &window.Window{Zone: time.UTC, Opens: set}
		got := openings(w, first.Add(-time.Minute), min(len(want), 5))
		if !slices.EqualFunc(got, want[:len(got)], time.Time.Equal) || len(got) < min(len(want), 5) {
			t.Fatalf("%s from %s: got %v, want %v", text, first, got, want[:min(len(want), 5)])
		}
		some += len(got)
	})
	if some == 0 {
		t.Error("no rule ever recurred")
	}
}
