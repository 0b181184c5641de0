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
		began, measured := GoodDrill(entry)
		if measured == nil {
			continue
		}
		for i := range found {
			if last := &found[i]; last.Runbook == began.Runbook && (last.At == nil || last.At.Before(measured.At)) {
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
		if began, measured := GoodDrill(entry); measured != nil && !slices.Contains(names, began.Runbook) {
			names = append(names, began.Runbook)
		}
	}
	return names
}

// GoodDrill returns what a run took and lost that was a drill, and a good one; nil: it was none,
// or it cannot be read.
func GoodDrill(entry journal.Entry) (event.Run, *event.Measured) {
	began, err := BeganIn(entry)
	if err != nil || !began.IsDrill() {
		return began, nil
	}
	if measured := measuredIn(entry); began.DrillResult(measured) == event.GoodDrill {
		return began, measured
	}
	return began, nil
}

// measuredIn returns what a run took and lost; nil: it has not succeeded. That is in its last
// record, unless it is being taken back, or was when its process died.
func measuredIn(entry journal.Entry) *event.Measured {
	var last event.Event
	if json.Unmarshal(entry.Last, &last) == nil && last.Result != nil {
		return last.Result.Measured
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
		return nil
	}
	return measured
}
