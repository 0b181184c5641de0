// Package history is the upgrade record: a line for each run, as a table, CSV and JSON,
// and the filter that chooses among them. Floor 7.
package history

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/value"
)

// Format names the JSON form of the history.
const Format = "gatebook/history/v1"

// Record is one line of the upgrade record: what was done where, when, by whom, and
// what came of it.
type Record struct {
	Date        time.Time     `json:"date" doc:"When the run began."`
	Runbook     string        `json:"runbook"`
	Revision    string        `json:"revision" doc:"The runbook's own version."`
	Version     string        `json:"version" doc:"What was rolled out."`
	Environment string        `json:"environment"`
	Operator    string        `json:"operator"`
	Result      string        `json:"result" doc:"How it ended, or running or interrupted."`
	Remark      string        `json:"remark"`
	Elapsed     time.Duration `json:"elapsed" doc:"How long it took, or has taken so far; of an interrupted run, up to its last record, after which nobody knows when its process died."`
	Run         string        `json:"run"`
	// Overridden is told in the remark as well.
	Overridden []standing.Overridden `json:"overridden,omitempty" doc:"What was otherwise than the runbook says, by a person's word; absent: nothing was."`
}

// Of returns the line of the upgrade record for a run, as of now.
func Of(s *standing.Status, now time.Time) Record {
	if s.Drive != standing.Driven {
		now = s.Updated
	}
	r := Record{
		Date: s.Started, Runbook: s.Run.Runbook, Revision: s.Run.Version, Run: s.Run.ID,
		Operator: s.Run.By, Result: result(s), Elapsed: s.Elapsed(now), Overridden: s.Overridden(),
	}
	said := s.Run.Record
	if s.Result != nil && s.Result.Record != nil {
		said = *s.Result.Record
	}
	r.Version, r.Environment, r.Remark = member(said, "version"), member(said, "environment"), member(said, "remark")
	if r.Remark == "" {
		r.Remark = remark(s)
	}
	for _, part := range append(s.OverriddenWords(), s.Run.OtherInputs()...) {
		// Whatever else is said of it: what was otherwise by a person's word is found here.
		r.Remark = strings.TrimPrefix(r.Remark+"; "+part, "; ")
	}
	if said := worth(s); said != "" {
		r.Remark += "; " + said
	}
	return r
}

// What a run without an outcome has for a result.
const (
	running     = "running"
	interrupted = "interrupted" // its process died
	// Unreadable is the result of a run whose journal cannot be read.
	Unreadable = "unreadable"
)

// Results are the words that a run's result can be.
func Results() []string {
	var words []string
	for _, outcome := range []event.Outcome{
		event.OutcomeSucceeded, event.OutcomeFailed, event.OutcomeRolledBack, event.OutcomeGateClosed, event.OutcomeStuck, event.OutcomePaused,
	} {
		words = append(words, string(outcome))
	}
	return append(words, running, interrupted, Unreadable)
}

// result is the outcome, or how a run stands that has none.
func result(s *standing.Status) string {
	switch {
	case s.Drive == standing.Abandoned:
		return interrupted
	case s.Result != nil:
		return string(s.Result.Outcome)
	default:
		return running
	}
}

// remark says what the runbook's author did not: why a run failed, and what became of
// its changes.
func remark(s *standing.Status) string {
	if s.Result == nil || s.Result.Failure == nil {
		return ""
	}
	remark := s.Why()
	o, nothing := s.Result.Outcome, len(s.Result.Changed) == 0 && len(s.Result.Undone) == 0
	badly := wording.EndedBadly(s.Result)
	if badly {
		remark += "; " + layout.Steps(s.Result.Finally) + " of finally failed"
	}
	switch {
	case nothing && (o == event.OutcomeFailed || o == event.OutcomeRolledBack || badly):
		remark += "; nothing was changed"
	case o != event.OutcomeRolledBack && !badly:
	case len(s.Result.Undone) == 0:
		remark += "; not rolled back: " + layout.Steps(s.Result.Changed)
	case len(s.Result.Changed) > 0:
		remark += "; rolled back but for " + layout.Steps(s.Result.Changed)
	default:
		remark += "; rolled back"
	}
	return remark
}

func (r Record) elapsed() string {
	if r.Result == interrupted {
		return "≥ " + layout.Elapsed(r.Elapsed)
	}
	return layout.Elapsed(r.Elapsed)
}

func member(of value.Value, name string) string {
	v, ok := of.Get(name)
	if !ok || v.IsNull() || v.IsUnknown() {
		return ""
	}
	return layout.Plain(v)
}

