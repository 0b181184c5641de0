package report_test

import (
	"io"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A journal holds names that nobody checked: of hosts, people, files and fields.
func TestNamesFromOutsideCannotSteerATerminal(t *testing.T) {
	t.Parallel()
	const evil = "a\x1b[31mb\nc"
	process := event.Process{PID: 1, Host: evil, User: evil, Version: evil}
	failure := &event.Failure{Class: sdk.Permanent, Field: evil, Message: evil}
	events := []event.Event{
		{Type: event.RunStarted, Run: &event.Run{ID: "r1", Runbook: evil, Version: evil, File: evil, Digest: evil, PlanDigest: evil, Gatebook: evil, By: evil, Process: process}},
		{Type: event.RunResumed, Process: &process},
		{Type: event.LockTaken, Name: evil, Reason: evil},
		{Type: event.CancelAsked, By: evil, Reason: evil},
		{Type: event.AttemptStarted, Op: op("one", event.Do, 1), Action: evil},
		{Type: event.AttemptNoted, Op: op("one", event.Do, 1), Name: evil},
		{Type: event.OutputMasked, Op: op("one", event.Do, 1), Name: evil},
		{Type: event.ConditionMet, Op: op("one", event.Verify, 1), Verdict: &event.Verdict{Name: evil, Expr: evil, Truth: "false"}},
		{Type: event.StepDecided, Op: op("one", event.Do, 0), Status: event.Failed, Failure: failure},
		{Type: event.ModeChanged, Mode: event.Draining, Reason: evil},
		{Type: event.RunFinished, Result: &event.Result{Outcome: event.OutcomeFailed, Step: "one", Failure: failure}},
	}
	status, trail := report.NewStatus(nil), report.NewAudit()
	for i, e := range events {
		status.Apply(e)
		trail.Add(uint64(i+1), e)
		for what, shown := range shownOf(t, status, trail) {
			if strings.Contains(shown, "\x1b") || strings.Contains(shown, "b\nc") {
				t.Errorf("after %s the %s is %q", e.Type, what, shown)
			}
		}
		if said := report.Describe(e); strings.ContainsAny(said.What+said.Why+said.By, "\x1b\n") {
			t.Errorf("%s is told as %+v", e.Type, said)
		}
	}
}

// shownOf returns every document of a run, by what it is.
func shownOf(t *testing.T, status *report.Status, trail *report.Audit) map[string]string {
	t.Helper()
	records := []report.Record{report.NewRecord(status)}
	shown := map[string]string{}
	for what, write := range map[string]func(io.Writer) error{
		"status":  func(w io.Writer) error { return report.StatusText(w, status, began, report.Style{}) },
		"summary": func(w io.Writer) error { return report.Summary(w, status, report.Style{}) },
		"audit":   func(w io.Writer) error { return report.AuditText(w, trail, report.Style{}) },
		"history": func(w io.Writer) error { return report.HistoryTable(w, records, report.Style{}) },
		"CSV":     func(w io.Writer) error { return report.HistoryCSV(w, records) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		shown[what] = b.String()
	}
	return shown
}

func TestLineIsHarmless(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"plain":                        "plain",
		"  around  ":                   "around",
		"\x1b[2J\x1b[31mred\x1b[0m":    "red",
		"\x1b]0;title\aafter":          "after",
		"\x1b]8;;http://x\x1b\\link":   "link",
		"cut off \x1b[3":               "cut off",
		"cut off \x1b":                 "cut off",
		"two\nlines\r\n":               "two lines",
		"tab\tand bell\a":              "tab and bell",
		"right\u202eto left":           "rightto left",
		"日本語 stays":                    "日本語 stays",
		"broken \xff bytes":            "broken  bytes",
		"\u009b31mC1 is a control too": "31mC1 is a control too",
	}
	for text, want := range tests {
		if got := report.Line(text); got != want {
			t.Errorf("Line(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("\x1b[31mred\x1b[0m\r\n\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		got := report.Line(text)
		for _, r := range got {
			if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
				t.Errorf("Line(%q) lets %U through", text, r)
			}
		}
		if again := report.Line(got); again != got {
			t.Errorf("Line(%q) = %q, and again %q", text, got, again)
		}
	})
}
