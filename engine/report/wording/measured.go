package wording

import (
	"strings"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Drill says what a drill was worth; empty: the run was none, or has not succeeded.
func Drill(run event.Run, m *event.Measured) string {
	switch run.DrillResult(m) {
	case event.GoodDrill:
		return "It was a good drill."
	case event.MissedDrill:
		return "The drill missed what the runbook promises."
	case event.AlteredDrill, event.FaultyDrill:
		return "It was no good drill: " + strings.Join(flaws(run, m), "; ") + "."
	default:
		return ""
	}
}

// flaws are why a drill was not good.
func flaws(run event.Run, m *event.Measured) []string {
	altered := m.Altered
	if len(altered) == 0 {
		altered = run.Altered()
	}
	var said []string
	if len(altered) > 0 {
		said = append(said, "it is "+Altered(run.Choice.ModeName(), altered))
	}
	if m.Idle {
		said = append(said, "no step was done")
	}
	if len(m.Failed) > 0 {
		said = append(said, layout.Steps(m.Failed)+" failed")
	}
	if !m.Met() {
		said = append(said, "it missed what the runbook promises")
	}
	return said
}

// Altered completes "it is …": in what a run is not done as its mode says; empty: in nothing.
func Altered(mode string, altered []string) string {
	if len(altered) == 0 {
		return ""
	}
	return layout.Line("not done as the mode " + mode + " says: " + strings.Join(altered, ", "))
}

// BeginsAltered says before a run in what it is not to be done as its mode says, and what follows
// from that; empty: in nothing.
func BeginsAltered(run event.Run) string {
	mode := run.Choice.ModeName()
	said := Altered(mode, run.Altered())
	if said == "" {
		return ""
	}
	said = "It is " + said + "."
	if run.Choice.InForce(run.Others) != mode {
		said += " Its expressions and a policy see no mode."
	}
	if run.IsDrill() {
		said += " It is no good drill, however it goes."
	}
	return said
}

// Took holds how long a run took against what is promised; empty: nothing is.
func Took(m *event.Measured) string {
	switch {
	case m.RTO == 0:
		return ""
	case m.Late() > 0:
		return "It took " + layout.Elapsed(m.Late()) + " longer than the objective of " + layout.Span(m.RTO) + "."
	default:
		return "Within the objective of " + layout.Span(m.RTO) + "."
	}
}

// Lost says how much recent data was lost, and holds it against what is promised; empty: nothing
// measures it.
func Lost(m *event.Measured) string {
	switch {
	case m.Why != "":
		return "How much data was lost was not measured: " + layout.Line(m.Why) + "."
	case m.Lost == nil:
		return ""
	case m.RPO == 0:
		return "Recent data was lost: " + layout.Span(*m.Lost) + "."
	case m.Over() > 0:
		return "Recent data was lost: " + layout.Span(*m.Lost) + ", " + layout.Span(m.Over()) + " more than the objective of " + layout.Span(m.RPO) + "."
	default:
		return "Recent data was lost: " + layout.Span(*m.Lost) + ", within the objective of " + layout.Span(m.RPO) + "."
	}
}
