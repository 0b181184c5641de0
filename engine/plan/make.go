package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan/internal/connection"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/engine/value"
)

// Options are what a plan is made of beside the runbook.
type Options struct {
	// Inputs is the object of all inputs, as engine/input works it out.
	Inputs value.Value
	// Files are the other files that the runbook takes in. What was in them is part of the plan.
	Files []File
	// People is the policy that runs go by; nil: there is none.
	People *event.Policy
	// AnyMode leaves open in which mode it is done, of those that the runbook has: what depends on
	// that is not known. Such a plan is for looking at.
	AnyMode bool
	// Choice says in which mode it is done, and which steps are left out; nil: in none, and none is.
	Choice *event.Choice
	// Most is how many steps of runbooks that are taken in it may have, those of each instance
	// counted; 0: a million.
	Most int
}

// Make makes the plan of a checked runbook, which must have no errors. With errors
// among the findings the plan shows what could be told, and must not be run. The same
// runbook and inputs always give the same plan: it knows no clock, so what depends on
// the time is not known yet. The error is a [ChoiceError] where steps cannot be left out as
// it is wanted.
func Make(checked *check.Runbook, options Options) (*Plan, diag.List, error) {
	if len(checked.Order) != len(checked.Steps) {
		return nil, nil, errors.New("a plan can only be made of a runbook without errors")
	}
	choice, err := chosen(checked, options.Choice)
	if err != nil {
		return nil, nil, err
	}
	header := headerOf(checked)
	header.Files = options.Files
	m := maker{choice: choice, most: cmp.Or(options.Most, maxIncluded), frame: frame{checked: checked, absent: make(map[string]bool)}}
	m.plan = Plan{
		Logs:      &Logs{},
		Targets:   &connection.Targets{},
		Runbook:   header,
		Inputs:    options.Inputs,
		People:    options.People,
		Limits:    limitsOf(checked),
		Choice:    options.Choice,
		Mode:      choice.modeOf(options.Inputs),
		anyMode:   options.AnyMode && len(checked.Model.Modes.Entries) > 0,
		Lock:      checked.Model.Metadata.Lock.Value,
		RTO:       checked.Model.Objectives.RTO.Value,
		RPO:       checked.Model.Objectives.RPO.Value,
		Drills:    drillsOf(checked),
		OnFailure: Policy(checked.Model.OnFailure.Value),
	}
	m.scope = newBefore(header, options.Inputs, m.plan.seenMode())
	if m.plan.OnFailure == "" {
		m.plan.OnFailure = Stop
	}
	m.onFailure = m.plan.OnFailure
	m.plan.Vars = value.Object(membersOf(m.vars())...)
	m.connections()
	if m.plan.Steps, err = m.steps(); err != nil {
		return nil, nil, err
	}
	// What the run gives back, and its record, are null where they ask for what was left out.
	m.forgetLeftOut()
	m.plan.Outputs = m.bindings(checked.Outputs)
	m.plan.Record = m.bindings(checked.Record)
	if checked.DataLoss != nil {
		m.plan.DataLoss = &m.bindings([]check.Binding{*checked.DataLoss})[0]
	}
	m.plan.Unmeasured = m.unmeasured()
	made, err := New(m.plan)
	if err == nil {
		err = choice.missed(made)
	}
	return made, m.found, err
}

// drillsOf are the runbooks whose last drill conditions ask for, those of what is taken in too.
func drillsOf(checked *check.Runbook) []string {
	drills := slices.Clone(checked.Drills)
	for _, step := range checked.Steps {
		if step.Runbook != nil {
			drills = append(drills, drillsOf(step.Runbook)...)
		}
	}
	slices.Sort(drills)
	return slices.Compact(drills)
}

func headerOf(checked *check.Runbook) Header {
	metadata := checked.Model.Metadata
	header := Header{
		Name:    metadata.Name.Value,
		Version: metadata.Version.Value,
		Title:   metadata.Title.Value,
		Source:  metadata.Source.Value,
	}
	for _, owner := range metadata.Owners.Items {
		header.Owners = append(header.Owners, owner.Value)
	}
	if file := checked.Model.Node.Range().File; file != nil {
		header.File = file.Name()
		sum := sha256.Sum256(file.Text())
		header.Digest = "sha256:" + hex.EncodeToString(sum[:])
	}
	return header
}

// maker makes one plan.
type maker struct {
	frame
	plan    Plan
	found   diag.List
	skipped bool // the step that is being planned will be skipped
	choice  *chooser
	shared  map[string]*Connection // by what they are; see [maker.connect]
	made    int                    // how many steps of runbooks that are taken in are planned
	most    int                    // how many of them may be
}

// cannot reports a value that cannot be computed, unless it is of a step that is
// skipped: that will never want it.
func (m *maker) cannot(err error, at source.Range) {
	if m.skipped {
		return
	}
	if placed, ok := errors.AsType[*data.Error](err); ok {
		at, err = placed.Range, placed.Err
	}
	m.found = append(m.found, diag.CannotCompute.At(at, "%s", diag.Sentence(err.Error())))
}

// eval computes a value as far as it is known.
func (m *maker) eval(tree *data.Tree) value.Value {
	if id := cmp.Or(m.takesMissing(tree), m.valueInGap(tree)); id != "" {
		return value.Unknown(value.Cause{Step: id, Reason: leftOutStep})
	}
	v, err := tree.Eval(m.scope)
	if err != nil {
		m.cannot(err, tree.Range())
		return value.Unknown(value.Cause{Reason: m.failure()})
	}
	return v
}

