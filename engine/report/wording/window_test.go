package wording_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/wording"
)

func TestClosedWindows(t *testing.T) {
	t.Parallel()
	shanghai := time.FixedZone("", 8*60*60) // as a journal has it
	opens := time.Date(2026, 11, 28, 1, 0, 0, 0, shanghai)
	closed := []event.Closed{{Window: "offpeak", Opens: &opens, Zone: "Asia/Shanghai"}}
	for before, want := range map[time.Duration]string{
		3*time.Hour + 12*time.Minute: "offpeak opens Sat 01:00 Asia/Shanghai, in 3h12m",
		9 * time.Second:              "offpeak opens Sat 01:00 Asia/Shanghai, in 9s",
		7 * 24 * time.Hour:           "offpeak opens Sat 2026-11-28 01:00 Asia/Shanghai, in 7 days",
		-time.Second:                 "offpeak opens Sat 01:00 Asia/Shanghai",
	} {
		if got := wording.Closed(closed, opens.Add(-before)); got != want {
			t.Errorf("%s before: got %q, want %q", before, got, want)
		}
	}
	closed = append(closed, event.Closed{Window: "never\x1b[2J", Zone: "UTC"})
	if got, want := wording.Closed(closed, opens.Add(-time.Hour)), "offpeak opens Sat 01:00 Asia/Shanghai, in 1h; never"; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got %q, want it to begin with %q", got, want)
	}
	if got := wording.Closed(nil, opens); got != "" {
		t.Errorf("of no window it says %q", got)
	}
}

func TestOverrides(t *testing.T) {
	t.Parallel()
	got := wording.Overrides([]event.Override{{Window: "a", By: "ann", Reason: "it\nburns"}, {Window: "b", By: "bob", Reason: "as well"}})
	if want := "the window a is overridden by ann: it burns; the window b is overridden by bob: as well"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
