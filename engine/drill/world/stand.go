package world

import (
	"slices"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
)

// Judge says how conditions come out. The op names the step, or the instance, the part and its
// place.
type Judge interface {
	// Judge says it of a condition that nothing known decides.
	Judge(op event.Op) expr.Truth
	// Lacks reports whether a gate lacks a thing without which it does not open, whatever its
	// expression says.
	Lacks(op event.Op) bool
}

// stand has stand-ins judge and compute what a step of the plan judges and computes.
func (w *World) stand(s *plan.Step) {
	s.When = w.condition(s, event.When, 0, s.When)
	s.Gate = w.conditions(s, event.Gate, s.Gate)
	s.Verify = w.conditions(s, event.Verify, s.Verify)
	s.Source = w.params(s, s.Source)
	if s.Retry.If != nil {
		s.Retry.If = again{s.Retry.If}
	}
	if back := s.Rollback; back != nil {
		own := *back
		if back.Use != nil {
			use := *back.Use
			use.Source = w.params(s, use.Source)
			own.Use = &use
		}
		if own.Retry.If != nil {
			own.Retry.If = again{own.Retry.If}
		}
		s.Rollback = &own
	}
	if s.Runbook != nil {
		own := *s.Runbook
		own.Source = w.params(s, own.Source)
		s.Runbook = &own
	}
	if s.Loop != nil {
		s.Loop.When = w.condition(s, event.When, 0, s.Loop.When)
		s.Loop.Between = w.conditions(s, event.Between, s.Loop.Between)
		s.Loop.Source = items{s.Loop.Source, w.supposed.Items[s.ID]}
	}
}

// supposes reports whether it is supposed what a step is done for, or what the runbook is given
// that it is in, so that its expressions may ask more of that than a stand-in has.
func (w *World) supposes(s *plan.Step) bool {
	if outer, ok := w.plan.Step(s.Within); ok && (outer.Runbook.Inputs.HasUnknown() || w.supposes(outer)) {
		return true
	}
	if s.Loop != nil && !s.Loop.Known() && s.Loop.Over.HasUnknown() {
		w.loops[s.ID] = true
	}
	return w.loops[s.ID]
}

func (w *World) conditions(s *plan.Step, part event.Part, conditions []*plan.Condition) []*plan.Condition {
	made := make([]*plan.Condition, len(conditions))
	for i, c := range conditions {
		made[i] = w.condition(s, part, i, c)
	}
	return made
}

// looks is how often a condition that is polled is looked at: in a drill it comes out the same
// until something happens, so that more looks would show nothing more.
const looks = 3

func (w *World) condition(s *plan.Step, part event.Part, place int, c *plan.Condition) *plan.Condition {
	if c == nil {
		return nil
	}
	made := *c
	made.Program = w.program(s, event.Op{Step: s.ID, Part: part, Index: place}, c.Program)
	made.Every = max(c.Every, c.Within/looks)
	if c.Observe != nil {
		use := *c.Observe
		use.Source = w.params(s, use.Source)
		made.Observe = &use
	}
	return &made
}

// program returns what judges a condition: where what is known before a run decides it, that is
// all there is to know, and where nothing that happens in a drill does, the judge decides.
func (w *World) program(s *plan.Step, op event.Op, of plan.Program) plan.Program {
	made := program{of: of, world: w, op: op, lenient: w.supposes(s)}
	if s.Within != "" {
		return made // what is known inside is known when that is opened
	}
	before := of.Eval(w.plan.Known())
	switch refers, tells := of.(interface{ Refs() []expr.Ref }); {
	case before.Truth == expr.True, before.Truth == expr.False:
		made.always = &before
	case tells && before.Truth == expr.Unknown:
		made.open = !slices.ContainsFunc(refers.Refs(), changes)
	}
	return made
}

// changes reports whether what an expression refers to may be another thing later in a drill.
func changes(ref expr.Ref) bool {
	return !slices.Contains([]string{expr.RootInputs, expr.RootVars, expr.RootNow, expr.RootObserved}, ref.Root)
}

// program judges a condition of the runbook, and asks the judge where that leaves it open.
type program struct {
	of      plan.Program
	world   *World
	op      event.Op
	lenient bool          // what it says of an item that is a stand-in need not fit
	always  *expr.Verdict // what it comes to whatever happens; nil: that depends
	open    bool          // nothing that happens decides it
}

