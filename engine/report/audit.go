package report

import (
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// AuditFormat names the JSON form of an audit.
const AuditFormat = "gatebook/audit/v1"

// Audit is the trail of one run: every event in words, with the values that conditions
// were judged by, and what the check of the journal's chain found.
type Audit struct {
	Format  string    `json:"format" enum:"gatebook/audit/v1"`
	Run     event.Run `json:"run"`
	Intact  bool      `json:"intact" doc:"Every record's hash covers the one before it, up to the last, all that the run keeps beside it is what its records vouch for, and each signed answer counts."`
	Fault   string    `json:"fault,omitempty" doc:"Where the chain is broken, or what else was changed."`
	Records uint64    `json:"records"`
	Head    string    `json:"head" doc:"The hash of the last record, which vouches for all."`
	Torn    int64     `json:"torn,omitempty" doc:"How many bytes lie behind the last record, of one that was cut off or that is being written now. Nothing was done on the strength of it, and resume sets it aside."`
	// Overridden is in the entries too, where it is hard to find.
	Overridden []standing.Overridden `json:"overridden,omitempty" doc:"What was otherwise than the runbook says, by a person's word; absent: nothing was."`
	Entries    []Entry               `json:"entries"`

	batches map[string]int // how many there are of each step with foreach that began
	status  *standing.Status
}

// Entry is one event of an [Audit].
type Entry struct {
	Seq uint64 `json:"seq"`
	Who string `json:"who" doc:"The person, or the runbook where the event followed from what it says."`
	wording.Said
	Event event.Event `json:"event"`
}

// NewAudit returns a trail without entries.
func NewAudit() *Audit {
	return &Audit{Format: AuditFormat, Entries: []Entry{}, batches: map[string]int{}, status: standing.New(nil)}
}

// Add puts the next event on the trail.
func (a *Audit) Add(seq uint64, e event.Event) {
	if run := wording.Harmless(e).Run; run != nil {
		a.Run = *run
	}
	a.status.Apply(e)
	said := wording.Describe(e)
	switch {
	case e.Type == event.LoopOpened && e.Op != nil && e.Loop != nil:
		a.batches[e.Op.Step] = len(e.Loop.Batches)
	case e.Type == event.BatchDone && e.Op != nil:
		said.What = wording.BatchDone(e.Op.Index, a.batches[e.Op.Step])
	}
	who := said.By
	if who == "" {
		who = "runbook"
	}
	a.Entries = append(a.Entries, Entry{Seq: seq, Who: who, Said: said, Event: e})
	a.Records = seq
}

// AuditJSON writes a trail as one JSON document.
func AuditJSON(w io.Writer, a *Audit) error {
	told := *a
	told.Overridden = a.status.Overridden()
	return layout.JSON(w, &told)
}

// AuditText writes a trail for people: when, who, what and why.
func AuditText(w io.Writer, a *Audit, style layout.Style) error {
	out := newPage(style)
	r := a.Run
	out.Linef("%s  %s", out.Bold(r.Runbook+" "+r.Version), out.Dim(r.File+" "+r.Digest))
	out.Linef("run %s by %s on %s, gatebook %s", r.ID, layout.Line(r.By), r.Process.Host, r.Gatebook)
	out.Linef("plan %s", r.PlanDigest)
	if r.Seal != "" {
		out.Linef("sealed as %s", r.Seal)
	}
	for _, m := range r.Inputs.Members() {
		out.Linef("  %s = %s", m.Name, out.Value(m.Value))
	}
	for _, said := range a.status.OverriddenWords() {
		out.Linef("%s %s", out.Warn("!"), said)
	}
	out.Linef("")
	width := len("runbook")
	for _, e := range a.Entries {
		width = max(width, layout.Width(layout.Line(e.Who)))
	}
	for _, e := range a.Entries {
		out.entry(e, width)
	}
	out.Linef("")
	out.measured(a)
	if a.Intact {
		out.Linef("%s the journal is as it was written: %s, the last with hash %s",
			out.Good("✓"), layout.Plural(int(a.Records), "record"), a.Head)
	} else {
		out.Linef("%s what the run keeps was changed after it was written: %s", out.Bad("✗"), layout.Line(a.Fault))
	}
	if a.Torn > 0 {
		out.Linef("%s behind the last record lie %s of one that was cut off as it was written, or that is being written now; resume sets them aside",
			out.Warn("!"), layout.Plural(int(a.Torn), "byte"))
	}
	return out.Print(w)
}

// measured says what a run took and lost, and was worth as a drill.
func (out *page) measured(a *Audit) {
	var measured *event.Measured
	for _, e := range a.Entries {
		if e.Event.Result != nil {
			measured = e.Event.Result.Measured
		}
	}
	if measured == nil {
		return
	}
	for _, line := range []string{wording.Drill(a.Run, measured), wording.Took(measured), wording.Lost(measured)} {
		if line != "" {
			out.Linef("%s", line)
		}
	}
}

func (out *page) entry(e Entry, width int) {
	what := e.What
	if e.Step != "" {
		what = e.Step + " " + what
	}
	if e.Why != "" && e.Event.Verdict == nil {
		what += out.Dim(": ") + e.Why
	}
	out.Linef("%5d  %s  %s  %s", e.Seq, layout.Stamp(e.Event.Time), layout.Pad(layout.Line(e.Who), width), what)
	indent := strings.Repeat(" ", 7)
	if params := e.Event.Params; params != nil && e.Event.Type == event.AttemptStarted {
		out.Linef("%s%s", indent, out.Dim("with "+layout.Cut(layout.Plain(*params), layout.ValueWidth)))
	}
	if v := e.Event.Verdict; v != nil {
		out.judged(indent, v)
	}
	if answer := e.Event.Answer; answer != nil {
		for _, file := range answer.Attachments {
			out.Linef("%s%s", indent, out.Dim("kept "+layout.Line(file.Name)+", "+layout.Plural(int(file.Size), "byte")+", sha256:"+layout.Line(file.SHA256)))
		}
	}
	if outputs := e.Event.Outputs; outputs != nil && !outputs.IsNull() {
		out.Linef("%s%s", indent, out.Dim("gave "+layout.Cut(layout.Plain(*outputs), layout.ValueWidth)))
	}
}
