package plan

import (
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// A loop of which instances are left out has outputs with a gap. Nothing of the others is known
// before a run, so what is behind it is tried with a loop that gives something for each of them
// and nothing for those: what cannot be computed then cannot be computed in any run.

// gaps is what can be seen before the run, where loops have been through all but what is left out.
type gaps struct{ *before }

// Step returns a step.
func (g gaps) Step(id string) (value.Value, bool) {
	if looped, ok := g.looped[id]; ok {
		return looped, true
	}
	return g.before.Step(id)
}

// leaveGap notes what a loop gives of which instances are left out that are known.
func (m *maker) leaveGap(id string, step *Step) {
	if step.LeftOut != nil || step.Loop == nil || len(step.Loop.LeftOut) == 0 || !step.Loop.Known() {
		return
	}
	later := value.Unknown(value.Cause{Step: step.ID, Reason: "it is a result of a step that has not run"})
	var keys []string
	var outputs []value.Value
	for _, one := range step.Loop.Instances {
		if one.LeftOut == nil {
			keys, outputs = append(keys, one.Key), append(outputs, later)
		}
	}
	m.scope.looped[id] = value.Object(
		value.Member{Name: "error", Value: later},
		value.Member{Name: "outputs", Value: OutputsOf(keys, outputs)},
		value.Member{Name: "status", Value: later},
	)
}

// inGap returns the loop of which an expression uses an instance that is left out, by the
// place among its references that says so; -1: it uses none, or copes.
func (m *maker) inGap(refs []expr.Ref, fails func(scope expr.Scope) bool) int {
	if m.skipped || len(m.scope.looped) == 0 {
		return -1
	}
	for i, ref := range refs {
		id, ok := ref.Step()
		if _, gap := m.scope.looped[id]; ok && gap && len(ref.Path) > 1 && ref.Path[1] == "outputs" && fails(gaps{m.scope}) {
			return i
		}
	}
	return -1
}

// valueInGap reports a value that is computed of an instance that is left out, and returns its loop.
func (m *maker) valueInGap(tree *data.Tree) string {
	if len(m.scope.looped) == 0 {
		return ""
	}
	for one := range tree.Templates() {
		var refs []expr.Ref
		var places []source.Range
		for ref := range one.References() {
			refs, places = append(refs, ref.Ref), append(places, ref.Range)
		}
		fails := func(scope expr.Scope) bool { _, err := one.Eval(scope); return err != nil }
		if i := m.inGap(refs, fails); i >= 0 {
			id, _ := refs[i].Step()
			m.lacksOf(id, places[i])
			return id
		}
	}
	return ""
}

// conditionInGap reports a condition that comes to nothing without an instance that is left out.
func (m *maker) conditionInGap(program *expr.Condition, at source.Range) bool {
	refs := program.Refs()
	i := m.inGap(refs, func(scope expr.Scope) bool { return program.Eval(scope).Truth == expr.Failed })
	if i < 0 {
		return false
	}
	id, _ := refs[i].Step()
	m.lacksOf(id, at)
	return true
}
