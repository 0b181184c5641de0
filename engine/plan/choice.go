package plan

import (
	"cmp"
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
	lines   []line // of all steps, those of a runbook that is taken in behind the step that does
	places  map[string]int
	out     []*event.LeftOut                     // by the place of the step
	of      map[string]map[string]*event.LeftOut // by step and key, instances
	inside  map[string]*event.LeftOut            // single steps of what one instance takes in
}

// line is one step, as it is chosen by.
type line struct {
	id    string // as the plan calls it
	step  *check.Step
	outer int   // the place of the step that takes it in; -1: none does
	needs []int // the places of the steps that it waits for
}

// chosen returns which steps of a runbook a choice leaves out.
func chosen(checked *check.Runbook, choice *event.Choice) (*chooser, error) {
	c := &chooser{checked: checked, choice: choice, places: map[string]int{}, of: map[string]map[string]*event.LeftOut{}, inside: map[string]*event.LeftOut{}}
	if choice == nil {
		return c, nil
	}
	if choice.From != "" && len(choice.Only) > 0 {
		return nil, &ChoiceError{Flag: "--from and --only", Cause: "each says which steps are done: give one of them"}
	}
	if len(choice.Skip) > 0 && strings.TrimSpace(choice.Reason) == "" {
		return nil, &ChoiceError{Flag: "--skip", Named: choice.Skip[0], Cause: "there is no reason for it"}
	}
	c.lay(checked, -1, func(id string) string { return id })
	c.out = make([]*event.LeftOut, len(c.lines))
	for _, leave := range []func() error{c.from, c.only, c.skip, c.mode} {
		if err := leave(); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// lay lays out the steps of a runbook, and of those that it takes in.
func (c *chooser) lay(checked *check.Runbook, outer int, called func(id string) string) {
	places := make([]int, len(checked.Steps))
	for i, step := range checked.Steps {
		id := called(step.ID())
		places[i], c.places[id] = len(c.lines), len(c.lines)
		c.lines = append(c.lines, line{id: id, step: step, outer: outer})
		if step.Runbook != nil {
			c.lay(step.Runbook, places[i], func(inside string) string { return event.InsideID(id, inside) })
		}
	}
	for i, step := range checked.Steps {
		for _, edge := range step.Needs {
			c.lines[places[i]].needs = append(c.lines[places[i]].needs, places[edge.Step])
		}
	}
}

func (c *chooser) because(cause string) *event.LeftOut {
	return &event.LeftOut{By: c.choice.By, Cause: cause, Reason: c.choice.Reason}
}

// leftOut says why a step, or one of what an instance takes in, is left out; nil: it is not.
func (c *chooser) leftOut(id string) *event.LeftOut {
	if c.choice == nil {
		return nil
	}
	return cmp.Or(c.inside[id], c.out[c.places[event.Template(id)]])
}

// from leaves out all that the step to begin at needs, directly or not, and all that the steps
// need which take it in.
func (c *chooser) from() error {
	if c.choice.From == "" {
		return nil
	}
	first, err := c.whole("--from", c.choice.From)
	if err != nil {
		return err
	}
	because := c.because("before --from " + c.choice.From)
	var stack []int
	for at := first; at >= 0; at = c.lines[at].outer {
		stack = append(stack, at)
	}
	for len(stack) > 0 {
		top := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, need := range c.lines[top].needs {
			if c.out[need] == nil {
				c.out[need] = because
				stack = append(stack, need)
			}
		}
	}
	return nil
}

// only leaves out all but some steps, with what they take in, and with those that take them in.
// Those of finally clean up whatever was done.
func (c *chooser) only() error {
	if len(c.choice.Only) == 0 {
		return nil
	}
	kept, opened := make(map[int]bool), make(map[int]bool)
	for _, name := range c.choice.Only {
		place, err := c.whole("--only", name)
		if err != nil {
			return err
		}
		kept[place] = true
		for at := c.lines[place].outer; at >= 0; at = c.lines[at].outer {
			opened[at] = true
		}
	}
	because := c.because("not in --only " + strings.Join(c.choice.Only, ","))
	for i, l := range c.lines {
		kept[i] = kept[i] || kept[l.outer] || l.step.Finally
		if l.outer >= 0 && c.out[l.outer] != nil || !kept[i] && !opened[i] {
			c.out[i] = because // by itself, or as what takes it in
		}
	}
	return nil
}

// skip leaves out single steps and instances.
func (c *chooser) skip() error {
	because := c.because("--skip")
	for _, name := range c.choice.Skip {
		id := event.Template(name)
		place, err := c.step("--skip", name, id)
		if err == nil {
			err = c.loops(name)
		}
		of, key, isInstance := event.SplitInstance(name)
		switch {
		case err != nil:
			return err
		case name == id:
			c.out[place] = because
		case !isInstance:
			c.inside[name] = because
		default:
			if c.of[of] == nil {
				c.of[of] = make(map[string]*event.LeftOut)
			}
			c.of[of][key] = because
		}
	}
	return nil
}

// loops says which step that an id gives a key is done once, or which one is done for many and
// has no key, where one inside of it has.
func (c *chooser) loops(name string) error {
	keyed := false
	for at := name; at != ""; {
		of, _, isInstance := event.SplitInstance(at)
		if !isInstance {
			of = at
		}
		id := event.Template(of)
		switch loops := c.lines[c.places[id]].step.Loop != nil; {
		case isInstance && !loops:
			return &ChoiceError{Flag: "--skip", Named: name, Cause: id + " is done once, and has no instances", Near: id}
		case keyed && loops && !isInstance:
			return &ChoiceError{Flag: "--skip", Named: name, Cause: id + " is done for many: say for which of them the instance is left out", Near: event.Template(name)}
		}
		keyed = keyed || isInstance
		at, _, _ = event.SplitInside(of)
	}
	return nil
}

// whole finds the step that a flag names, which takes no instance and no step of finally.
func (c *chooser) whole(flag, name string) (int, error) {
	if of := event.Template(name); of != name {
		return 0, &ChoiceError{Flag: flag, Named: name, Cause: "it takes whole steps, and instances are left out by --skip", Near: of}
	}
	place, err := c.step(flag, name, name)
	if err == nil && c.lines[place].step.Finally {
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

// missed says which of the steps of what single instances take in is to be left out and is not
// in a plan: it is not done, or it is not known yet whether.
func (c *chooser) missed(p *Plan) error {
	names := slices.Collect(maps.Keys(c.inside))
	for of := range c.of {
		if event.Template(of) != of {
			names = append(names, of)
		}
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if _, planned := p.instances[name]; !planned {
			return &ChoiceError{
				Flag: "--skip", Named: name, Near: event.Template(name),
				Cause: "there is no such instance, or none that is known before a run: of those a step is left out for all or for none",
			}
		}
	}
	return nil
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
// returns that step, by what the plan calls it. An expression that asks for the status of that step
// too knows what to do.
func (m *maker) takesMissing(tree *data.Tree) string {
	if len(m.absent) == 0 {
		return ""
	}
	for one := range tree.Templates() {
		for ref := range one.References() {
			if id := m.missing(ref.Ref); id != "" && !m.copes(one, id) {
				m.lacks(id, ref.Range)
				return m.id(id)
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
