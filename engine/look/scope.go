package look

import (
	"cmp"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/event"
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

	step   string      // whose conditions they are
	within string      // the step that takes it in; empty: none does
	each   value.Value // of an instance, what it is done for; null: it is none

	own map[string]value.Value // what a step sees of itself, by its id; nil: nothing
}

var (
	_ expr.Scope   = scope{}
	_ expr.Driller = scope{}
)

// scope makes one for a step, which no other shares.
func (l *looker) scope(of *plan.Step, observed *value.Value) scope {
	return scope{Scope: l.known(of), looker: l, observed: observed, each: of.Item, step: cmp.Or(of.Of, of.ID), within: of.Within}
}

// Root returns the value of a root.
func (s scope) Root(name string) (value.Value, bool) {
	switch {
	case name == expr.RootNow:
		return value.String(s.looker.at.Format(time.RFC3339Nano)), true
	case name == expr.RootRun:
		return s.run()
	case name == expr.RootEach && !s.each.IsNull():
		return s.each, true
	case name == expr.RootObserved && s.observed != nil:
		return *s.observed, true
	default:
		return s.Scope.Root(name)
	}
}

// run is what is known of the run before it begins, with how long it takes from the step on.
func (s scope) run() (value.Value, bool) {
	known, ok := s.Scope.Root(expr.RootRun)
	left, estimated := s.looker.remaining[s.step]
	if !ok || !estimated {
		return known, ok
	}
	members := slices.Clone(known.Members())
	for i, m := range members {
		if m.Name == "remaining" {
			members[i].Value = value.String((left.Step + left.After).String())
		}
	}
	return value.Object(members...), true
}

// LastDrill returns the last good drill of a runbook, where that was looked up.
func (s scope) LastDrill(runbook string) (expr.LastDrill, bool) {
	last := event.LastDrillOf(runbook, s.looker.drills)
	if last.At == nil {
		return expr.LastDrill{Never: true, Unread: last.Unread}, s.looker.drills != nil
	}
	return expr.LastDrill{At: *last.At, Run: last.Run}, true
}

// Step returns what was seen of a step, or why nothing was.
func (s scope) Step(id string) (value.Value, bool) {
	own := id
	if s.within != "" {
		id = event.InsideID(s.within, own)
	}
	if seen, ok := s.own[id]; ok {
		return seen, true
	}
	if seen, ok := s.looker.views[id]; ok {
		return seen, true
	}
	return s.Scope.Step(own)
}

// viewOf is what expressions see of a step that was looked at; not known: no more than before.
func viewOf(s *plan.Step, found finding) (view value.Value, known bool) {
	status := func(v value.Value) value.Member { return value.Member{Name: "status", Value: v} }
	switch {
	case found.skipped:
		return value.Object(status(value.String("skipped"))), true
	case s.Runbook != nil:
		return value.Value{}, false
	case s.Loop != nil:
		return viewOfLoop(s)
	case s.Seen == nil || s.Seen.Outputs == nil:
		return value.Value{}, false
	case slices.ContainsFunc(s.Verify, failsNow):
		return value.Value{}, false // a run would not come to what follows
	case len(s.Verify) > 0:
		return unverified(s), true
	default:
		return value.Object(status(value.String("succeeded")), value.Member{Name: "outputs", Value: *s.Seen.Outputs}), true
	}
}

// unverified is what expressions see of a step that has read something, until its verify says
// whether it counts as done: of that the run alone can tell how long it is so.
func unverified(s *plan.Step) value.Value {
	later := value.Unknown(value.Cause{Step: s.ID, Reason: "it is verified by the run alone"})
	return value.Object(
		value.Member{Name: "status", Value: later},
		value.Member{Name: "error", Value: later},
		value.Member{Name: "outputs", Value: *s.Seen.Outputs},
	)
}

// failsNow reports whether a run that begins now would fail at a condition of a verify.
func failsNow(c *plan.Condition) bool {
	failed := expr.Failed.String()
	return c.Closes() || c.State.Truth == failed || c.Now != nil && c.Now.Truth == failed && c.Within == 0
}