// Eval judges the condition.
func (p program) Eval(scope expr.Scope) expr.Verdict {
	if p.op.Part == event.Gate && p.world.judge.Lacks(opIn(p.op, scope)) {
		return expr.Verdict{Truth: expr.False}
	}
	if p.always != nil {
		return *p.always
	}
	verdict := expr.Verdict{Truth: expr.Unknown}
	if !p.open {
		verdict = p.of.Eval(timeless{scope})
	}
	if verdict.Truth == expr.Unknown && open(verdict.Causes) || verdict.Truth == expr.Failed && p.lenient {
		return expr.Verdict{Truth: p.world.judge.Judge(opIn(p.op, scope))}
	}
	return verdict
}

// Explain explains nothing: of what is supposed there is nothing to explain.
func (p program) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

// opIn is the op of the step that a scope is of: of an instance, or of one inside of an instance.
func opIn(op event.Op, scope expr.Scope) event.Op {
	if of, ok := scope.(interface{ StepID() string }); ok {
		op.Step = of.StepID()
	}
	return op
}

// again is a condition on which a failed attempt is made again: where it is open, it is.
type again struct{ of plan.Program }

// Eval judges the condition.
func (a again) Eval(scope expr.Scope) expr.Verdict {
	verdict := a.of.Eval(timeless{scope})
	if verdict.Truth == expr.Unknown {
		return expr.Verdict{Truth: expr.True}
	}
	return verdict
}

// Explain explains nothing.
func (a again) Explain(expr.Scope) *expr.Explanation { return &expr.Explanation{} }

// timeless is a scope in which nobody knows what time it is, so that a window may be open or
// closed, and any time may have passed since a runbook was drilled.
type timeless struct{ expr.Scope }

// LastDrill returns that there was a drill at some time.
func (timeless) LastDrill(string) (expr.LastDrill, bool) { return expr.LastDrill{}, true }

// Root returns the value of a root.
func (t timeless) Root(name string) (value.Value, bool) {
	if name == expr.RootNow {
		return value.Unknown(value.Cause{Reason: anything}), true
	}
	return t.Scope.Root(name)
}

// params returns what computes parameters: those that are known before a run stay as they are.
func (w *World) params(s *plan.Step, of plan.Source) plan.Source {
	if s.Within == "" {
		if known, err := of.Eval(w.plan.Known()); err == nil && !known.HasUnknown() {
			return constant{known}
		}
	}
	return params{of, w.supposes(s)}
}

// constant are parameters that are the same whatever happens.
type constant struct{ value.Value }

// Eval returns the parameters.
func (c constant) Eval(expr.Scope) (value.Value, error) { return c.Value, nil }

// params computes parameters, with a stand-in for what is not known.
type params struct {
	of      plan.Source
	lenient bool
}

// Eval computes the parameters.
func (p params) Eval(scope expr.Scope) (value.Value, error) {
	v, err := p.of.Eval(scope)
	if err != nil && p.lenient {
		return value.Object(), nil
	}
	return filled(v), err
}

// standIn takes the place of what is not known.
const standIn = "(known in a run)"

func filled(v value.Value) value.Value {
	if !v.HasUnknown() || !open(v.Causes()) {
		return v
	}
	var made value.Value
	switch v.Kind() {
	case value.KindObject:
		members := make([]value.Member, 0, len(v.Members()))
		for _, m := range v.Members() {
			members = append(members, value.Member{Name: m.Name, Value: filled(m.Value)})
		}
		made = value.Object(members...)
	case value.KindList:
		list := make([]value.Value, 0, len(v.Items()))
		for _, item := range v.Items() {
			list = append(list, filled(item))
		}
		made = value.List(list...)
	default:
		made = value.String(standIn)
	}
	if v.IsSecret() {
		made = made.Secret()
	}
	return made
}

// items computes what a loop is done for, with stand-ins where that is not known.
type items struct {
	of   plan.Source
	said []value.Value
}

// standIns are what a loop is done for of which nobody says it: two batches at least, and more
// than one of which both ends differ.
var standIns = [...]string{"first", "second", "third"}

// Eval computes the list or the map.
func (i items) Eval(scope expr.Scope) (value.Value, error) {
	v, err := i.of.Eval(scope)
	switch {
	case err != nil || !v.HasUnknown() || !open(v.Causes()):
		return v, err
	case len(i.said) > 0:
		return value.List(i.said...), nil
	}
	made := make([]value.Value, len(standIns))
	for k, name := range standIns {
		made[k] = value.String(name)
	}
	return value.List(made...), nil
}
