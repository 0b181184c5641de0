// Package runs is what the verbs about runs share: finding one, looking at it, asking
// something of the process that drives it, and driving one here with a view of it.
package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/house"
	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/history"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/engine/run"
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

	plan  *plan.Plan      // as the run keeps it; nil: it has none
	heard *run.Hearing    // what its journal says of questions
	read  journal.Summary // how far its journal has been read
}

// policy is the one that the run goes by; nil: there is none. Where the plan that says so is
// gone, nobody can tell.
func (r *Run) policy() (*people.Policy, error) {
	if r.plan == nil && r.Status.Run.PlanDocument != "" {
		return nil, console.Usage("Put it back. Nothing was answered.", "the plan.json of run %s is gone, and with it what says whose answers count", r.ID())
	}
	return policyOf(r.plan)
}

func policyOf(planned *plan.Plan) (*people.Policy, error) {
	if planned == nil {
		return nil, nil //nolint:nilnil // a run without a plan has no policy either
	}
	return people.Again(planned.People)
}

// look reads the journal of a run to its end.
func (r *Runs) look(folder *journal.Run) (*Run, error) {
	planned, err := readPlan(folder)
	if err != nil {
		return nil, err
	}
	policy, err := policyOf(planned)
	if err != nil {
		planned = nil // whoever takes the run up, or audits it, is told
	}
	heard := run.HearingOf(planned, policy)
	status := standing.New(planned)
	if text, err := folder.Runbook(); err == nil { // a status does without
		status.Read(text)
	}
	read, err := folder.Replay(func(record journal.Record) error {
		e, err := decode(record.Payload)
		if err == nil {
			status.Apply(e)
			heard.Note(e)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look at run %s: %w", folder.ID(), err)
	}
	r.tellWho(planned, status)
	found := &Run{Run: folder, Status: status, plan: planned, heard: heard, read: read}
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
// where the last record is not the end, or does not tell what failed first, or where people
// may have left steps out in between. A run that cannot be read is shown as such.
func (r *Runs) record(entry journal.Entry) history.Record {
	status, err := summarise(entry)
	if err == nil && (status.Result == nil || wording.AskedFor(status.Result) || status.Run.Stepwise) {
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
