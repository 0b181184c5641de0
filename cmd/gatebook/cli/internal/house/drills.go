package house

import (
	"slices"

	"github.com/gatebook/gatebook/engine"
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

// TellDrills says of the names in lastDrill that none of the runbooks has, and of which nothing was
// ever drilled, which name is perhaps meant. Where that cannot be looked up it says nothing: a check
// needs no runs.
func (h *House) TellDrills(runbooks []*engine.Runbook) {
	var asked, known []string
	for _, runbook := range runbooks {
		if runbook.Checked != nil {
			known = append(known, runbook.Checked.Model.Metadata.Name.Value)
			asked = append(asked, runbook.Checked.Drills...)
		}
	}
	asked = slices.DeleteFunc(asked, func(name string) bool { return slices.Contains(known, name) })
	if len(asked) == 0 {
		return
	}
	slices.Sort(asked)
	runs, err := OpenWithRuns(h.Console)
	if err != nil {
		return
	}
	if found, err := runs.LastDrills(slices.Compact(asked)); err == nil {
		h.tellMeant(found, append(runs.Drilled(), known...))
	}
}

// tellMeant says of runbooks that were never drilled which others, of names like theirs, there are.
func (h *House) tellMeant(found []event.LastDrill, known []string) {
	for _, last := range found {
		if near, ok := diag.Nearest(last.Runbook, known); ok && last.At == nil {
			h.Note("%s was never drilled. Did you mean %s?", last.Runbook, near)
		}
	}
}