func (m *maker) failure() string {
	if m.skipped {
		return skippedStep
	}
	return unresolved
}

// vars works out the vars, each after those that it uses.
func (m *maker) vars() []Binding {
	held := make([]Binding, 0, len(m.checked.Vars))
	for _, v := range m.checked.Vars {
		m.scope.vars = value.Object(membersOf(held)...)
		held = append(held, Binding{Name: v.Name, Value: m.eval(v.Data), Source: v.Data})
	}
	m.scope.vars = value.Object(membersOf(held)...)
	return held
}

func membersOf(bound []Binding) []value.Member {
	members := make([]value.Member, len(bound))
	for i, b := range bound {
		members[i] = value.Member{Name: b.Name, Value: b.Value}
	}
	return members
}

func (m *maker) bindings(bound []check.Binding) []Binding {
	var bindings []Binding
	for _, b := range bound {
		bindings = append(bindings, Binding{Name: b.Name, Value: m.eval(b.Data), Source: b.Data})
	}
	return bindings
}

// steps plans the steps, those of `finally` last.
func (m *maker) steps() ([]*Step, error) {
	steps := make([]*Step, 0, len(m.checked.Order))
	places := make([]int, len(m.checked.Steps))
	inFinally := false
	for _, i := range m.checked.Order {
		checked := m.checked.Steps[i]
		if checked.Finally && !inFinally {
			inFinally = true
			m.scope.forgetSkipped(m.absent)
		}
		places[i] = len(steps)
		m.place = m.first + len(steps)
		step, err := m.step(checked, steps, places)
		if err == nil {
			err = unknownInstance(step)
		}
		if err != nil {
			return nil, err
		}
		steps = append(append(steps, step), step.unfold()...)
	}
	return steps, nil
}

// forgetLeftOut has what is computed when all steps are done not miss what is left out.
func (m *maker) forgetLeftOut() {
	m.absent = nil
	clear(m.scope.gapped)
	m.scope.forgetSkipped(nil)
}

// step plans a step behind those of its runbook that are planned.
func (m *maker) step(checked *check.Step, before []*Step, places []int) (*Step, error) {
	model := checked.Model
	step := &Step{
		ID:        m.id(checked.ID()),
		Title:     model.Title.Value,
		Within:    m.within,
		Finally:   m.finally || m.within == "" && checked.Finally,
		Closing:   m.within != "" && checked.Finally,
		At:        model.Node.Range().String(),
		Needs:     make([]Edge, 0, len(checked.Needs)),
		Timeout:   model.Timeout.Value,
		OnFailure: m.onFailure,
		Range:     model.Node.Range(),
	}
	step.LeftOut = cmp.Or(m.leftOut, m.choice.leftOut(step.ID))
	m.skipped = m.void || step.LeftOut != nil
	if model.OnFailure.Value != "" {
		step.OnFailure = Policy(model.OnFailure.Value)
	}
	for _, edge := range checked.Needs {
		place := places[edge.Step]
		step.Needs = append(step.Needs, Edge{From: m.first + place, Step: before[place].ID, Reason: edge.Reason, Range: edge.Range})
	}
	var err error
	if checked.Loop != nil {
		err = m.loop(step, checked)
	} else {
		step.When = m.when(checked)
		err = m.content(step, checked)
	}
	if step.Skipped() {
		m.scope.skipped[checked.ID()] = true
	}
	if step.LeftOut != nil {
		m.absent[checked.ID()] = true
	}
	m.leaveGap(checked.ID(), step)
	m.skipped = m.void
	return step, err
}

// content plans what the step does, and what must hold for it.
func (m *maker) content(step *Step, checked *check.Step) error {
	step.Use = m.use(checked.Use, checked.On)
	if checked.Runbook != nil {
		if err := m.include(step, checked); err != nil {
			return err
		}
	}
	step.Gate = m.conditions(checked.Gate)
	step.Verify = m.conditions(checked.Verify)
	step.Retry = m.retry(checked.Retry)
	step.Rollback = m.compensation(checked)
	return nil
}

// when plans the condition that may skip the step, or an instance of it.
func (m *maker) when(checked *check.Step) *Condition {
	if checked.When == nil {
		return nil
	}
	when := &Condition{Expr: checked.When.Text(), At: checked.Model.When.Range().String(), Program: checked.When}
	when.State = m.judge(checked.When, checked.Model.When.Range())
	m.skipped = m.skipped || when.IsFalse()
	return when
}

func (m *maker) conditions(checked []*check.Condition) []*Condition {
	var conditions []*Condition
	for _, condition := range checked {
		conditions = append(conditions, m.condition(condition))
	}
	return conditions
}

// use plans one use of an action, over a connection where it has one.
func (m *maker) use(use *data.Use, on *check.Connection) Use {
	params := data.Secrets(m.eval(use.With), use.Action.Description.Input)
	if _, constant := use.With.Constant(); !constant && !m.skipped && !params.IsUnknown() {
		m.found = append(m.found, use.Check(params)...)
	}
	planned := Use{
		Action:   use.Action.Description.Name,
		Effect:   use.Action.Description.Effect,
		Params:   params,
		Handler:  use.Action.Handler,
		Describe: use.Action.Description,
		Fits:     use.Action.Fits,
		Source:   use,
		Places:   use,
	}
	if on != nil {
		over := m.connected[on]
		over.Used = true
		planned.On = over.Name
		planned.Handler = use.Action.On(over.Actions)
		planned.Over, planned.Connection = configuration{on}, over
	}
	return planned
}
