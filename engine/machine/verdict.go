package machine

import (
	"encoding/json"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// recordVerdict journals how a condition was judged, with the tree of its parts unless
// it is still true.
func (m *Machine) recordVerdict(op event.Op, p *plan.Condition, v expr.Verdict, scope *scope, c *condition) {
	verdict := &event.Verdict{
		Name: p.Name, Expr: p.Expr, Truth: v.Truth.String(), Message: p.Message, Detail: detail(v),
	}
	if c != nil && !c.deadline.IsZero() {
		verdict.Until = &c.deadline
	}
	verdict.Still = timeOrNil(v.Still)
	for _, closed := range v.Closed {
		verdict.Closed = append(verdict.Closed, event.Closed{Window: m.windowIn(scope.in, closed.Name), Zone: closed.Zone, Opens: timeOrNil(closed.Opens), Shut: timeOrNil(closed.Shut)})
	}
	if c == nil || v.Truth != expr.True || c.last != expr.True {
		if tree, err := json.Marshal(p.Program.Explain(scope)); err == nil {
			verdict.Explain = tree
		}
	}
	m.record(event.Event{Type: event.ConditionMet, Op: &op, Verdict: verdict})
}

// timeOrNil is nil for no time.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (m *Machine) recordMiss(op event.Op, p *plan.Condition, why string) {
	m.past.recallVerdict(op, expr.Verdict{}) // a miss was written down as one
	m.record(event.Event{Type: event.ConditionMet, Op: &op, Verdict: &event.Verdict{
		Name: p.Name, Expr: p.Expr, Truth: expr.Failed.String(), Message: p.Message, Detail: why,
	}})
}

// detail says why a verdict is neither true nor false.
func detail(v expr.Verdict) string {
	switch {
	case v.Err != nil:
		return v.Err.Error()
	case v.Truth == expr.Unknown:
		return "not known: " + causesText(v.Causes)
	default:
		return ""
	}
}

func causesText(causes []value.Cause) string {
	text := ""
	for i, c := range causes {
		if i > 0 {
			text += "; "
		}
		if c.Step != "" {
			text += "step " + c.Step + ": "
		}
		text += c.Reason
	}
	return text
}
