package dossier

import (
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// lossWords say how much recent data may be lost, and whether that is measured; empty: the runbook
// says nothing of it.
func lossWords(p *plan.Plan) string {
	switch {
	case p.RPO == 0 && p.DataLoss == nil:
		return ""
	case p.RPO == 0 && p.Unmeasured != "":
		return "data loss: not measured, as " + p.Unmeasured + " is not done"
	case p.RPO == 0:
		return "data loss: measured when the run has succeeded"
	case p.DataLoss == nil:
		return "data loss: at most " + layout.Span(p.RPO) + ", which nothing measures"
	case p.Unmeasured != "":
		return "data loss: at most " + layout.Span(p.RPO) + ", which is not measured, as " + p.Unmeasured + " is not done"
	default:
		return "data loss: at most " + layout.Span(p.RPO) + ", measured when the run has succeeded"
	}
}
