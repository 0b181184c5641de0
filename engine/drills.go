package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

// LastDrills returns for each of some runbooks its last good drill, by the runs in the engine's
// state folder: one that succeeded, was done as its mode says and whole, and kept what the
// runbook promises. It is never nil where
// there are such runbooks.
func (e *Engine) LastDrills(runbooks []string) ([]event.LastDrill, error) {
	if len(runbooks) == 0 {
		return nil, nil
	}
	found := make([]event.LastDrill, len(runbooks))
	for i, name := range runbooks {
		found[i].Runbook = name
	}
	all, err := e.store.List()
	if err != nil {
		return nil, err
	}
	for entry := range all {
		began, measured, err := GoodDrill(entry)
		for i := range found {
			last := &found[i]
			switch of := began.Runbook == last.Runbook; {
			case err != nil && (of || began.ID == ""):
				last.Unread = append(last.Unread, entry.Run.ID())
			case of && measured != nil && (last.At == nil || last.At.Before(measured.At)):
				last.At, last.Run = &measured.At, began.ID
			}
		}
	}
	return found, nil
}

// lookUpDrills returns the last drills that the conditions of a plan ask for.
func (e *Engine) lookUpDrills(p *Plan) ([]event.LastDrill, error) {
	found, err := e.LastDrills(p.Drills)
	if err != nil {
		return nil, fmt.Errorf("look up when runbooks were last drilled: %w", err)
	}
	return found, nil
}

// Drilled returns the runbooks of which there is a good drill, each once.
func (e *Engine) Drilled() []string {
	all, err := e.store.List()
	if err != nil {
		return nil
	}
	var names []string
	for entry := range all {
		if began, measured, _ := GoodDrill(entry); measured != nil && !slices.Contains(names, began.Runbook) {
			names = append(names, began.Runbook)
		}
	}
	return names
}

// GoodDrill returns what a run took and lost that was a drill, and a good one; nil: it was none. An
// error says that it cannot be told, as the run cannot be read: where not even its beginning can be,
// it has no id. A copy of a run is none, and neither is one that was never begun.
func GoodDrill(entry journal.Entry) (event.Run, *event.Measured, error) {
	if entry.Err != nil {
		return event.Run{}, nil, entry.Err
	}
	began, err := BeganIn(entry)
	if err != nil || !began.IsDrill() {
		return began, nil, nil //nolint:nilerr // it is no run
	}
	measured, err := measuredIn(entry)
	if err != nil || began.DrillResult(measured) != event.GoodDrill {
		return began, nil, err
	}
	return began, measured, nil
}

// measuredIn returns what a run took and lost; nil: it has not succeeded. That is in its last
// record, unless it is being taken back, or was when its process died.
func measuredIn(entry journal.Entry) (*event.Measured, error) {
	var last event.Event
	if json.Unmarshal(entry.Last, &last) == nil && last.Result != nil {
		return last.Result.Measured, nil
	}
	var measured *event.Measured
	_, err := entry.Run.Replay(func(r journal.Record) error {
		var e event.Event
		if err := json.Unmarshal(r.Payload, &e); err != nil {
			return err
		}
		if e.Result != nil {
			measured = e.Result.Measured
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return measured, nil
}
