package run

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/machine"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/run/internal/past"
)

// ErrMayHaveChanged says that a run cannot be given up: by its journal it may have changed
// something, which only its plan can deal with.
var ErrMayHaveChanged = errors.New("it may have changed something")

// GiveUp ends a run that has paused or died from its journal alone, as a cancel that needs
// neither its plan nor its plugins: these may be gone for good, and the run's locks are to be
// free all the same. It is for a run that has certainly changed nothing, and so has nothing in
// flight that could; of any other the error is [ErrMayHaveChanged]. The steps of `finally` do
// not run. With the plan at hand the run can be taken up again as any that was stopped. began
// is what was fixed when the run started.
func GiveUp(ctx context.Context, folder *journal.Run, p Process, began event.Run, r Resumption) (event.Result, error) {
	locks, err := lockToEnd(ctx, folder, p.ownerOf(began.Runbook, began.Choice), began.LockNames())
	if err != nil {
		return event.Result{}, err
	}
	defer locks.Close()
	tale := past.TaleOf(folder, began)
	log, repair, err := folder.OpenJournal(tale.Record)
	if err != nil {
		return event.Result{}, err
	}
	if tale.Ended || tale.MayHaveChanged() {
		err := ErrMayHaveChanged
		if tale.Ended {
			err = &RefusedError{Run: folder.ID(), Reason: "the run has ended"}
		}
		return event.Result{}, errors.Join(err, log.Close())
	}
	facts := []event.Event{{
		Type: event.RunResumed, Process: &p.Info, By: r.By, Name: string(event.CancelAsked), Reason: both(r.Reason, torn(repair)),
	}}
	facts = append(facts, takeovers(folder, locks)...)
	waiting, err := folder.TakeInbox()
	if err != nil {
		return event.Result{}, errors.Join(err, log.Close())
	}
	facts = append(facts, unheard(waiting, tale.Known)...)
	facts = append(facts, event.Event{Type: event.GivenUp, By: r.By, Reason: r.Reason})
	result, err := endTale(tale, log, p, facts...)
	if err = errors.Join(err, log.Close()); err != nil {
		return event.Result{}, &AbandonedError{Run: folder.ID(), Cause: err}
	}
	for _, request := range waiting {
		_ = folder.Done(request.ID) // one that stays is in the journal, and counts for nothing
	}
	locks.Keep(time.Time{})
	return result, nil
}

// unheard refuses what is in the inbox of a run that is given up.
func unheard(waiting []journal.Request, known map[string]bool) []event.Event {
	var refusals []event.Event
	for _, r := range waiting {
		if known[r.ID] {
			continue
		}
		var request Request
		_ = json.Unmarshal(r.Body, &request) // of what cannot be read nothing is told but that it is refused
		refusals = append(refusals, event.Event{Type: event.AnswerRefused, Name: string(request.Type), Request: r.ID, By: request.By, Reason: hasEnded})
	}
	return refusals
}

// lockToEnd locks a run to end it. One of its declared locks may be another run's by now, where it
// died; that one keeps it. One of which nobody can tell whose it is may still be its own, and
// would stay in its name for ever.
func lockToEnd(ctx context.Context, folder *journal.Run, owner journal.Owner, declared []string) (*journal.Locks, error) {
	if len(declared) == 0 {
		return folder.Lock(ctx, owner)
	}
	locks, err := folder.Lock(ctx, owner, declared...)
	if held, is := errors.AsType[*journal.HeldError](err); is && held.ByAnother(folder.ID()) {
		return folder.Lock(ctx, owner)
	}
	return locks, err
}

// endTale writes the end of the run behind its journal, and tells whoever watches. What is the
// same for every plan, a machine decides that knows no steps. So the result that it writes has
// neither outputs nor a record, of which a run that changed nothing has nothing to tell; a
// replay, which has the plan, makes them of nulls, and is held to the outcome alone.
func endTale(t *past.Tale, log *journal.Journal, p Process, facts ...event.Event) (result event.Result, err error) {
	now := p.Now().Round(0).UTC()
	if now.Before(t.Last.Time) {
		now = t.Last.Time
	}
	m := machine.New(&plan.Plan{})
	m.Next(t.First)
	var events []event.Event
	for _, fact := range facts {
		fact.Time = now
		events = append(events, fact)
		for _, command := range m.Next(fact) {
			if decided, is := command.(machine.Record); is {
				events = append(events, decided.Event)
			}
		}
	}
	for _, e := range events {
		line, err := json.Marshal(e)
		if err == nil {
			_, err = log.Append(line)
		}
		if err != nil {
			return event.Result{}, err
		}
	}
	if err := log.Sync(); err != nil {
		return event.Result{}, err
	}
	for _, e := range events {
		if p.Watch != nil {
			p.Watch.Event(e)
		}
	}
	return m.Result(), nil
}
