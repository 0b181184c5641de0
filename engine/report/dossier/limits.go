package dossier

import (
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
	"github.com/gatebook/gatebook/engine/review"
)

// limits says what a plan makes of each of its limits; empty: it has none.
func (out *page) limits(r *review.Review) string {
	if len(r.Limits) == 0 {
		return ""
	}
	said := make([]string, len(r.Limits))
	for i, l := range r.Limits {
		said[i] = wording.Limit(l.Line, l.Most)
		switch {
		case l.IsEstimate() && len(l.Until) == 0:
			said[i] = "about " + said[i]
		case l.IsEstimate():
			said[i] = "at least " + said[i]
		case len(l.Until) > 0:
			said[i] = "at least " + said[i] + ", and unknown until " + layout.Steps(l.Until)
		}
		if l.IsOver() {
			said[i] = out.Bad(said[i])
		}
	}
	return "limits: " + strings.Join(said, "; ")
}
