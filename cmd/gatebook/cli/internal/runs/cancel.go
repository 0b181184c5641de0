package runs

import (
	"context"
	"errors"

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
		if err == nil || !keptFromIt(err) {
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

// keptFromIt reports whether an error says that a run cannot be taken up, though nobody else
// drives it, and its journal is as it was.
func keptFromIt(err error) bool {
	var held *journal.HeldError
	var refused *run.RefusedError
	var abandoned *run.AbandonedError
	var damaged *journal.DamagedError
	var stopped *run.StoppedError
	switch {
	case errors.As(err, &held):
		return held.Name != "" // its declared lock, which is another run's by now
	case errors.As(err, &refused), errors.As(err, &abandoned), errors.As(err, &damaged), errors.As(err, &stopped):
		return false
	default:
		return true
	}
}
