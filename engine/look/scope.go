package look

import (
	"time"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// scope is what expressions can see now: what is known before the run, the time, and what was
// seen of the steps so far.
type scope struct {
	expr.Scope // what is known before the run
	looker     *looker
	observed   *value.Value // nil: nothing is
}

var _ expr.Scope = scope{}

// scope makes one for a step, which no other shares.
func (l *looker) scope(observed *value.Value) scope {
	return scope{Scope: l.plan.Known(), looker: l, observed: observed}
}

// Root returns the value of a root.
func (s scope) Root(name string) (value.Value, bool) {
	switch {
	case name == expr.RootNow:
		return value.String(s.looker.at.Format(time.RFC3339Nano)), true
	case name == expr.RootObserved && s.observed != nil:
		return *s.observed, true
	default:
		return s.Scope.Root(name)
	}
}

// Step returns what was seen of a step, or why nothing was.
func (s scope) Step(id string) (value.Value, bool) {
	if seen, ok := s.looker.views[id]; ok {
		return seen, true
	}
	return s.Scope.Step(id)
}

// viewOf is what expressions see of a step that was looked at; not known: no more than before.
func viewOf(s *plan.Step, found finding) (view value.Value, known bool) {
	status := func(v value.Value) value.Member { return value.Member{Name: "status", Value: v} }
	switch {
	case found.skipped:
		return value.Object(status(value.String("skipped"))), true
	case s.Seen == nil || s.Seen.Outputs == nil:
		return value.Value{}, false
	case len(s.Verify) > 0:
		// It is not judged here whether the step would count as done.
		later := value.Unknown(value.Cause{Step: s.ID, Reason: "it is verified by the run alone"})
		return value.Object(status(later), value.Member{Name: "error", Value: later}, value.Member{Name: "outputs", Value: *s.Seen.Outputs}), true
	default:
		return value.Object(status(value.String("succeeded")), value.Member{Name: "outputs", Value: *s.Seen.Outputs}), true
	}
}
