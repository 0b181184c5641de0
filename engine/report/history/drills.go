package history

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
)

// DrillsFormat names the JSON form of the drills.
const DrillsFormat = "gatebook/drills/v1"

// Drills is the record of drills as JSON.
type Drills struct {
	Format   string    `json:"format" enum:"gatebook/drills/v1"`
	Runbooks []Drilled `json:"runbooks" doc:"Those that were drilled, the one with the newest drill first."`
	Unread   []string  `json:"unread,omitempty" doc:"The runs that cannot be read, and may have been drills."`
}

// Drilled is how a runbook was drilled.
type Drilled struct {
	Runbook string `json:"runbook"`
	Last    Drill  `json:"last" doc:"The last drill, however it went."`
	Good    *Drill `json:"good,omitempty" doc:"The last good one; absent: none was."`
}

// Drill is one run that was a drill.
type Drill struct {
	Run      string          `json:"run"`
	Date     time.Time       `json:"date" doc:"When it began."`
	Revision string          `json:"revision" doc:"The runbook's own version."`
	Operator string          `json:"operator"`
	Result   string          `json:"result" doc:"How it ended: good; altered where it succeeded and was not done as its mode says, faulty where a step failed all the same or none was done, missed where it did not keep what is promised; else as in the history." examples:"good,missed,altered,faulty,rolled_back"`
	Altered  []string        `json:"altered,omitempty" doc:"In what it was not done as its mode says, in words; absent: in nothing."`
	Age      time.Duration   `json:"age,omitempty" doc:"How long ago it had succeeded; absent: it has not."`
	Waited   time.Duration   `json:"waited,omitempty" doc:"How long of its time it did nothing but wait for people, or lay paused."`
	Measured *event.Measured `json:"measured,omitempty" doc:"What it took and lost, held against the objectives; absent: it has not succeeded."`
}

// DrillOf is the record of a run that was a drill. A good one stays so when it is taken back later.
func DrillOf(s *standing.Status, now time.Time) Drill {
	d := Drill{Run: s.Run.ID, Date: s.Started, Revision: s.Run.Version, Operator: s.Run.By, Result: result(s), Altered: s.Altered}
	if s.Result == nil || s.Result.Measured == nil {
		return d
	}
	d.Measured, d.Waited = s.Result.Measured, s.Waited
	d.Age = max(0, now.Sub(d.Measured.At))
	d.Result = string(s.Run.DrillResult(d.Measured))
	return d
}

// worth says of a drill that it was not good, for the remark of its run; empty: it was, or it was
// none, or it has not succeeded.
func worth(s *standing.Status) string {
	if s.Result == nil {
		return ""
	}
	switch result := s.Run.DrillResult(s.Result.Measured); result {
	case event.MissedDrill:
		return "the drill missed what is promised"
	case event.AlteredDrill, event.FaultyDrill:
		return "the drill was " + string(result) + ", and is no good one"
	default:
		return ""
	}
}

// DrillsJSON writes the drills as one document.
func DrillsJSON(w io.Writer, drilled []Drilled, unread []string) error {
	if drilled == nil {
		drilled = []Drilled{}
	}
	return layout.JSON(w, Drills{DrillsFormat, drilled, unread})
}

// DrillsCSV writes the drills as CSV, as [CSV] does with runs: of each runbook the last one, and when
// the last good one had succeeded.
func DrillsCSV(w io.Writer, drilled []Drilled) error {
	rows := [][]string{{"runbook", "date", "revision", "operator", "result", "last_good", "took_seconds", "lost_seconds", "rto_seconds", "rpo_seconds", "run"}}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
	for _, d := range drilled {
		good, took, lost, rto, rpo := "", "", "", "", ""
		if d.Good != nil {
			good = d.Good.Measured.At.Format(time.RFC3339)
		}
		if m := d.Last.Measured; m != nil {
			took = seconds(m.Took)
			if m.Lost != nil {
				lost = seconds(*m.Lost)
			}
			if m.RTO > 0 {
				rto = seconds(m.RTO)
			}
			if m.RPO > 0 {
				rpo = seconds(m.RPO)
			}
		}
		rows = append(rows, []string{d.Runbook, d.Last.Date.Format(time.RFC3339), d.Last.Revision, d.Last.Operator, d.Last.Result, good, took, lost, rto, rpo, d.Last.Run})
	}
	return writeCSV(w, rows)
}

// DrillsTable writes the drills as a table, a row for each runbook, or as a paragraph each where that
// is wider than the columns there are; 0: as many as it takes.
func DrillsTable(w io.Writer, drilled []Drilled, style layout.Style, columns int) error {
	rows := make([][]string, 0, len(drilled))
	for _, d := range drilled {
		good := "never"
		if d.Good != nil {
			good = Ago(d.Good.Age)
		}
		rows = append(rows, []string{
			d.Runbook, d.Last.Date.Format("2006-01-02 15:04"), dressedDrill(d.Last.Result, style), good,
			recovery(d.Last), loss(d.Last.Measured), promised(d.Last.Measured), d.Last.Run,
		})
	}
	head := []string{"RUNBOOK", "LAST DRILL", "RESULT", "LAST GOOD", "RECOVERY", "DATA LOSS", "OBJECTIVES", "RUN"}
	if columns == 0 || width(head, rows) <= columns {
		return layout.Table(w, head, rows)
	}
	out := layout.Page{Style: style}
	for i, row := range rows {
		out.Linef("%s", out.Bold(row[0]+" "+drilled[i].Last.Revision))
		out.Linef("  %s  %s", row[1], row[2])
		for _, line := range layout.Wrap("last good "+row[3]+"; recovery "+row[4]+"; data loss "+row[5]+"; objectives "+row[6], columns-len("  ")) {
			out.Linef("  %s", line)
		}
		out.Linef("  %s", out.Dim("run "+row[7]))
	}
	return out.Print(w)
}

func recovery(d Drill) string {
	if d.Measured == nil {
		return "-"
	}
	text := layout.Elapsed(d.Measured.Took)
	if d.Waited >= time.Second {
		text += ", " + layout.Elapsed(d.Measured.Took-d.Waited) + " without waiting"
	}
	return text
}

func loss(m *event.Measured) string {
	switch {
	case m == nil || m.Lost == nil && m.Why == "":
		return "-"
	case m.Lost == nil:
		return "not measured"
	default:
		return layout.Span(*m.Lost)
	}
}

func promised(m *event.Measured) string {
	if m == nil {
		return "-"
	}
	var said []string
	if m.RTO > 0 {
		said = append(said, "rto "+layout.Span(m.RTO))
	}
	if m.RPO > 0 {
		said = append(said, "rpo "+layout.Span(m.RPO))
	}
	if len(said) == 0 {
		return "none"
	}
	return strings.Join(said, ", ")
}

// Ago says how long ago something was, as people say it.
func Ago(age time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case age < time.Minute:
		return "just now"
	case age < time.Hour:
		return ago(int(age/time.Minute), "minute")
	case age < 2*day:
		return ago(int(age/time.Hour), "hour")
	default:
		return ago(int(age/day), "day")
	}
}

func ago(n int, unit string) string { return fmt.Sprintf("%s ago", layout.Plural(n, unit)) }

func dressedDrill(result string, s layout.Style) string {
	switch event.DrillResult(result) {
	case event.GoodDrill:
		return s.Good(result)
	case event.MissedDrill, event.FaultyDrill, event.AlteredDrill:
		return s.Bad(result)
	default:
		return dressed(result, s)
	}
}
