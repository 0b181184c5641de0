package window_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/window"
)

func TestFreezeWinsOverOpenings(t *testing.T) {
	t.Parallel()
	w := byCron(t, "0 1 * * *", 4*time.Hour, "Europe/Berlin")
	w.Freezes = window.Period(local(t, "2026-12-20"), local(t, "2027-01-04"), w.Zone, "end of the year").
		Join(window.Period(local(t, "2027-01-05T02:00"), local(t, "2027-01-05T03:00"), w.Zone, ""))
	for at, want := range map[string]string{
		"2026-12-19T02:00:00+01:00":   "w is open until Sat 05:00 Europe/Berlin, for 3h",
		"2026-12-19T06:00:00+01:00":   "w is closed; it opens Mon 2027-01-04 01:00 Europe/Berlin, in 15 days 19h",
		"2026-12-20T02:00:00+01:00":   "w is closed by a freeze (end of the year); it opens Mon 2027-01-04 01:00 Europe/Berlin, in 14 days 23h",
		"2027-01-04T00:50:30+01:00":   "w is closed; it opens Mon 01:00 Europe/Berlin, in 9m30s",
		"2027-01-05T01:00:00+01:00":   "w is open until Tue 02:00 Europe/Berlin, for 1h",
		"2027-01-05T02:00:00+01:00":   "w is closed by a freeze; it opens Tue 03:00 Europe/Berlin, in 1h",
		"2027-01-05T03:00:00+01:00":   "w is open until Tue 05:00 Europe/Berlin, for 2h",
		"2027-01-05T04:59:59.5+01:00": "w is open until Tue 05:00 Europe/Berlin, for less than a second",
	} {
		if got := w.Words("w", moment(t, at)); got != want {
			t.Errorf("at %s:\n got %s\nwant %s", at, got, want)
		}
	}
}

func TestWordsOfADistantOpening(t *testing.T) {
	t.Parallel()
	at := moment(t, "2026-11-27T21:48:00+08:00")
	if got, want := byCron(t, "0 1 * * 6,0", 4*time.Hour, "Asia/Shanghai").Words("offpeak", at), "offpeak is closed; it opens Sat 01:00 Asia/Shanghai, in 3h12m"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	ended := byRule(t, "FREQ=DAILY;COUNT=1", "2026-01-01T00:00", time.Hour, "UTC")
	if got, want := ended.Words("old", at), "old is closed; it does not open within ten years"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	always := byCron(t, "0 0 * * *", 24*time.Hour, "UTC")
	if got := always.At(at); !got.Open || !got.Longer || got.Remaining(at) < 30*24*time.Hour {
		t.Errorf("got %+v", got)
	}
}

// What is often open is found behind a long freeze too, and where it is looked no further,
// that is said.
func TestWhatOpensOftenBehindALongFreeze(t *testing.T) {
	t.Parallel()
	at := moment(t, "2026-11-27T12:00:00Z")
	w := byCron(t, "* * * * *", time.Minute, "UTC")
	w.Freezes = window.Period(local(t, "2026-11-01"), local(t, "2028-02-01"), w.Zone, "")
	if got, want := w.Words("w", at), "w is closed by a freeze; it opens Tue 2028-02-01 00:00 UTC, in 430 days 12h"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	w.Freezes = window.Period(local(t, "2026-11-01"), local(t, "2036-11-01"), w.Zone, "")
	state := w.At(at)
	if !state.Next.IsZero() || state.Shut.Before(at.AddDate(2, 0, 0)) || state.Shut.After(at.AddDate(9, 0, 0)) {
		t.Errorf("got %+v", state)
	}
	if got := w.Words("w", at); !strings.Contains(got, "; it does not open before ") || !strings.Contains(got, "and further was not looked") {
		t.Errorf("got %s", got)
	}
}

