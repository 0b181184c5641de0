package report_test

import (
	"io"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
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
		{Type: event.GivenUp, By: evil, Reason: evil},
		{Type: event.LockTaken, Name: evil, Reason: evil},
		{Type: event.CancelAsked, By: evil, Reason: evil},
		{Type: event.AttemptStarted, Op: op("one", event.Do, 1), Action: evil},
		{Type: event.AttemptNoted, Op: op("one", event.Do, 1), Name: evil},
		{Type: event.ConditionMet, Op: op("one", event.Verify, 1), Verdict: &event.Verdict{Name: evil, Expr: evil, Truth: "false"}},
		{Type: event.StepDecided, Op: op("one", event.Do, 0), Status: event.Failed, Failure: failure},
		{Type: event.ModeChanged, Mode: event.Draining, Reason: evil},
		{Type: event.RunFinished, Result: &event.Result{Outcome: event.OutcomeFailed, Step: "one", Failure: failure}},
	}
	status, trail := standing.New(nil), report.NewAudit()
	for i, e := range events {
		status.Apply(e)
		trail.Add(uint64(i+1), e)
		for what, shown := range shownOf(t, status, trail) {
			if strings.Contains(shown, "\x1b") || strings.Contains(shown, "b\nc") {
				t.Errorf("after %s the %s is %q", e.Type, what, shown)
			}
		}
		if said := wording.Describe(e); strings.ContainsAny(said.What+said.Why+said.By, "\x1b\n") {
			t.Errorf("%s is told as %+v", e.Type, said)
		}
	}
}

// shownOf returns every document of a run, by what it is.
func shownOf(t *testing.T, status *standing.Status, trail *report.Audit) map[string]string {
	t.Helper()
	records := []history.Record{history.Of(status, status.Updated)}
	shown := map[string]string{}
	for what, write := range map[string]func(io.Writer) error{
		"status":  func(w io.Writer) error { return report.StatusText(w, status, began, false, layout.Style{}) },
		"summary": func(w io.Writer) error { return report.Summary(w, status, layout.Style{}) },
		"audit":   func(w io.Writer) error { return report.AuditText(w, trail, layout.Style{}) },
		"history": func(w io.Writer) error { return history.Table(w, records, layout.Style{}, 0) },
		"CSV":     func(w io.Writer) error { return history.CSV(w, records) },
	} {
		var b strings.Builder
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		shown[what] = b.String()
	}
	return shown
}
