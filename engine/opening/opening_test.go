package opening_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/opening"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/syntax"
)

const calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:at night\nDTSTART:20260110T220000\nDURATION:PT4H\nEND:VEVENT\nEND:VCALENDAR\n"

// of makes the windows of a runbook that says no more than them.
func of(t *testing.T, windows string, files map[string]string) (opening.Windows, diag.List, int) {
	t.Helper()
	text := "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: w, version: 1.0.0}\nsteps: [{id: a, uses: noop}]\nwindows:\n" + windows
	tree, found := syntax.Parse(source.NewFile("books/w.yaml", []byte(text)))
	runbook, more := model.Decode(tree)
	if runbook == nil {
		t.Fatal(found, more)
	}
	reads := 0
	made, last := opening.Of(runbook, func(name string) (*source.File, error) {
		reads++
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
		}
		if text == "secret" {
			return nil, fmt.Errorf("%s lies outside", name)
		}
		return source.NewFile(name, []byte(text)), nil
	})
	return made, append(append(found, more...), last...), reads
}

func TestWindowsOfARunbook(t *testing.T) {
	t.Parallel()
	made, found, reads := of(t, `
  cron: {cron: "0 1 * * *", duration: 4h, timezone: Asia/Shanghai}
  rule: {rule: FREQ=DAILY, start: 2026-01-01T01:00, duration: 4h, timezone: Asia/Shanghai}
  file: {calendar: a.ics, timezone: Asia/Shanghai}
  zone: {calendar: a.ics, timezone: Europe/Berlin, freeze: [{calendar: a.ics}]}
  some: {cron: "0 1 * * *", duration: 4h, timezone: Asia/Shanghai, freeze: [{from: 2026-01-10, until: 2026-01-12, reason: why}]}
`, map[string]string{"a.ics": calendar})
	if len(found) > 0 {
		t.Fatal(found)
	}
	if reads != 1 || len(made.Files) != 1 || made.Files[0].Name != "a.ics" || string(made.Files[0].Text) != calendar {
		t.Errorf("a calendar is read %d times, and kept as %v", reads, made.Files)
	}
	at := time.Date(2026, 1, 10, 17, 30, 0, 0, time.UTC) // 01:30 in Shanghai
	for name, want := range map[string]string{
		"cron": "cron is open until Sun 05:00 Asia/Shanghai, for 3h30m",
		"rule": "rule is open until Sun 05:00 Asia/Shanghai, for 3h30m",
		"file": "file is open until Sun 02:00 Asia/Shanghai, for 30m0s",
		"zone": "zone is closed; it does not open within ten years",
		"some": "some is closed by a freeze (why); it opens Mon 01:00 Asia/Shanghai, in 23h30m",
	} {
		if got := made.ByName[name].Words(name, at); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFaultsOfWindowsHaveTheirPlace(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.ics": calendar, "bad.ics": "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:x\nEND:VEVENT\nEND:VCALENDAR\n", "up.ics": "secret"}
	for window, want := range map[string]string{
		`{timezone: UTC}`:                                                                   "6:7 GB0230 The window does not say when it opens.",
		`{cron: "0 1 * * *", timezone: UTC}`:                                                "6:7 GB0230 A window by cron needs duration.",
		`{rule: FREQ=DAILY, duration: 1h, timezone: UTC}`:                                   "6:7 GB0230 A window by rule needs start.",
		`{cron: "0 1 * * *", calendar: a.ics, duration: 1h, timezone: UTC}`:                 "6:26 GB0230 The window says in two ways when it opens.",
		`{calendar: a.ics, duration: 1h, timezone: UTC}`:                                    "6:24 GB0230 A window by calendar has no duration.",
		`{calendar: a.ics}`:                                                                 "6:7 GB0202",
		`{cron: "0 1 * * 8", duration: 1h, timezone: UTC}`:                                  `6:22 GB0231 "8" does not fit the day of the week.`,
		`{cron: "0 1 * * 6", duration: 1h, timezone: UTC, begin: 3}`:                        "6:55 GB0201",
		`{rule: FREQ=DAILY;BYDAY=XX, start: 2026-01-01, duration: 1h, timezone: UTC}`:       `6:24 GB0232 "XX" is not a day of the week.`,
		`{rule: FREQ=DAILY, start: 2026-01-01T00:00Z, duration: 1h, timezone: UTC}`:         `6:32 GB0234`,
		`{cron: "0 1 * * *", duration: 745h, timezone: UTC}`:                                "6:36 GB0235 It stays open for 745h0m0s",
		`{cron: "0 1 * * *", duration: 1h, timezone: CST}`:                                  `6:50 GB0233 There is no time zone "CST".`,
		`{cron: "0 1 * * *", duration: 1h, timezone: Local}`:                                `6:50 GB0233 The time zone "Local" is not the same everywhere.`,
		`{calendar: gone.ics, timezone: UTC}`:                                               `6:17 GB0240 There is no file "gone.ics".`,
		`{calendar: up.ics, timezone: UTC}`:                                                 `6:17 GB0240 Up.ics lies outside.`,
		`{calendar: bad.ics, timezone: UTC}`:                                                `3:1 GB0241 "x" is neither a date nor a time.`,
		`{calendar: a.ics, timezone: UTC, freeze: [{from: 2026-01-01}]}`:                    "6:49 GB0230 A freeze has from and until, or a calendar.",
		`{calendar: a.ics, timezone: UTC, freeze: [{calendar: a.ics, from: 2026-01-01}]}`:   "6:66 GB0230 A freeze by a calendar has no from.",
		`{calendar: a.ics, timezone: UTC, freeze: [{from: 2026-01-02, until: 2026-01-02}]}`: "6:74 GB0234 The freeze ends before it begins",
		`{calendar: a.ics, timezone: UTC, freeze: [{from: 2026-01-02, until: tomorrow}]}`:   `6:74 GB0234 "tomorrow" is not a local time.`,
		`{calendar: a.ics, timezone: UTC, freeze: [{calendar: gone.ics}]}`:                  `6:59 GB0240 There is no file "gone.ics".`,
		`{cron: 5, duration: 1h, timezone: UTC}`:                                            "6:13 GB0203",
	} {
		_, found, _ := of(t, "  a: "+window+"\n", files)
		if len(found) == 0 {
			t.Errorf("%s has no finding", window)
			continue
		}
		first := found.Sorted()[0]
		from := first.Range.From()
		if got := fmt.Sprintf("%d:%d %s %s", from.Line, from.Column, first.Rule.Code, first.Detail); !strings.HasPrefix(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", window, got, want)
		}
	}
}

// Of a runbook that comes from nowhere a calendar is not looked for.
func TestWithoutFiles(t *testing.T) {
	t.Parallel()
	tree, _ := syntax.Parse(source.NewFile("w.yaml", []byte("windows: {a: {calendar: a.ics, timezone: UTC}}")))
	runbook, _ := model.Decode(tree)
	if _, found := opening.Of(runbook, nil); len(found) != 1 || found[0].Rule != diag.NoCalendar {
		t.Errorf("got %v", found)
	}
}
