package window_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/window"
)

// zone loads a time zone.
func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	found, err := window.Zone(name)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// moment reads a time with its offset.
func moment(t testing.TB, text string) time.Time {
	t.Helper()
	read, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func byCron(t testing.TB, text string, lasts time.Duration, name string) *window.Window {
	t.Helper()
	set, faults := window.Cron(text, lasts, zone(t, name))
	if len(faults) > 0 {
		t.Fatalf("%s: %+v", text, faults)
	}
	return &window.Window{Zone: zone(t, name), Opens: set}
}

// What is about all hours is about one that comes twice, too, both times.
func TestAnHourThatComesTwice(t *testing.T) {
	t.Parallel()
	at := moment(t, "2026-10-25T00:30:00Z") // 02:30 in Berlin, for the first time
	for text, want := range map[string][]string{
		"0 * * * *":    {"01:00", "02:00", "03:00"},
		"*/30 * * * *": {"01:00", "01:30", "02:00"},
		"0 2 * * *":    {"01:00+1d"},
		"0 0-22 * * *": {"02:00", "03:00"},
	} {
		w, from := byCron(t, text, 10*time.Minute, "Europe/Berlin"), at.Add(15*time.Minute)
		for _, next := range want {
			opens := w.At(from).Next
			clock, days, _ := strings.Cut(next, "+")
			wanted := moment(t, "2026-10-25T"+clock+":00Z")
			if days != "" {
				wanted = wanted.Add(24 * time.Hour)
			}
			if !opens.Equal(wanted) {
				t.Errorf("%s after %s opens %s, want %s", text, from, opens.UTC(), wanted)
			}
			from = opens
		}
	}
}

func TestCronOpens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cron, zone string
		lasts            time.Duration
		at               string
		until, next      string // until empty: it is closed; next empty: it never opens
	}{
		{"before", "0 1 * * 6,0", "Asia/Shanghai", 4 * time.Hour, "2026-11-27T21:48:00+08:00", "", "2026-11-28T01:00:00+08:00"},
		{"at its first moment", "0 1 * * 6,0", "Asia/Shanghai", 4 * time.Hour, "2026-11-28T01:00:00+08:00", "2026-11-28T05:00:00+08:00", "2026-11-29T01:00:00+08:00"},
		{"at its end", "0 1 * * 6,0", "Asia/Shanghai", 4 * time.Hour, "2026-11-28T05:00:00+08:00", "", "2026-11-29T01:00:00+08:00"},
		{"over midnight", "0 22 * * MON-FRI", "UTC", 6 * time.Hour, "2026-11-28T03:59:59Z", "2026-11-28T04:00:00Z", "2026-11-30T22:00:00Z"},
		{"overlapping", "0 1,3 * * *", "UTC", 3 * time.Hour, "2026-11-28T02:00:00Z", "2026-11-28T06:00:00Z", "2026-11-29T01:00:00Z"},
		{"touching", "0 1,4 * * *", "UTC", 3 * time.Hour, "2026-11-28T02:00:00Z", "2026-11-28T07:00:00Z", "2026-11-29T01:00:00Z"},
		{"7 is Sunday", "0 0 * * 7", "UTC", time.Hour, "2026-11-28T00:00:00Z", "", "2026-11-29T00:00:00Z"},
		{"either day", "0 0 13 * fri", "UTC", time.Hour, "2026-11-28T00:00:00Z", "", "2026-12-04T00:00:00Z"},
		{"steps", "*/20 8-10/2 * * *", "UTC", time.Minute, "2026-11-28T08:21:00Z", "", "2026-11-28T08:40:00Z"},
		{"a leap day", "0 0 29 2 *", "UTC", time.Hour, "2097-01-01T00:00:00Z", "", "2104-02-29T00:00:00Z"},
		// The clock goes from 02:00 to 03:00.
		{"a start that is left out", "30 2 * * *", "Europe/Berlin", time.Hour, "2026-03-29T00:00:00+01:00", "", "2026-03-29T03:30:00+02:00"},
		{"across what is left out", "0 1 * * *", "Europe/Berlin", 4 * time.Hour, "2026-03-29T01:30:00+01:00", "2026-03-29T06:00:00+02:00", "2026-03-30T01:00:00+02:00"},
		// The clock goes from 03:00 back to 02:00.
		{"a start that comes twice", "30 2 * * *", "Europe/Berlin", time.Hour, "2026-10-25T00:00:00+02:00", "", "2026-10-25T02:30:00+02:00"},
		{"not a second time", "30 2 * * *", "Europe/Berlin", 10 * time.Minute, "2026-10-25T02:30:00+01:00", "", "2026-10-26T02:30:00+01:00"},
		{"across what comes twice", "0 1 * * *", "Europe/Berlin", 4 * time.Hour, "2026-10-25T01:30:00+02:00", "2026-10-25T04:00:00+01:00", "2026-10-26T01:00:00+01:00"},
		// The day that Samoa left out, and a zone that changes by half an hour.
		{"a day that is left out", "0 9 30 12 *", "Pacific/Apia", time.Hour, "2011-12-29T00:00:00-10:00", "", "2011-12-31T09:00:00+14:00"},
		{"half an hour", "15 2 * * *", "Australia/Lord_Howe", time.Hour, "2026-10-03T12:00:00+10:30", "", "2026-10-04T02:45:00+11:00"},
		{"the zone of another", "0 9 * * *", "America/New_York", time.Hour, "2026-03-20T14:30:00+01:00", "2026-03-20T10:00:00-04:00", "2026-03-21T09:00:00-04:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := byCron(t, c.cron, c.lasts, c.zone).At(moment(t, c.at))
			if got.Open != (c.until != "") || got.Open && !got.Until.Equal(moment(t, c.until)) {
				t.Errorf("open %v until %v, want %q", got.Open, got.Until, c.until)
			}
			if !got.Next.Equal(moment(t, c.next)) {
				t.Errorf("opens next %v, want %v", got.Next, c.next)
			}
		})
	}
}

