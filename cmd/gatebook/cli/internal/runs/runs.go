// Package runs is what the verbs about runs share: finding one, looking at it, asking
// something of the process that drives it, and driving one here with a view of it.
package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/review"
)

// Runs are the runs that an engine keeps.
type Runs struct {
	*console.Console
	Engine *engine.Engine
	// In returns the same runs with an engine that works in another folder.
	In func(dir string) (*Runs, error)
}

// Of returns the runs of a house.
func Of(h *house.House) *Runs {
	return &Runs{Console: h.Console, Engine: h.Engine, In: func(dir string) (*Runs, error) {
		moved, err := h.In(dir)
		if err != nil {
			return nil, err
		}
		return Of(moved), nil
	}}
}

// Run is one run that was found.
type Run struct {
	*journal.Run
	Status *standing.Status
	Holder journal.Owner // whose process drives it now, where one does

	plan *plan.Plan      // as the run keeps it; nil: it has none
	read journal.Summary // how far its journal has been read
}

// policy is the one that the run goes by; nil: there is none.
func (r *Run) policy() (*people.Policy, error) {
	if r.plan == nil {
		return nil, nil //nolint:nilnil // a run without a plan has no policy either
	}
	return people.Again(r.plan.People)
}

// look reads the journal of a run to its end.
func (r *Runs) look(folder *journal.Run) (*Run, error) {
	planned, err := readPlan(folder)
	if err != nil {
		return nil, err
	}
	status := standing.New(planned)
	if text, err := folder.Runbook(); err == nil { // a status does without
		status.Read(text)
	}
	read, err := folder.Replay(func(record journal.Record) error {
		e, err := decode(record.Payload)
		if err == nil {
			status.Apply(e)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look at run %s: %w", folder.ID(), err)
	}
	r.tellWho(planned, status)
	found := &Run{Run: folder, Status: status, plan: planned, read: read}
	if err := found.setDrive(); err != nil {
		return nil, err
	}
	for i := range status.Next {
		status.Next[i].Type = r.Runnable(status.Next[i].Type)
	}
	return found, nil
}

// setDrive finds out whether a process drives the run now. A run whose process died
// never says so itself.
func (r *Run) setDrive() error {
	owner, alive, err := r.Alive()
	switch {
	case err != nil:
		return fmt.Errorf("look whether run %s is driven: %w", r.ID(), err)
	case alive:
		r.Status.Drive, r.Holder = standing.Driven, owner
	case r.Status.Result == nil:
		r.Status.Drive = standing.Abandoned
	default:
		r.Status.Drive = standing.AtRest
	}
	r.Status.Finish()
	return nil
}

// readPlan reads the plan that the run keeps for people to read. A run that died before
// it was written has none.
func readPlan(folder *journal.Run) (*plan.Plan, error) {
	text, err := folder.Plan()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a status does without a plan
	}
	if err != nil {
		return nil, fmt.Errorf("plan of run %s: %w", folder.ID(), err)
	}
	var planned plan.Plan
	if err := json.Unmarshal(text, &planned); err != nil {
		return nil, fmt.Errorf("plan of run %s: %w", folder.ID(), err)
	}
	return &planned, nil
}

func decode(payload []byte) (event.Event, error) {
	var e event.Event
	if err := json.Unmarshal(payload, &e); err != nil {
		return e, fmt.Errorf("a record is no event: %w", err)
	}
	return e, nil
}

// Audit reads the journal of a run to its end, and says whether it is as it was written.
func (r *Runs) Audit(name string) (*report.Audit, error) {
	folder, err := r.find(name)
	if err != nil {
		return nil, err
	}
	trail := report.NewAudit()
	summary, err := folder.Replay(func(record journal.Record) error {
		e, err := decode(record.Payload)
		if err == nil {
			trail.Add(record.Seq, e)
		}
		return err
	})
	var damaged *journal.DamagedError
	switch {
	case errors.As(err, &damaged):
		trail.Fault = damaged.Error()
	case summary.Head.Seq == 0 && (err == nil || errors.Is(err, fs.ErrNotExist)):
		trail.Fault = "the journal has no record, and the first is on the disk before a run begins"
	case err != nil:
		return nil, unread(folder, fmt.Errorf("audit run %s: %w", folder.ID(), err))
	default:
		trail.Fault = r.changed(folder, trail)
	}
	trail.Intact = trail.Fault == ""
	trail.Records, trail.Head, trail.Torn = summary.Head.Seq, summary.Head.Hash.String(), summary.Torn
	return trail, nil
}

// changed says what is wrong with what a run keeps beside its journal: the runbook and the plan,
// for which its first record vouches, the files that the plan names, and those that came with
// answers. That nothing vouches for the plan is no fault of the run.
func (r *Runs) changed(folder *journal.Run, trail *report.Audit) string {
	began := trail.Run
	text, err := folder.Runbook()
	if err == nil {
		err = began.Vouches(text)
	}
	document, planErr := folder.Plan()
	if planErr == nil {
		planErr = began.VouchesForPlan(document)
	}
	if errors.Is(planErr, event.ErrUnvouched) {
		r.Note("Run %s: %v.", folder.ID(), planErr)
		planErr = nil
	}
	if planErr == nil {
		planErr = otherFiles(folder)
	}
	err = errors.Join(err, planErr)
	for _, entry := range trail.Entries {
		if entry.Event.Answer == nil || entry.Event.Type != event.Answered {
			continue
		}
		for _, file := range entry.Event.Answer.Attachments {
			_, missing := folder.Attached(file.SHA256)
			err = errors.Join(err, missing)
		}
	}
	if err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return ""
}

// otherFiles says which of the files that a runbook takes in are not as the plan of the run has
// them.
func otherFiles(folder *journal.Run) error {
	planned, err := readPlan(folder)
	if err != nil || planned == nil {
		return err
	}
	var faults []error
	for _, file := range planned.Runbook.Files {
		text, err := folder.File(file.Name)
		if err == nil && event.Digest(text) != file.Digest {
			err = fmt.Errorf("the file %s is not the one that the run began with", file.Name)
		}
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// History returns the records of the runs that pass the filter, newest first, at most
// limit of them, and whether there are more.
func (r *Runs) History(filter history.Filter, limit int) (records []history.Record, more bool, err error) {
	all, err := r.Engine.Store().List()
	if err != nil {
		return nil, false, console.Usage("", "%v", err)
	}
	var copies []string
	defer func() { r.tellStrangers(copies) }()
	for entry := range all {
		if isCopy(entry) {
			copies = append(copies, entry.Run.ID())
			continue
		}
		record := r.record(entry)
		if !record.Date.IsZero() && record.Date.Before(filter.Since) {
			break // those that follow are older
		}
		if !filter.Keep(record) {
			continue
		}
		if limit > 0 && len(records) == limit {
			return records, true, nil
		}
		records = append(records, record)
	}
	return records, false, nil
}

// How many earlier runs an estimate is made from, and in how many is looked for these.
const (
	remembered = 20
	lookedFor  = 200
)

// Past says how long the steps of a runbook took in its last runs that succeeded. What cannot
// be read of them makes no estimate.
func (r *Runs) Past(runbook string) map[string]review.Past {
	all, err := r.Engine.Store().List()
	if err != nil {
		return nil
	}
	var ran []*standing.Status
	looked := 0
	for entry := range all {
		if looked++; looked > lookedFor || len(ran) == remembered {
			break
		}
		short, err := summarise(entry)
		if err != nil || isCopy(entry) || short.Run.Runbook != runbook || short.Result == nil || short.Result.Outcome != event.OutcomeSucceeded {
			continue
		}
		if found, err := r.look(entry.Run); err == nil {
			ran = append(ran, found.Status)
		}
	}
	return history.Lasted(ran)
}

// record makes a run's line from the two ends of its journal, and from the whole only
// where the last record is not the end, or does not tell what failed first. A run that cannot be read is shown as such.
func (r *Runs) record(entry journal.Entry) history.Record {
	status, err := summarise(entry)
	if err == nil && (status.Result == nil || wording.AskedFor(status.Result)) {
		var found *Run
		if found, err = r.look(entry.Run); err == nil {
			status = found.Status
		}
	}
	if err != nil {
		return history.Record{Date: entry.Run.Made(), Run: entry.Run.ID(), Result: history.Unreadable, Remark: layout.Line(err.Error())}
	}
	return history.Of(status, r.Now())
}

func summarise(entry journal.Entry) (*standing.Status, error) {
	switch {
	case entry.Err == nil && entry.First == nil, errors.Is(entry.Err, fs.ErrNotExist):
		return nil, errNoRecord
	case entry.Err != nil:
		return nil, entry.Err
	}
	status := standing.New(nil)
	for _, payload := range [][]byte{entry.First, entry.Last} {
		e, err := decode(payload)
		if err != nil {
			return nil, err
		}
		status.Apply(e)
	}
	return status, nil
}
