package plan

import (
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// loopOf says how a step goes through its instances.
func loopOf(checked *check.Loop) *Loop {
	loop := &Loop{sizes: []Share{{Count: 1}}, Source: checked.Over}
	if said := checked.Model; said != nil {
		loop.MaxParallel, loop.Pause = int(said.MaxParallel.Value), said.Pause.Value
		switch {
		case len(said.Sizes.Items) > 0:
			loop.sizes = said.Sizes.Items
		case loop.MaxParallel > 0:
			loop.sizes = []Share{{Count: 100, Percent: true}}
		}
		if may := said.MaxFailures; may.Node != nil {
			loop.budget, loop.MaxFailures.Total = budget{may.Total, may.Batch}, may.Total.String()
		}
		if of := said.MaxFailures.Batch; of != nil {
			loop.MaxFailures.Batch = of.String()
		}
	}
	for _, size := range loop.sizes {
		loop.Sizes = append(loop.Sizes, size.String())
	}
	return loop
}

// loop plans a step that is done for many: as it is for each, and where what it is done for
// is known, each instance.
func (m *maker) loop(step *Step, checked *check.Step) error {
	loop := loopOf(checked.Loop)
	loop.LeftOut = m.choice.of[step.ID]
	step.Loop = loop
	ofEach := checked.When != nil && isOfEach(checked.When)
	if !ofEach {
		step.When = m.when(checked)
	}
	loop.Over = m.eval(checked.Loop.Over)
	loop.Between = m.conditions(checked.Loop.Between)

	outer, stood := m.skipped, m.stands
	m.stands = stood || !loop.Over.HasUnknown()
	m.scope.each = anyOf(loop.Over)
	if ofEach {
		loop.When = m.when(checked)
	}
	err := m.content(step, checked)
	m.skipped, m.stands = outer, stood
	if err == nil && !m.skipped && !loop.Over.HasUnknown() {
		err = m.instances(step, checked, ofEach)
	}
	m.scope.each = anyOf(value.Null())
	return err
}

// instances plans the instances of a step.
func (m *maker) instances(step *Step, checked *check.Step, ofEach bool) error {
	items, err := Items(step.Loop.Over)
	if err != nil {
		m.found = append(m.found, diag.LoopKeys.At(checked.Loop.Over.Range(), "Its instances cannot be named: %s.", err))
		return nil
	}
	step.Loop.Batches = step.Loop.BatchesOf(len(items))
	step.Loop.Instances = make([]*Step, len(items))
	of := findings{all: m.found}
	for k, item := range items {
		if m.made > m.most {
			m.found = append(of.all, diag.InclusionDeep.At(checked.Loop.Over.Range(), "With what is taken in for each of %d the plan has more than %d steps.", len(items), m.most))
			step.Loop.Batches, step.Loop.Instances = nil, nil
			return nil
		}
		m.scope.each = Each(k, item)
		one := step.Instance(item.Key)
		one.Item, m.found = m.scope.each, nil
		m.skipped = m.void || one.LeftOut != nil
		if ofEach {
			one.When = m.when(checked)
		}
		if err := m.content(one, checked); err != nil {
			return err
		}
		of.add(one, m.found)
		step.Loop.Instances[k], m.skipped = one, m.void
	}
	m.found = append(of.all, of.fresh()...)
	return nil
}

// findings are what is wrong with the instances of a step, each said once.
type findings struct {
	all    diag.List // what is wrong with all of them
	found  diag.List
	first  []string // of each of these, the first instance of which it was found
	others []int    // and of how many others
	places map[saying]int
}

// saying tells one finding from another.
type saying struct{ code, at, detail string }

func sayingOf(d diag.Diagnostic) saying { return saying{d.Rule.Code, d.Range.String(), d.Detail} }

// mostFaults is how many things are said to be wrong with the instances of one step.
const mostFaults = 20

// add takes in what was found of an instance.
func (f *findings) add(one *Step, found diag.List) {
	if f.places == nil {
		f.places = make(map[saying]int, len(f.all))
		for _, d := range f.all {
			f.places[sayingOf(d)] = -1
		}
	}
	for _, d := range found {
		what := sayingOf(d)
		place, said := f.places[what]
		switch {
		case said && place >= 0:
			f.others[place]++
		case !said && len(f.found) < mostFaults:
			f.places[what] = len(f.found)
			f.found, f.first, f.others = append(f.found, d), append(f.first, one.ID), append(f.others, 0)
		}
	}
}

// fresh returns what was found of instances, and of which.
func (f *findings) fresh() diag.List {
	for i := range f.found {
		of := f.first[i]
		if f.others[i] > 0 {
			of += fmt.Sprintf(" and %d more", f.others[i])
		}
		f.found[i].Detail = of + ": " + f.found[i].Detail
	}
	return f.found
}

// anyOf is what each is where it is said of no item in particular.
func anyOf(over value.Value) value.Value {
	unknown := func(name string) value.Member {
		return value.Member{Name: name, Value: value.Unknown(value.Cause{Reason: perItem})}
	}
	if causes := over.Causes(); len(causes) > 0 {
		unknown = func(name string) value.Member { return value.Member{Name: name, Value: value.Unknown(causes...)} }
	}
	return value.Object(unknown("index"), unknown("key"), unknown("value"))
}

// isOfEach reports whether a condition speaks of the item.
func isOfEach(c *expr.Condition) bool {
	return slices.ContainsFunc(c.Refs(), func(ref expr.Ref) bool { return ref.Root == expr.RootEach })
}
