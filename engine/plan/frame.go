package plan

import (
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// frame is a runbook that is being planned: that of the plan, or one that a step takes in.
type frame struct {
	checked   *check.Runbook
	scope     *before
	connected map[*check.Connection]*Connection
	absent    map[string]bool // steps that are left out, by what the runbook calls them
	onFailure Policy          // of a step that does not say so itself

	leftOut *event.LeftOut // why nothing in it is done, by a person's word; nil: it may be
	within  string         // the step that takes it in; empty: none does
	finally bool           // that step is one of finally
	void    bool           // nothing in it is done
	stands  bool           // each of its instances is planned by itself
	first   int            // the place of its first step in the plan
	place   int            // the place of the step that is being planned
}

// maxIncluded is how many steps of runbooks that are taken in a plan may have in all, unless the
// options say it: a list that somebody else returned must not fill the memory.
const maxIncluded = 1_000_000

// id is what the plan calls a step of the runbook.
func (f *frame) id(step string) string { return f.scope.id(step) }

// include plans the runbook that a step, or an instance of it, takes in, with a scope of its own.
func (m *maker) include(step *Step, checked *check.Step) error {
	source := taken{checked.Use, checked.Runbook, m.choice.choice.ModeName()}
	inputs, err := source.given(step.Params)
	if err != nil {
		m.cannot(err, checked.Use.With.Range())
	}
	outside, skipped := m.frame, m.skipped
	defer func() { m.frame, m.skipped = outside, skipped }()
	m.frame = frame{
		checked: checked.Runbook, absent: map[string]bool{}, within: step.ID, finally: step.Finally,
		onFailure: m.inherited(checked), leftOut: step.LeftOut, void: skipped, stands: outside.stands, first: outside.place + 1,
	}
	m.scope = newBefore(m.plan.Runbook, inputs, m.plan.seenMode())
	m.scope.run, m.scope.within = outside.scope.run, step.ID
	inside := &Inclusion{Header: headerOf(checked.Runbook), Inputs: inputs, Source: source, Held: m.vars()}
	inside.File, inside.Vars = checked.Runbook.TakenInAs, m.scope.vars
	m.connections()
	if inside.Steps, err = m.steps(); err != nil {
		return err
	}
	inside.Size = len(inside.Steps)
	m.made += len(checked.Runbook.Steps)
	m.holds(checked.Runbook.Model.Metadata.Lock.Value)
	inside.lost = m.lost(checked.Runbook.Outputs)
	m.forgetLeftOut()
	inside.Outputs = m.bindings(checked.Runbook.Outputs)
	// It does nothing itself, so that whoever counts its steps does not count it too.
	step.Runbook, step.Effect = inside, sdk.Read
	return nil
}

// holds has a run hold a lock of a runbook that is taken in.
func (m *maker) holds(lock string) {
	if at, held := slices.BinarySearch(m.plan.Locks, lock); lock != "" && lock != m.plan.Lock && !held {
		m.plan.Locks = slices.Insert(m.plan.Locks, at, lock)
	}
}

// inherited is what happens when a step fails that does not say so itself, of a runbook that a
// step takes in: what that runbook says, else that step, else the runbook outside. That the
// step outside goes on is said of itself.
func (m *maker) inherited(checked *check.Step) Policy {
	own, outside := checked.Runbook.Model.OnFailure, Policy(checked.Model.OnFailure.Value)
	switch {
	case own.Node != nil:
		return Policy(own.Value)
	case outside != "" && outside != Continue:
		return outside
	default:
		return m.onFailure
	}
}

// unfold takes the steps of a runbook that is done once out of its step, behind which they
// stand in the plan; those of a step that is done for many stand for those of each instance.
func (s *Step) unfold() []*Step {
	if s.Runbook == nil {
		return nil
	}
	inside := s.Runbook.Steps
	s.Runbook.Steps = nil
	return inside
}

// taken computes the inputs of a runbook that a step takes in.
type taken struct {
	use     *data.Use
	runbook *check.Runbook
	mode    string // in which the run is done; empty: in none
}

var _ Source = taken{}

// Eval computes them from what is known outside.
func (t taken) Eval(scope expr.Scope) (value.Value, error) {
	params, err := t.use.Eval(scope)
	if err != nil {
		return value.Value{}, err
	}
	return t.given(params)
}

// given works out the inputs from the parameters of the step: what is not given is as the mode has
// it, or has its default, and what is not known yet stays so.
func (t taken) given(params value.Value) (value.Value, error) {
	given, _ := params.Get("inputs")
	if params.IsUnknown() {
		given = params
	}
	members := make([]value.Member, 0, len(t.runbook.InputSchema.Properties))
	for _, p := range t.runbook.InputSchema.Properties {
		declared, _ := t.runbook.Model.Inputs.Get(p.Name)
		v, ok := given.Get(p.Name)
		switch {
		case given.IsUnknown():
			v = value.Unknown(given.Causes()...)
		case ok:
		case t.inMode(p.Name, &v):
		case declared.Default.Node != nil:
			v = declared.Default.Node.Value()
		default:
			v = value.Unknown(value.Cause{Reason: unresolved})
		}
		conformed, err := data.Conform(p.Schema, v)
		if err != nil {
			return value.Value{}, err
		}
		members = append(members, value.Member{Name: p.Name, Value: conformed})
	}
	return value.Object(members...), nil
}

// inMode takes the value that the mode sets an input to, and reports whether it does.
func (t taken) inMode(input string, v *value.Value) bool {
	mode, ok := t.runbook.Model.Modes.Get(t.mode)
	if !ok {
		return false
	}
	set, ok := mode.Inputs.Get(input)
	if ok {
		*v = set.Node.Value()
	}
	return ok
}
