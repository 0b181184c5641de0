package house

import (
	"slices"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
)

// lastDrills looks up when runbooks were last drilled, for a plan, which does without where that
// cannot be told. Of a name of which there was never a run it says which one is perhaps meant.
func (h *House) lastDrills(runbooks []string) []event.LastDrill {
	if len(runbooks) == 0 {
		return nil
	}
	runs := h
	if h.Store().Root() == "" {
		var err error
		if runs, err = OpenWithRuns(h.Console); err != nil {
			return nil
		}
	}
	found, err := runs.LastDrills(runbooks)
	if err != nil {
		h.Note("When runbooks were last drilled cannot be told: %v", err)
		return nil
	}
	if slices.ContainsFunc(found, func(last event.LastDrill) bool { return last.At == nil }) {
		h.tellMeant(found, runs.Drilled())
	}
	return found
}

// tellMeant says of runbooks that were never drilled which others were, of names like theirs.
func (h *House) tellMeant(found []event.LastDrill, known []string) {
	for _, last := range found {
		if near, ok := diag.Nearest(last.Runbook, known); ok && last.At == nil {
			h.Note("%s was never drilled. Did you mean %s, which was?", last.Runbook, near)
		}
	}
}
