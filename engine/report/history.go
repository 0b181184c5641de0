package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/value"
)

// HistoryFormat names the JSON form of the history.
const HistoryFormat = "gatebook/history/v1"

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
	Elapsed     time.Duration `json:"elapsed" doc:"How long it took."`
	Run         string        `json:"run"`
}

// NewRecord returns the line of the upgrade record for a run.
func NewRecord(s *Status) Record {
	r := Record{
		Date: s.Started, Runbook: s.Run.Runbook, Revision: s.Run.Version, Run: s.Run.ID,
		Operator: s.Run.By, Result: s.result(), Elapsed: s.Elapsed(s.Updated),
	}
	said := s.Run.Record
	if s.Result != nil && s.Result.Record != nil {
		said = *s.Result.Record
	}
	r.Version, r.Environment, r.Remark = member(said, "version"), member(said, "environment"), member(said, "remark")
	if r.Remark == "" {
		r.Remark = s.remark()
	}
	return r
}

// result is the outcome, or how a run stands that has none.
func (s *Status) result() string {
	switch {
	case s.Drive == Abandoned:
		return "interrupted"
	case s.Result != nil:
		return string(s.Result.Outcome)
	default:
		return "running"
	}
}

// remark says what the runbook's author did not: why a run failed, and what became of
// its changes.
func (s *Status) remark() string {
	if s.Result == nil || s.Result.Failure == nil {
		return ""
	}
	remark := s.why()
	o, nothing := s.Result.Outcome, len(s.Result.Changed) == 0 && len(s.Result.Undone) == 0
	switch {
	case nothing && (o == event.OutcomeFailed || o == event.OutcomeRolledBack):
		remark += "; nothing was changed"
	case o != event.OutcomeRolledBack:
	case len(s.Result.Undone) == 0:
		remark += "; not rolled back: " + list(s.Result.Changed)
	case len(s.Result.Changed) > 0:
		remark += "; rolled back but for " + list(s.Result.Changed)
	default:
		remark += "; rolled back"
	}
	return remark
}

func member(of value.Value, name string) string {
	v, ok := of.Get(name)
	if !ok || v.IsNull() || v.IsUnknown() {
		return ""
	}
	return shown(v)
}

// Filter says which records to show. What is empty does not filter.
type Filter struct {
	Runbook, Result, Environment, Operator string
	Since                                  time.Time
}

// Keep reports whether a record passes the filter.
func (f Filter) Keep(r Record) bool {
	same := func(want, have string) bool { return want == "" || strings.EqualFold(want, have) }
	return same(f.Runbook, r.Runbook) && same(f.Result, r.Result) &&
		same(f.Environment, r.Environment) && same(f.Operator, r.Operator) && !r.Date.Before(f.Since)
}

// History is the record of runs as a document.
type History struct {
	Format string   `json:"format" enum:"gatebook/history/v1"`
	Runs   []Record `json:"runs" doc:"The newest first."`
}

// HistoryJSON writes the records as a [History].
func HistoryJSON(w io.Writer, records []Record) error {
	if records == nil {
		records = []Record{}
	}
	return writeJSON(w, History{HistoryFormat, records})
}

// HistoryCSV writes the records as CSV (RFC 4180), with a header. A cell that a
// spreadsheet would take for a formula is led by an apostrophe.
func HistoryCSV(w io.Writer, records []Record) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"date", "version", "environment", "operator", "result", "remark", "runbook", "revision", "run", "elapsed_seconds"}}
	for _, r := range records {
		rows = append(rows, []string{
			r.Date.Format(time.RFC3339), r.Version, r.Environment, r.Operator, r.Result, r.Remark,
			r.Runbook, r.Revision, r.Run, fmt.Sprintf("%.3f", r.Elapsed.Seconds()),
		})
	}
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

// HistoryTable writes the records as a table.
func HistoryTable(w io.Writer, records []Record, style Style) error {
	rows := make([][]string, 0, len(records))
	for _, r := range records {
		rows = append(rows, []string{
			r.Date.Format("2006-01-02 15:04"), r.Version, r.Environment, r.Operator, style.result(r.Result),
			strings.Join(wrap(r.Remark, maxRemark), "\n"), r.Runbook + " " + r.Revision, r.Run, Elapsed(r.Elapsed),
		})
	}
	head := []string{"DATE", "VERSION", "ENVIRONMENT", "OPERATOR", "RESULT", "REMARK", "RUNBOOK", "RUN", "ELAPSED"}
	return Table(w, head, rows)
}

func (s Style) result(result string) string {
	switch event.Outcome(result) {
	case event.OutcomeSucceeded:
		return s.Good(result)
	case event.OutcomeFailed, event.OutcomeStuck:
		return s.Bad(result)
	default:
		return s.Warn(result)
	}
}

// Table writes rows below a header, aligned.
func Table(w io.Writer, head []string, rows [][]string) error {
	out := &page{}
	t := tablewriter.NewTable(&out.Builder,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAlignment(tw.AlignLeft),
		tablewriter.WithRowAlignment(tw.AlignLeft),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithPadding(tw.Padding{Left: tw.Empty, Right: "  ", Overwrite: true}),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Settings: tw.Settings{
				Lines:      tw.LinesNone,
				Separators: tw.SeparatorsNone,
			},
		})),
	)
	t.Header(head)
	if err := t.Bulk(rows); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("write the table: %w", err)
	}
	trimmed := &page{}
	for line := range strings.Lines(out.String()) {
		trimmed.line("%s", strings.TrimRight(line, " \n"))
	}
	return trimmed.writeTo(w)
}

// wrap breaks text into lines at spaces; a word that is longer stays whole.
func wrap(text string, columns int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case Width(line)+1+Width(word) <= columns:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