// A window is open at a time when one of its openings has begun and not ended, and no freeze
// has: as it is found by trying each minute of some days, on any clock.
func TestWindowAgreesWithANaiveOne(t *testing.T) {
	t.Parallel()
	zones := []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "America/Sao_Paulo", "Asia/Kathmandu"}
	rapid.Check(t, func(t *rapid.T) {
		in, err := window.Zone(rapid.SampledFrom(zones).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		minute, hour := rapid.SampledFrom([]int{0, 15, 30}).Draw(t, "minute"), rapid.IntRange(0, 23).Draw(t, "hour")
		weekdays := rapid.SliceOfNDistinct(rapid.IntRange(0, 6), 1, 4, rapid.ID).Draw(t, "weekdays")
		lasts := time.Duration(rapid.IntRange(1, 40*60).Draw(t, "lasts")) * time.Minute
		list := ""
		for i, d := range weekdays {
			if i > 0 {
				list += ","
			}
			list += fmt.Sprint(d)
		}
		set, faults := window.Cron(fmt.Sprintf("%d %d * * %s", minute, hour, list), lasts, in)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		// Days around a change of the clock in Europe, in America, and of no change.
		begin := rapid.SampledFrom([]time.Time{
			time.Date(2026, 3, 26, 0, 0, 0, 0, in), time.Date(2026, 10, 22, 0, 0, 0, 0, in), time.Date(2028, 2, 26, 0, 0, 0, 0, in),
			time.Date(2026, 3, 6, 0, 0, 0, 0, in), time.Date(2018, 11, 1, 0, 0, 0, 0, in), time.Date(2026, 4, 2, 0, 0, 0, 0, in),
		}).Draw(t, "begin")
		frozen := begin.Add(time.Duration(rapid.IntRange(0, 6*24*60).Draw(t, "frozen")) * time.Minute)
		from, err := window.ParseLocal(frozen.Format("2006-01-02T15:04"))
		if err != nil {
			t.Fatal(err)
		}
		until, err := window.ParseLocal(frozen.AddDate(0, 0, 1).Format("2006-01-02T15:04"))
		if err != nil {
			t.Fatal(err)
		}
		w := &window.Window{Zone: in, Opens: set, Freezes: window.Period(from, until, in, "")}
		starts := naive(begin, in, minute, hour, weekdays)
		freezes, thaws := from.In(in), until.In(in)
		isOpen := func(at time.Time) bool {
			open := slices.ContainsFunc(starts, func(s time.Time) bool { return !at.Before(s) && at.Before(s.Add(lasts)) })
			return open && (at.Before(freezes) || !at.Before(thaws))
		}
		for range 40 {
			at := begin.Add(time.Duration(rapid.IntRange(0, 6*24*60).Draw(t, "at")) * time.Minute)
			got := w.At(at)
			if got.Open != isOpen(at) {
				t.Fatalf("at %s it is open: %v, want %v", at, got.Open, isOpen(at))
			}
			change := got.Next
			if got.Open {
				if change = got.Until; isOpen(change) || !isOpen(change.Add(-time.Minute)) || !isOpen(got.Since) {
					t.Fatalf("at %s it is open from %s until %s", at, got.Since, got.Until)
				}
			}
			for m := at; m.Before(change) && m.Before(begin.AddDate(0, 0, 7)); m = m.Add(time.Minute) {
				if isOpen(m) != got.Open {
					t.Fatalf("at %s it says open: %v until %s, and at %s that is not so", at, got.Open, change, m)
				}
			}
		}
	})
}

// naive tries each minute of the days around, and finds those at which the clock shows the
// time; where it never does on a day, what it would have shown.
func naive(begin time.Time, in *time.Location, minute, hour int, weekdays []int) []time.Time {
	var starts []time.Time
	for d := -8; d < 12; d++ {
		day := begin.Add(12*time.Hour).AddDate(0, 0, d) // some have no midnight
		if !slices.Contains(weekdays, int(day.Weekday())) {
			continue
		}
		found := false
		noon := time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, in)
		for m := noon.Add(-15 * time.Hour); m.Before(noon.Add(15 * time.Hour)); m = m.Add(time.Minute) {
			if m.Day() == day.Day() && m.Hour() == hour && m.Minute() == minute {
				starts, found = append(starts, m), true
				break
			}
		}
		if !found { // by the clock as it was at the last time that it shows before
			_, ahead := noon.Add(-15 * time.Hour).Zone()
			starts = append(starts, time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.FixedZone("", ahead)).In(in))
		}
	}
	return starts
}

func TestLocalTimes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2026-01-03T01:00:00", "2026-01-03T01:00", "2026-01-03 01:00:00", "2026-01-03 01:00"} {
		if got := local(t, text).In(time.UTC); !got.Equal(moment(t, "2026-01-03T01:00:00Z")) {
			t.Errorf("%s is %s", text, got)
		}
	}
	if got := local(t, "2026-01-03"); !got.Date || !got.In(time.UTC).Equal(moment(t, "2026-01-03T00:00:00Z")) {
		t.Errorf("got %+v", got)
	}
	for _, text := range []string{"", "tomorrow", "2026-02-29", "2026-01-03T01:00:00Z", "1066-10-14", "2026-01-03T24:00"} {
		if _, err := window.ParseLocal(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

func TestZones(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "Europe/Nowhere", "../UTC", "/etc/localtime", "Europe\x00", "localtime", "posixrules", "posix/UTC", "right/Europe/Berlin"} {
		if _, err := window.Zone(name); err == nil {
			t.Errorf("%q is a zone", name)
		}
	}
}
