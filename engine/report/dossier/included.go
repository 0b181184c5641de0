package dossier

import (
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/value"
)

// takenIn is which runbook a step takes in, and what becomes of that. Its steps stand below, each
// with the id of the step before its own.
func (out *page) takenIn(s *plan.Step) string {
	parts := []string{layout.Line(s.Runbook.Name + " " + s.Runbook.Version), out.Dim(layout.Line(s.Runbook.File))}
	if skip := skip(s); skip != "" {
		parts = append(parts, out.Dim(string(skip)))
	}
	return strings.Join(parts, "  ")
}

// given are the parameters of a step; of one that takes in a runbook the inputs of that, those
// among them that it does not give.
func given(s *plan.Step) value.Value {
	if s.Runbook != nil {
		return s.Runbook.Inputs
	}
	return s.Params
}
