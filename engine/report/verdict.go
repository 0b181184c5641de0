package report

import (
	"encoding/json"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// judged writes how a condition was judged, and below it the values that decided.
func (out *page) judged(indent string, v *event.Verdict) {
	out.Linef("%s%s", indent, out.verdictLine(v))
	out.Tree(indent, out.Explanation(recorded(v.Explain)))
}

func (out *page) verdictLine(v *event.Verdict) string {
	truth := out.Bad(v.Truth)
	switch v.Truth {
	case "true":
		truth = out.Good(v.Truth)
	case "unknown":
		truth = out.Warn(v.Truth)
	}
	text := layout.Line(v.Expr) + out.Dim(" is ") + truth
	if v.Detail != "" {
		text += ": " + layout.Line(v.Detail)
	}
	return text
}

// recorded reads the explanation that a verdict carries in the journal; one that
// cannot be read is left out, as the verdict stands without it.
func recorded(raw json.RawMessage) *expr.Explanation {
	var e expr.Explanation
	if len(raw) == 0 || json.Unmarshal(raw, &e) != nil {
		return nil
	}
	return &e
}
