package window_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/window"
)

// BenchmarkAt measures a question: of a usual window, of one that opens on leap days, of one
// that is always open, of one that never opens again, and of a full calendar.
func BenchmarkAt(b *testing.B) {
	at := time.Date(2026, 11, 27, 13, 48, 0, 0, time.UTC)
	event := "DTSTART;TZID=Europe/Berlin:20200104T010000\nDURATION:PT4H\nRRULE:FREQ=WEEKLY;BYDAY=SA;UNTIL=20261001"
	for name, w := range map[string]*window.Window{
		"weekly":   byCron(b, "0 1 * * 6,0", 4*time.Hour, "Asia/Shanghai"),
		"leap":     byCron(b, "0 1 29 2 *", 4*time.Hour, "Asia/Shanghai"),
		"always":   byCron(b, "0 * * * *", time.Hour, "Asia/Shanghai"),
		"minutes":  byCron(b, "* * * * *", window.LongestOpening, "Asia/Shanghai"),
		"ended":    byRule(b, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;UNTIL=20260101", "2020-01-01T01:00", time.Hour, "Europe/Berlin"),
		"calendar": byCalendar(b, calendar(event+strings.Repeat("\nEND:VEVENT\nBEGIN:VEVENT\n"+event, 199))),
		"busy":     byCalendar(b, calendar(strings.Replace(event, ";UNTIL=20261001", "", 1)+strings.Repeat("\nEND:VEVENT\nBEGIN:VEVENT\n"+strings.Replace(event, ";UNTIL=20261001", ";INTERVAL=50", 1), 199))),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w.At(at)
			}
		})
	}
}
