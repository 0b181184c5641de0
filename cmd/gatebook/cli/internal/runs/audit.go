package runs

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/people"
	"github.com/gatebook/gatebook/engine/report"
	"github.com/gatebook/gatebook/engine/run"
)

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
	if planErr == nil {
		planErr = forged(folder, trail)
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

// forged says which answers in the journal of a run do not count by the policy that its plan
// has: of them there is no proof, or it is that of something else.
func forged(folder *journal.Run, trail *report.Audit) error {
	planned, err := readPlan(folder)
	if err != nil || planned == nil {
		return err
	}
	policy, err := people.Again(planned.People)
	if err != nil {
		return err
	}
	heard := run.HearingOf(planned, policy)
	var faults []error
	for _, entry := range trail.Entries {
		if forged, is := errors.AsType[*run.ForgedError](heard.Read(entry.Event)); is {
			faults = append(faults, fmt.Errorf("record %d: %s", entry.Seq, forged.Fault()))
			heard.Note(entry.Event)
		}
	}
	return errors.Join(faults...)
}
