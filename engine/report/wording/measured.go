package wording

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
)

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
