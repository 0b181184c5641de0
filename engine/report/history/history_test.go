package history_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

func TestFilterKeeps(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	r := history.Record{Date: began, Runbook: "web", Result: "succeeded", Environment: "production", Operator: "ann"}
	tests := map[string]struct {
		filter history.Filter
		want   bool
	}{
		"all":            {history.Filter{}, true},
		"same":           {history.Filter{Runbook: "web", Result: "succeeded", Environment: "Production", Operator: "ann"}, true},
		"other runbook":  {history.Filter{Runbook: "db"}, false},
		"other result":   {history.Filter{Result: "failed"}, false},
		"other operator": {history.Filter{Operator: "bob"}, false},
		"since then":     {history.Filter{Since: began}, true},
		"since later":    {history.Filter{Since: began.Add(1)}, false},
	}
	for name, test := range tests {
		if got := test.filter.Keep(r); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// Of a run that goes on the time goes on, and of one whose process died nobody knows more
// than that it took until the last record.
func TestElapsed(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	for drive, want := range map[standing.Drive]string{standing.Driven: " 1m20s", standing.Abandoned: " ≥ 2s", standing.AtRest: " 2s"} {
		status := &standing.Status{Started: began, Updated: began.Add(2 * time.Second), Drive: drive}
		var b bytes.Buffer
		if err := history.Table(&b, []history.Record{history.Of(status, began.Add(80*time.Second))}, layout.Style{}, 0); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(strings.TrimSpace(b.String()), want) {
			t.Errorf("%s: %q, want %q", drive, b.String(), want)
		}
	}
}

func TestCSVIsNoFormula(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := history.CSV(&b, []history.Record{{Remark: "=cmd|' /C calc'!A0", Version: "-1", Environment: "\t=1", Operator: "\r=1"}}); err != nil {
		t.Fatal(err)
	}
	for _, cell := range []string{"'=cmd", "'-1", "'\t=1", "'\r=1"} {
		if got := b.String(); !strings.Contains(got, cell) {
			t.Errorf("there is no cell %q in %q", cell, got)
		}
	}
}

// On a terminal that is too narrow for the table no line is broken by it.
func TestANarrowTerminalGetsParagraphs(t *testing.T) {
	t.Parallel()
	r := history.Record{
		Date: time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC), Runbook: "web-upgrade", Revision: "1.2.0", Version: "web:2", Environment: "production",
		Operator: "ann", Result: "rolled_back", Remark: "upgrade: exit code 3: the disk of the first node is full; rolled back but for keep and wipe",
		Run: "20261121-030000-abcd", Elapsed: time.Minute,
	}
	want := `2026-11-21 03:00  rolled_back  web-upgrade 1.2.0  1m
  run 20261121-030000-abcd version web:2 in production by ann
  upgrade: exit code 3: the disk of the first node is full; rolled back but for
  keep and wipe
`
	for columns, want := range map[int]string{80: want, 0: "DATE ", 300: "DATE "} {
		var b bytes.Buffer
		if err := history.Table(&b, []history.Record{r}, layout.Style{}, columns); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); !strings.HasPrefix(got, want) {
			t.Errorf("in %d columns it is\n%s\nwant\n%s", columns, got, want)
		}
	}
}
