package wording

import (
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Choice says who has left out what of a runbook, and why; empty: nothing is left out.
func Choice(choice *event.Choice) string { return layout.Line(choice.Words()) }

// Part says who has left out what of the runbook of a run, and which approvals so; empty:
// nothing is left out.
func Part(run *event.Run) string {
	said := Choice(run.Choice)
	if len(run.Unapproved) > 0 {
		said += "; so nobody was asked by the approval " + layout.Line(layout.Names(run.Unapproved))
	}
	return said
}

// LeftOut says who has left out a step, and why; empty: nobody has.
func LeftOut(why *event.LeftOut) string { return layout.Line(why.Words()) }

// began says what is special about a run from its beginning; empty: nothing is.
func began(run *event.Run) string {
	said := []string{Overrides(run.Overrides), Part(run)}
	said = append(said, run.OtherInputs()...)
	if run.Stepwise {
		said = append(said, "it goes step by step")
	}
	var parts []string
	for _, part := range said {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "; ")
}
