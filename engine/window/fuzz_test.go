package window_test

import (
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/window"
)

// patience is only for what hangs, on a slow, busy machine.
const patience = 30 * time.Second

// ask asks a window some questions, whose answers must fit together.
func ask(t *testing.T, w *window.Window) {
	t.Helper()
	begin := time.Now()
	for _, at := range []time.Time{
		time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), time.Date(2096, 2, 29, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		state := w.At(at)
		switch {
		case state.Open && (state.Since.After(at) || !state.Until.After(at)):
			t.Fatalf("at %s it is open from %s until %s", at, state.Since, state.Until)
		case !state.Next.IsZero() && !state.Next.After(at):
			t.Fatalf("at %s it opens next at %s", at, state.Next)
		case !state.Next.IsZero() && !w.At(state.Next).Open:
			t.Fatalf("at %s it opens next at %s, when it is closed", at, state.Next)
		}
		w.Words("w", at)
	}
	if took := time.Since(begin); took > patience {
		t.Fatalf("it took %s", took)
	}
}

// inside checks that faults have a place.
func inside(t *testing.T, text string, faults []window.Fault) {
	t.Helper()
	for _, f := range faults {
		if f.Start < 0 || f.End < f.Start || f.End > len(text) || f.Text == "" {
			t.Fatalf("%+v is not in a text of %d bytes", f, len(text))
		}
	}
}

// No calendar panics or takes long, as what opens or as what freezes.
func FuzzCalendar(f *testing.F) {
	for _, event := range []string{
		"DTSTART:20260110T220000Z\nDTEND:20260111T020000Z", "DTSTART;TZID=Europe/Berlin:20260327T023000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;BYDAY=SU",
		"UID:a\nDTSTART;VALUE=DATE:20260110\nRRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=3\nEXDATE;VALUE=DATE:20260130\nSUMMARY:x\\, y", "DTSTART:20260110T220000Z\nRDATE:20260115T100000Z\nDURATION:P1W",
	} {
		f.Add([]byte(calendar(event)))
	}
	always, _ := window.Cron("0 0 * * *", 24*time.Hour, time.UTC)
	f.Fuzz(func(t *testing.T, text []byte) {
		set, faults := window.Calendar(text, time.UTC)
		inside(t, string(text), faults)
		ask(t, &window.Window{Zone: time.UTC, Opens: set})
		ask(t, &window.Window{Zone: time.UTC, Opens: always, Freezes: set})
	})
}

// No rule and no cron expression does.
func FuzzPattern(f *testing.F) {
	for _, text := range []string{
		"0 1 * * 6,0", "*/15 8-18/2 1,15 jan-mar *", "0 0 30 2 *", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1;UNTIL=20301231",
		"RRULE:FREQ=DAILY;COUNT=10;INTERVAL=3;BYHOUR=1,2;BYMINUTE=0,30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;INTERVAL=10000;BYYEARDAY=-366",
	} {
		f.Add(text, "2024-02-29T23:59:59")
	}
	berlin, err := window.Zone("Europe/Berlin")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text, first string) {
		set, faults := window.Cron(text, window.LongestOpening, berlin)
		inside(t, text, faults)
		ask(t, &window.Window{Zone: berlin, Opens: set})
		start, err := window.ParseLocal(first)
		if err != nil {
			return
		}
		set, faults = window.Rule(text, start, window.LongestOpening, berlin)
		inside(t, text, faults)
		ask(t, &window.Window{Zone: berlin, Opens: set})
	})
}
