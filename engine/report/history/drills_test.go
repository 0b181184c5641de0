package history_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

func TestDrillsAreHeldAgainstTheirObjectives(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	little, much := time.Minute, 2*time.Hour
	ended := func(outcome event.Outcome, m *event.Measured) *event.Result {
		return &event.Result{Outcome: outcome, Measured: m}
	}
	for name, c := range map[string]struct {
		result *event.Result
		want   string
	}{
		"good":             {ended(event.OutcomeSucceeded, &event.Measured{At: at, Took: 10 * time.Minute, RTO: time.Hour, Lost: &little, RPO: time.Hour}), "good 21 days ago 10m 1m rto 1h, rpo 1h"},
		"taken back later": {ended(event.OutcomeRolledBack, &event.Measured{At: at, Took: 10 * time.Minute}), "good 21 days ago 10m - none"},
		"late":             {ended(event.OutcomeSucceeded, &event.Measured{At: at, Took: 2 * time.Hour, RTO: time.Hour}), "missed never 2h - rto 1h"},
		"too much lost":    {ended(event.OutcomeSucceeded, &event.Measured{At: at, Took: time.Minute, Lost: &much, RPO: time.Hour}), "missed never 1m 2h rpo 1h"},
		"not measured":     {ended(event.OutcomeSucceeded, &event.Measured{At: at, Took: time.Minute, RPO: time.Hour, Why: "no log"}), "missed never 1m not measured rpo 1h"},
		"altered":          {ended(event.OutcomeSucceeded, &event.Measured{At: at, Took: time.Minute, Altered: []string{"it goes step by step"}}), "altered never 1m - none"},
		"faulty":           {ended(event.OutcomeSucceeded, &event.Measured{At: at, Took: time.Minute, Failed: []string{"a"}}), "faulty never 1m - none"},
		"failed":           {ended(event.OutcomeFailed, nil), "failed never - - -"},
	} {
		status := &standing.Status{Started: at, Updated: at, Drive: standing.AtRest, Result: c.result, Run: event.Run{ID: "r", Runbook: "db", Choice: &event.Choice{Mode: event.Drill}}}
		drill := history.DrillOf(status, at.Add(21*24*time.Hour))
		row := history.Drilled{Runbook: "db", Last: drill}
		if drill.Result == "good" {
			row.Good = &drill
		}
		var b bytes.Buffer
		if err := history.DrillsTable(&b, []history.Drilled{row}, layout.Style{}, 0); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(b.String()), " "); !strings.Contains(got, "db 2026-11-01 03:00 "+c.want+" r") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// On a narrow terminal each runbook is a paragraph, of which no line is wider.
func TestDrillsFitANarrowTerminal(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC)
	lost := time.Minute
	drill := history.Drill{
		Run: "20261101-030000-abcd", Date: at, Revision: "1.0.0", Result: "good", Age: time.Hour,
		Measured: &event.Measured{At: at, Took: 10 * time.Minute, RTO: time.Hour, Lost: &lost, RPO: time.Hour},
	}
	var b bytes.Buffer
	if err := history.DrillsTable(&b, []history.Drilled{{Runbook: "recover-database", Last: drill, Good: &drill}}, layout.Style{}, 44); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if width := layout.Width(strings.TrimSuffix(line, "\n")); width > 44 {
			t.Errorf("a line is %d wide: %s", width, line)
		}
	}
	for _, want := range []string{"recover-database 1.0.0", "good", "last good 1 hour ago", "data loss 1m", "20261101-030000-abcd"} {
		if !strings.Contains(strings.Join(strings.Fields(b.String()), " "), want) {
			t.Errorf("it does not say %q:\n%s", want, b.String())
		}
	}
}

func TestAgesAreToldInWords(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]string{
		0: "just now", 59 * time.Second: "just now", time.Minute: "1 minute ago", 119 * time.Minute: "1 hour ago",
		47 * time.Hour: "47 hours ago", 48 * time.Hour: "2 days ago", 90 * 24 * time.Hour: "90 days ago",
	} {
		if got := history.Ago(age); got != want {
			t.Errorf("%s is %q, want %q", age, got, want)
		}
	}
}
