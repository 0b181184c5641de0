package runs

import (
	"context"
	"errors"
	"io/fs"

	"github.com/gatebook/gatebook/engine"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/run"
)

// cancel has a run end as its runbook says. Where it cannot be taken up for that, and has
// certainly changed nothing, it is ended from its journal alone.
func (r *Runs) cancel(ctx context.Context, found *Run, o driving, asked run.Resumption, carryOn func(run.Process) (event.Result, error)) error {
	var obstacle error
	err := r.drive(o, func(process run.Process) (event.Result, error) {
		result, err := carryOn(process)
		if err == nil || !keptFromIt(err, found.ID()) {
			return result, err
		}
		result, failed := r.Engine.GiveUp(ctx, found.Run, process, asked)
		if errors.Is(failed, run.ErrMayHaveChanged) {
			return event.Result{}, err
		}
		if failed == nil {
			obstacle = err
		}
		return result, failed
	})
	if obstacle != nil {
		r.Note("Run %s was ended from its journal alone, as it has changed nothing and could not be taken up: its steps of finally did not run. "+
			"What was in the way: %s", found.ID(), layout.Line(obstacle.Error()))
	}
	return err
}

// keptFromIt reports whether an error says that a run cannot be taken up, for a reason that
// does not pass by itself: where it does, a second cancel does all that is due.
func keptFromIt(err error, id string) bool {
	var held *journal.HeldError
	var gone *engine.GoneError
	var plan *engine.OtherPlanError
	var folder *engine.OtherFolderError
	var target *run.OtherTargetError
	var diverged *run.DivergedError
	var forged *run.ForgedError
	var abandoned *run.AbandonedError
	switch {
	case errors.As(err, &held):
		return held.ByAnother(id)
	case errors.As(err, &abandoned):
		return false
	}
	return errors.As(err, &gone) || errors.As(err, &plan) || errors.As(err, &folder) || errors.As(err, &target) ||
		errors.As(err, &diverged) || errors.As(err, &forged) || errors.Is(err, fs.ErrNotExist)
}

// tellable is a reason as it may be written where no driver masks it. Where the run has secrets
// that nobody could read, it may hold one, and is not kept.
func tellable(found *Run, planned *engine.Plan, reason string) string {
	switch {
	case planned != nil:
		return planned.Masked(reason)
	case len(found.Status.Run.Secrets) > 0:
		return ""
	default:
		return reason
	}
}
