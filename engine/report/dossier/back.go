package dossier

import (
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
)

// wayBack is what takes a step back, or why nothing does.
func (out *page) wayBack(s *plan.Step) layout.Node {
	switch review.WayBack(s) {
	case review.Lost:
		return layout.Node{Text: out.Warn("nothing takes it back")}
	case review.Kept, review.NoTrace:
		return layout.Node{Text: out.Dim("not taken back: ") + layout.Line(s.Rollback.None)}
	case review.TakenBack:
		back := out.takenBack(s.Rollback)
		if how := mannerBack(s); how != "" {
			back.Text += out.Dim("; " + how)
		}
		return back
	default:
		if (s.Finally || s.Closing) && s.Changes() && !s.Skipped() && s.Describe.NothingToUndo == "" {
			return layout.Node{Text: out.Dim("not taken back: no rollback comes to what is of finally")}
		}
		return layout.Node{}
	}
}

// attempts says how often something is tried.
func attempts(r plan.Retry) string {
	text := fmt.Sprintf("up to %s from %s apart", layout.Plural(r.Attempts, "attempt"), layout.Span(r.Delay))
	if r.IfExpr != "" {
		text += ", if " + layout.Line(r.IfExpr)
	}
	return text
}

// mannerBack is how taking a step back is tried, where that is not as it is anyway.
func mannerBack(s *plan.Step) string {
	var facts []string
	if back := s.Rollback; back.Timeout > 0 && back.Timeout != s.Timeout {
		facts = append(facts, "timeout "+layout.Span(back.Timeout))
	}
	if retry := s.Rollback.Retry; retry.Attempts > 0 && (retry.Attempts != plan.UndoAttempts || retry.IfExpr != "") {
		facts = append(facts, attempts(retry))
	}
	return strings.Join(facts, "; ")
}

func (out *page) takenBack(by *plan.Compensation) layout.Node {
	if by.Use == nil {
		return layout.Node{Text: out.Dim("taken back by its own undo")}
	}
	back := layout.Node{Text: out.Dim("taken back by ") + by.Use.Action}
	for _, m := range by.Use.Params.Members() {
		if layout.Block(m.Value) != nil {
			back.Parts = append(back.Parts, out.named(m))
			continue
		}
		back.Text += out.Dim(" "+m.Name+"=") + out.Value(m.Value)
	}
	return back
}
