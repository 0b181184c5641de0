package plan

import (
	"cmp"
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// A loop of which instances are left out has outputs with a gap, and so has a step that takes in a
// runbook of which a step is left out. Nothing of the others is known before a run, so what is behind
// it is tried with a step that gives something for each of them and nothing for those: what cannot be
// computed then cannot be computed in any run.

// gaps is what can be seen before the run, where steps have given all but what is left out.
type gaps struct{ *before }

// Step returns a step.
func (g gaps) Step(id string) (value.Value, bool) {
	if gapped, ok := g.gapped[id]; ok {
		return gapped, true
	}
	return g.before.Step(id)
}

// leaveGap notes what a step gives of which instances, or outputs, are left out, as far as it is
// known what it is done for.
func (m *maker) leaveGap(id string, step *Step) {
	later := value.Unknown(value.Cause{Step: step.ID, Reason: "it is a result of a step that has not run"})
	var outputs value.Value
	switch loop := step.Loop; {
	case step.LeftOut != nil:
		return
	case loop == nil && step.lost():
		outputs = step.gives(later)
	case loop != nil && loop.Known() && (len(loop.LeftOut) > 0 || slices.ContainsFunc(loop.Instances, (*Step).lost)):
		var keys []string
		var of []value.Value
		for _, one := range loop.Instances {
			if one.LeftOut == nil {
				keys, of = append(keys, one.Key), append(of, one.gives(later))
			}
		}
		outputs = OutputsOf(keys, of)
	default:
		return
	}
	m.scope.gapped[id] = value.Object(
		value.Member{Name: "error", Value: later},
		value.Member{Name: "outputs", Value: outputs},
		value.Member{Name: "status", Value: later},
	)
}

// lost reports whether a step takes in a runbook of which some outputs cannot be had.
func (s *Step) lost() bool { return s.Runbook != nil && len(s.Runbook.lost) > 0 }

// gives returns the outputs of a step that is done, of which nothing is known but which of them
// cannot be had.
func (s *Step) gives(later value.Value) value.Value {
	if !s.lost() {
		return later
	}
	members := make([]value.Member, len(s.Runbook.Outputs))
	for i, b := range s.Runbook.Outputs {
		members[i] = value.Member{Name: b.Name, Value: later}
		if of, ok := s.Runbook.lost[b.Name]; ok {
			members[i].Value = value.Unknown(value.Cause{Step: of, Reason: lostOutput})
		}
	}
	return value.Object(members...)
}

// lost returns which outputs of the runbook that is planned cannot be had, each with the step
// that is left out. They are no fault of the runbook, but of what uses them.
func (m *maker) lost(outputs []check.Binding) map[string]string {
	m.scope.forgetSkipped(m.absent)
	lost := map[string]string{}
	for _, b := range outputs {
		for one := range b.Data.Templates() {
			if of := m.lostIn(one); of != "" {
				lost[b.Name] = of
				break
			}
		}
	}
	return lost
}

// lostIn returns the step that is left out without which an output cannot be computed; empty: it can.
func (m *maker) lostIn(one *data.Tree) string {
	if v, err := one.Eval(gaps{m.scope}); err == nil && !v.HasUnknown() {
		return ""
	}
	for ref := range one.References() {
		if id := m.missing(ref.Ref); id != "" && !m.copes(one, id) {
			return m.id(id)
		}
	}
	if g, _ := m.templateInGap(one); g != nil {
		return cmp.Or(g.lost, m.id(g.step))
	}
	return ""
}

// gap is where an expression uses what is left out.
type gap struct {
	ref  int    // the place among its references that says so
	step string // the step that it is used of, by what the runbook calls it
	lost string // the step inside of that one of which all or some is left out, by what the plan calls it; empty: of the former instances are
}

// inGap returns where an expression uses what is left out of a step; nil: nowhere, or it copes. It
// is tried with some scope, and says whether it fails with that, and what is not known of it.
func (m *maker) inGap(refs []expr.Ref, try func(scope expr.Scope) (failed bool, unknown []value.Cause)) *gap {
	isGap := func(ref expr.Ref) bool {
		id, ok := ref.Step()
		_, gapped := m.scope.gapped[id]
		return ok && gapped && len(ref.Path) > 1 && ref.Path[1] == "outputs"
	}
	if m.skipped || !slices.ContainsFunc(refs, isGap) {
		return nil
	}
	failed, unknown := try(gaps{m.scope})
	if failed {
		before, _ := try(m.scope)
		failed = !before // else it is no fault of what is left out
	}
	for i, ref := range refs {
		if !isGap(ref) {
			continue
		}
		id, _ := ref.Step()
		if failed && len(m.choice.of[m.id(id)]) > 0 {
			return &gap{ref: i, step: id}
		}
		if lost := m.lostTo(ref); lost != nil && slices.Contains(unknown, *lost) {
			return &gap{ref: i, step: id, lost: lost.Step}
		}
	}
	return nil
}

// lostTo says why some of what is referred to cannot be had of a step that takes in a runbook; nil:
// all of it can.
func (m *maker) lostTo(ref expr.Ref) *value.Cause {
	id, _ := ref.Step()
	v := m.scope.gapped[id]
	for _, name := range ref.Path[1:] {
		v, _ = v.Get(name)
	}
	causes := v.Causes()
	i := slices.IndexFunc(causes, func(c value.Cause) bool { return c.Reason == lostOutput })
	if i < 0 {
		return nil
	}
	return &causes[i]
}

// lacksOf reports what an expression uses of a step of which something is left out, and returns
// what is left out, by what the plan calls it.
func (m *maker) lacksOf(g *gap, at source.Range) string {
	if g.lost == "" {
		m.found = append(m.found, diag.LeftOutUsed.At(at, "Of the step %q instances are left out, and give nothing; it is computed of one of these.", g.step))
		return m.id(g.step)
	}
	m.found = append(m.found, diag.LeftOutUsed.At(at, "Inside of %q it is computed of %q, of which all or some is left out.", g.step, g.lost))
	return g.lost
}

// valueInGap reports a value that is computed of what is left out of a step, and returns what that is.
func (m *maker) valueInGap(tree *data.Tree) string {
	if len(m.scope.gapped) == 0 {
		return ""
	}
	for one := range tree.Templates() {
		if g, at := m.templateInGap(one); g != nil {
			return m.lacksOf(g, at)
		}
	}
	return ""
}

// templateInGap returns where a template uses what is left out of a step.
func (m *maker) templateInGap(one *data.Tree) (*gap, source.Range) {
	var refs []expr.Ref
	var places []source.Range
	for ref := range one.References() {
		refs, places = append(refs, ref.Ref), append(places, ref.Range)
	}
	g := m.inGap(refs, func(scope expr.Scope) (bool, []value.Cause) {
		v, err := one.Eval(scope)
		return err != nil, v.Causes()
	})
	if g == nil {
		return nil, source.Range{}
	}
	return g, places[g.ref]
}

// conditionInGap reports a condition that comes to nothing without what is left out of a step.
func (m *maker) conditionInGap(program *expr.Condition, at source.Range) bool {
	g := m.inGap(program.Refs(), func(scope expr.Scope) (bool, []value.Cause) {
		verdict := program.Eval(scope)
		return verdict.Truth == expr.Failed, verdict.Causes
	})
	if g != nil {
		m.lacksOf(g, at)
	}
	return g != nil
}
