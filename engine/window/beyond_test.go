package window_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/engine/internal/tally"
	"github.com/gatebook/gatebook/engine/window"
)

func TestTheFirstTimeAtWhichOneIsOpenAndAnotherIsNot(t *testing.T) {
	t.Parallel()
	now := moment(t, "2026-11-27T01:30:00Z")
	night := byCron(t, "0 1 * * *", time.Hour, "UTC")
	long := byCron(t, "0 1 * * *", 3*time.Hour, "UTC")
	frozen := byCron(t, "0 1 * * *", time.Hour, "UTC")
	frozen.Freezes = window.Period(local(t, "2031-12-20"), local(t, "2032-01-05"), time.UTC, "")
	leap := byCron(t, "0 1 29 2 *", time.Hour, "UTC")
	for name, use := range map[string]struct {
		open, shut *window.Window
		from       string // empty: there is none
	}{
		"the same":           {night, byRule(t, "FREQ=DAILY", "2020-01-01T01:00", time.Hour, "UTC"), ""},
		"longer":             {long, night, "2026-11-27T02:00:00Z"},
		"shorter":            {night, long, ""},
		"a freeze in years":  {night, frozen, "2031-12-20T01:00:00Z"},
		"a freeze more":      {frozen, night, ""},
		"from its middle on": {night, byCron(t, "0 5 * * *", time.Hour, "UTC"), "2026-11-27T01:30:00Z"},
		"on leap days":       {leap, byCron(t, "0 2 * * *", time.Hour, "UTC"), "2028-02-29T01:00:00Z"},
		"nothing is in none": {&window.Window{Zone: time.UTC}, night, ""},
	} {
		got := use.open.Beyond(use.shut, now)
		if got.Found() != (use.from != "") || got.Found() && !got.From.Equal(moment(t, use.from)) {
			t.Errorf("%s: got %+v, want %q", name, got, use.from)
		}
		if !got.Found() && !got.Everywhere(now) {
			t.Errorf("%s: looked until %s", name, got.Looked)
		}
	}
}

// What is found is the first: so say both windows, asked for every minute before.
func TestTheDifferenceIsWhatTheWindowsSay(t *testing.T) {
	t.Parallel()
	now := moment(t, "2026-03-28T00:10:00Z")
	tally.Check(t, func(t *rapid.T, came tally.Tally) {
		a, b := anyWindow(t, "a"), anyWindow(t, "b")
		got := a.Beyond(b, now)
		for at := now; at.Before(now.Add(72 * time.Hour)); at = at.Add(time.Minute) {
			differs := a.At(at).Open && !b.At(at).Open
			if differs != (got.Found() && !at.Before(got.From) && at.Before(got.Until)) {
				t.Fatalf("%s: %v, and found is %+v", at, differs, got)
			}
			if differs {
				came["found"]++
				return
			}
		}
		if got.Found() && got.From.Before(now.Add(72*time.Hour)) {
			t.Fatalf("found is %+v", got)
		}
		came["none"]++
	}, "found", "none")
}

func anyWindow(t *rapid.T, name string) *window.Window {
	zone, err := window.Zone(rapid.SampledFrom([]string{"UTC", "Europe/Berlin"}).Draw(t, name+" zone"))
	if err != nil {
		t.Fatal(err)
	}
	lasts := time.Duration(rapid.IntRange(1, 6).Draw(t, name+" lasts")) * 30 * time.Minute
	opens, faults := window.Cron(fmt.Sprintf("%d %d * * *", rapid.SampledFrom([]int{0, 30}).Draw(t, name+" minute"), rapid.IntRange(0, 4).Draw(t, name+" hour")), lasts, zone)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	w := &window.Window{Zone: zone, Opens: opens}
	if rapid.Bool().Draw(t, name+" frozen") {
		until, err := window.ParseLocal("2026-03-30T02:00")
		from, other := window.ParseLocal("2026-03-29")
		if err != nil || other != nil {
			t.Fatal(err, other)
		}
		w.Freezes = window.Period(from, until, zone, "")
	}
	return w
}
