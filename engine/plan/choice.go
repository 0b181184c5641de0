package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/source"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// A person may want only a part of a runbook done. What is left out stays in the plan, as a step
// that is skipped: those behind it keep their order, and whoever reads the plan sees what is
// missing, by whose word and why.

// ChoiceError says why steps cannot be left out as a person wants it.
type ChoiceError struct {
	Flag  string // "--from"
	Named string // the step, as it was typed; empty: it is not about one
	Cause string
	Near  string // what was perhaps meant; empty: nothing is like it
}

// Error says what was wanted, and why it cannot be.
func (e *ChoiceError) Error() string {
	if e.Named == "" {
		return e.Flag + ": " + e.Cause
	}
	return fmt.Sprintf("%s %s: %s", e.Flag, e.Named, e.Cause)
}

// chooser works out which steps of a runbook a choice leaves out.
type chooser struct {
	checked *check.Runbook
	choice  *event.Choice
	places  map[string]int
	out     []*event.LeftOut                     // by the place of the step
	of      map[string]map[string]*event.LeftOut // by step and key, instances
}

// chosen returns which steps of a runbook a choice leaves out.
func chosen(checked *check.Runbook, choice *event.Choice) (*chooser, error) {
	c := &chooser{
		checked: checked, choice: choice, places: make(map[string]int, len(checked.Steps)),
		out: make([]*event.LeftOut, len(checked.Steps)), of: make(map[string]map[string]*event.LeftOut),
	}
	if choice == nil {
		return c, nil
	}
	if choice.From != "" && len(choice.Only) > 0 {
		return nil, &ChoiceError{Flag: "--from and --only", Cause: "each says which steps are done: give one of them"}
	}
	if len(choice.Skip) > 0 && strings.TrimSpace(choice.Reason) == "" {
		return nil, &ChoiceError{Flag: "--skip", Named: choice.Skip[0], Cause: "there is no reason for it"}
	}
	for i, step := range checked.Steps {
		c.places[step.ID()] = i
	}
	for _, leave := range []func() error{c.from, c.only, c.skip, c.mode} {
		if err := leave(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *chooser) because(cause string) *event.LeftOut {
	return &event.LeftOut{By: c.choice.By, Cause: cause, Reason: c.choice.Reason}
}

// from leaves out all that the step to begin at needs, directly or not.
func (c *chooser) from() error {
	if c.choice.From == "" {
		return nil
	}
	first, err := c.whole("--from", c.choice.From)
	if err != nil {
		return err
	}
	because := c.because("before --from " + c.choice.From)
	for stack := []int{first}; len(stack) > 0; {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, edge := range c.checked.Steps[top].Needs {
			if c.out[edge.Step] == nil {
				c.out[edge.Step] = because
				stack = append(stack, edge.Step)
			}
		}
	}
	return nil
}

// only leaves out all but some steps. Those of finally clean up whatever was done.
func (c *chooser) only() error {
	if len(c.choice.Only) == 0 {
		return nil
	}
	kept := make(map[int]bool)
	for _, name := range c.choice.Only {
		place, err := c.whole("--only", name)
		if err != nil {
			return err
		}
		kept[place] = true
	}
	because := c.because("not in --only " + strings.Join(c.choice.Only, ","))
	for i, step := range c.checked.Steps {
		if !kept[i] && !step.Finally {
			c.out[i] = because
		}
	}
	return nil
}

// skip leaves out single steps and instances.
func (c *chooser) skip() error {
	because := c.because("--skip")
	for _, name := range c.choice.Skip {
		of, key, isInstance := event.SplitInstance(name)
		if !isInstance {
			of = name
		}
		place, err := c.step("--skip", name, of)
		switch {
		case err != nil:
			return err
		case !isInstance:
			c.out[place] = because
			continue
		case c.checked.Steps[place].Loop == nil:
			return &ChoiceError{Flag: "--skip", Named: name, Cause: of + " is done once, and has no instances", Near: of}
		case c.of[of] == nil:
			c.of[of] = make(map[string]*event.LeftOut)
		}
		c.of[of][key] = because
	}
	return nil
}

// whole finds the step that a flag names, which takes no instance and no step of finally.
func (c *chooser) whole(flag, name string) (int, error) {
	if of, _, isInstance := event.SplitInstance(name); isInstance {
		return 0, &ChoiceError{Flag: flag, Named: name, Cause: "it takes whole steps, and instances are left out by --skip", Near: of}
	}
	place, err := c.step(flag, name, name)
	if err == nil && c.checked.Steps[place].Finally {
		err = &ChoiceError{Flag: flag, Named: name, Cause: "the steps of finally are done whatever is chosen"}
	}
	return place, err
}

func (c *chooser) step(flag, named, id string) (int, error) {
	place, ok := c.places[id]
	if !ok {
		near, _ := diag.Nearest(id, slices.Sorted(maps.Keys(c.places)))
		return 0, &ChoiceError{Flag: flag, Named: named, Cause: "the runbook has no such step", Near: near}
	}
	return place, nil
}

// unknownInstance says that an instance is to be left out which there is not; nil: none is, or
// it is not known yet what the step is done for.
func unknownInstance(s *Step) error {
	if s.Loop == nil || !s.Loop.Known() {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(s.Loop.LeftOut)) {
		if !slices.Contains(s.Loop.Names(), key) {
			near, ok := diag.Nearest(key, s.Loop.Names())
			if ok {
				near = event.InstanceID(s.ID, near)
			}
			return &ChoiceError{Flag: "--skip", Named: event.InstanceID(s.ID, key), Cause: s.ID + " is not done for it", Near: near}
		}
	}
	return nil
}

// missing returns the step that is left out whose outputs an expression asks for; empty: it
// asks for none.
func (m *maker) missing(ref expr.Ref) string {
	if id, ok := ref.Step(); ok && len(ref.Path) > 1 && ref.Path[1] == "outputs" && m.absent[id] && !m.skipped {
		return id
	}
	return ""
}

// lacks reports that something cannot be had, as a step is left out.
func (m *maker) lacks(id string, at source.Range) {
	m.found = append(m.found, diag.LeftOutUsed.At(at, "The step %q is left out, and gives nothing.", id))
}

// takesMissing reports a value that is computed of what a step that is left out would return, and
// returns that step. An expression that asks for the status of that step too knows what to do.
func (m *maker) takesMissing(tree *data.Tree) string {
	if len(m.absent) == 0 {
		return ""
	}
	for one := range tree.Templates() {
		for ref := range one.References() {
			if id := m.missing(ref.Ref); id != "" && !m.copes(one, id) {
				m.lacks(id, ref.Range)
				return id
			}
		}
	}
	return ""
}

// copes reports whether an expression asks for the status of a step, and can be computed.
func (m *maker) copes(one *data.Tree, step string) bool {
	for ref := range one.References() {
		if id, ok := ref.Step(); ok && id == step && len(ref.Path) > 1 && ref.Path[1] == "status" {
			_, err := one.Eval(m.scope)
			return err == nil
		}
	}
	return false
}

// asksMissing reports a condition that comes to nothing without a step that is left out: one
// that asks first whether there are outputs, or how the step ended, does without.
func (m *maker) asksMissing(program *expr.Condition, verdict expr.Verdict, at source.Range) bool {
	if len(m.absent) == 0 {
		return false
	}
	for _, ref := range program.Refs() {
		id := m.missing(ref)
		failed := verdict.Truth == expr.Failed
		if id != "" && (failed || verdict.Truth == expr.Unknown && strings.Contains(verdict.Residual, "steps."+id+".outputs")) {
			m.lacks(id, at)
			return true
		}
	}
	return false
}

// Unguarded is a step that destroys and would be done without an approval that it follows.
type Unguarded struct {
	Approval *Step // that is left out
	Destroys *Step
}

// Unguarded returns for each approval that is left out, or of which an instance is, the first
// step that destroys behind it, where there is one.
func (p *Plan) Unguarded() []Unguarded {
	var found []Unguarded
	for _, approval := range p.Steps {
		if !approval.Describe.Asks || approval.LeftOut == nil && (approval.Loop == nil || len(approval.Loop.LeftOut) == 0) {
			continue
		}
		behind := map[int]bool{approval.Index: true}
		for _, s := range p.Steps[approval.Index+1:] {
			if !slices.ContainsFunc(s.Needs, func(e Edge) bool { return behind[e.From] }) {
				continue
			}
			behind[s.Index] = true
			if s.Effect == sdk.Destroy && !s.Skipped() {
				found = append(found, Unguarded{approval, s})
				break
			}
		}
	}
	return found
}
