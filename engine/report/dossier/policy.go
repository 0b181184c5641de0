package dossier

import (
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// policyWords says by which policy a plan goes; empty: by none.
func policyWords(p *plan.Plan) string {
	if p.People == nil {
		return ""
	}
	said := "; policy: " + layout.Line(p.People.File.Name)
	if p.People.Signers != nil {
		said += "; answers are signed"
	}
	return said
}