// What is always open, or more often than anybody looks, has no end that was looked for.
func TestAlwaysOpen(t *testing.T) {
	t.Parallel()
	at := moment(t, "2026-11-28T01:00:00Z")
	for text, lasts := range map[string]time.Duration{"* * * * *": window.LongestOpening, "0 * * * *": time.Hour, "0 0 * * *": 24 * time.Hour} {
		got := byCron(t, text, lasts, "UTC").At(at)
		if !got.Open || !got.Longer || got.Remaining(at) < 24*time.Hour || !got.Next.IsZero() {
			t.Errorf("%s for %s: %+v", text, lasts, got)
		}
	}
}

func TestFaultsOfCronHaveTheirPlace(t *testing.T) {
	t.Parallel()
	for marked, want := range map[string]string{
		"«0 1 * *»":           "five fields, and this has 4",
		"«@daily»":            "five fields",
		"«60» 1 * * *":        `"60" does not fit the minute`,
		"0 1,«24»,2 * * *":    `"24" does not fit the hour`,
		"0 1 «0» * *":         `"0" does not fit the day of the month`,
		"0 1 * «FOO» *":       `"FOO" does not fit the month`,
		"0 1 * * «8»":         `"8" does not fit the day of the week`,
		"0  1 *  * «SAT-TUE»": "ends before it begins",
		"«*/0» 1 * * *":       `"0" is no step`,
		"«+5» 1 * * *":        `"+5" does not fit the minute`,
		"0 1 * * «L»":         `"L" does not fit the day of the week`,
		"0 1 «» * *":          "five fields",
		"0 1 «30 2» *":        "no such day",
		"0 1,«» * * *":        `"" does not fit the hour`,
	} {
		text := strings.NewReplacer("«", "", "»", "").Replace(marked)
		_, faults := window.Cron(text, time.Hour, time.UTC)
		if len(faults) != 1 || !strings.Contains(faults[0].Text, want) {
			t.Errorf("%s: got %+v, want %q", text, faults, want)
			continue
		}
		from := strings.Index(marked, "«")
		if from != faults[0].Start && !strings.Contains(want, "five fields") {
			t.Errorf("%s: at %d, want %d", text, faults[0].Start, from)
		}
	}
	if _, faults := window.Cron("61 25 32 13 9", time.Hour, time.UTC); len(faults) != 5 {
		t.Errorf("got %d faults of five, want all", len(faults))
	}
}