// Filter says which records to show. What is empty does not filter.
type Filter struct {
	Runbook, Result, Environment, Operator string
	Since                                  time.Time
	Overridden                             bool // only runs in which something was otherwise by a person's word
}

// Keep reports whether a record passes the filter.
func (f Filter) Keep(r Record) bool {
	same := func(want, have string) bool { return want == "" || strings.EqualFold(want, have) }
	return same(f.Runbook, r.Runbook) && same(f.Result, r.Result) &&
		same(f.Environment, r.Environment) && same(f.Operator, r.Operator) && !r.Date.Before(f.Since) &&
		(!f.Overridden || len(r.Overridden) > 0)
}

// ResultKnown reports whether a run can have the result that is asked for.
func (f Filter) ResultKnown() bool {
	return f.Result == "" || slices.ContainsFunc(Results(), func(known string) bool { return strings.EqualFold(known, f.Result) })
}

// Document is the record of runs as JSON.
type Document struct {
	Format string   `json:"format" enum:"gatebook/history/v1"`
	Runs   []Record `json:"runs" doc:"The newest first."`
}

// JSON writes the records as a [Document].
func JSON(w io.Writer, records []Record) error {
	if records == nil {
		records = []Record{}
	}
	return layout.JSON(w, Document{Format, records})
}

// CSV writes the records as CSV (RFC 4180), with a header. A cell that a
// spreadsheet would take for a formula is led by an apostrophe.
func CSV(w io.Writer, records []Record) error {
	rows := [][]string{{"date", "version", "environment", "operator", "result", "remark", "runbook", "revision", "run", "elapsed_seconds"}}
	for _, r := range records {
		rows = append(rows, []string{
			r.Date.Format(time.RFC3339), r.Version, r.Environment, r.Operator, r.Result, r.Remark,
			r.Runbook, r.Revision, r.Run, fmt.Sprintf("%.3f", r.Elapsed.Seconds()),
		})
	}
	return writeCSV(w, rows)
}

func writeCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = unformula(cell)
		}
	}
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

func unformula(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// maxRemark is how wide the remark may be before it is broken into lines.
const maxRemark = 44

// Table writes the records as a table, or as a paragraph each where that is wider than
// the columns there are; 0: as many as it takes.
func Table(w io.Writer, records []Record, style layout.Style, columns int) error {
	rows := make([][]string, 0, len(records))
	for _, r := range records {
		rows = append(rows, []string{
			r.Date.Format("2006-01-02 15:04"), r.Version, r.Environment, r.Operator, dressed(r.Result, style),
			strings.Join(layout.Wrap(r.Remark, maxRemark), "\n"), r.Runbook + " " + r.Revision, r.Run, r.elapsed(),
		})
	}
	head := []string{"DATE", "VERSION", "ENVIRONMENT", "OPERATOR", "RESULT", "REMARK", "RUNBOOK", "RUN", "ELAPSED"}
	if columns > 0 && width(head, rows) > columns {
		return paragraphs(w, records, style, columns)
	}
	return layout.Table(w, head, rows)
}

// width is how many columns a table takes.
func width(head []string, rows [][]string) int {
	const gap = 2
	sum := -gap
	for i, title := range head {
		widest := layout.Width(title)
		for _, row := range rows {
			for line := range strings.Lines(row[i]) {
				widest = max(widest, layout.Width(layout.Line(line)))
			}
		}
		sum += widest + gap
	}
	return sum
}

// paragraphs writes each record as a few short lines.
func paragraphs(w io.Writer, records []Record, style layout.Style, columns int) error {
	out := layout.Page{Style: style}
	for _, r := range records {
		out.Linef("%s  %s  %s  %s", r.Date.Format("2006-01-02 15:04"), dressed(r.Result, style), out.Bold(r.Runbook+" "+r.Revision), r.elapsed())
		who := "by " + r.Operator
		if r.Environment != "" {
			who = "in " + r.Environment + " " + who
		}
		if r.Version != "" {
			who = "version " + r.Version + " " + who
		}
		out.Linef("  %s", out.Dim("run "+r.Run+" "+who))
		if r.Remark != "" {
			for _, line := range layout.Wrap(r.Remark, columns-len("  ")) {
				out.Linef("  %s", line)
			}
		}
	}
	return out.Print(w)
}

func dressed(result string, s layout.Style) string {
	switch event.Outcome(result) {
	case event.OutcomeSucceeded:
		return s.Good(result)
	case event.OutcomeFailed, event.OutcomeStuck:
		return s.Bad(result)
	default:
		return s.Warn(result)
	}
}
