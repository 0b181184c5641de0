package compare

import (
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/value"
)

// objective compares a span that is promised: more of it promises less.
func (c *comparer) objective(key string, before, after time.Duration) {
	change := Change{Aspect: AnObjective, Before: lasting(before), After: lasting(after), At: c.place("objectives", key)}
	switch {
	case before == after:
		return
	case after == 0:
		change.Risk, change.What = Higher, "the objective "+key+" is gone"
	case before == 0:
		change.Risk, change.What = Lower, "the objective "+key+" is new"
	case after > before:
		change.Risk, change.What = Higher, "the objective "+key+" is weaker"
	default:
		change.Risk, change.What = Lower, "the objective "+key+" is stronger"
	}
	c.add(change)
}

// dataLoss compares how data loss is measured.
func (c *comparer) dataLoss() {
	const section, key = "objectives", "dataLoss"
	was, is := c.Before.Section(section, key), c.After.Section(section, key)
	change := Change{
		Risk: Undecided, Aspect: AnObjective, What: "data loss is measured in another way", At: c.place(section, key),
		Before: inFile(was, was, !was.IsNull()), After: inFile(is, is, !is.IsNull()),
	}
	switch {
	case is.IsNull():
		change.Risk, change.What = Higher, "nothing measures data loss any more"
	case was.IsNull():
		change.Risk, change.What = Lower, "data loss is measured now"
	}
	c.differs(change)
}

// modes compares what is otherwise in each mode.
func (c *comparer) modes() {
	const section = "modes"
	before, after := c.Before.Section(section), c.After.Section(section)
	for _, name := range names(before, after) {
		was, had := before.Get(name)
		is, has := after.Get(name)
		change := Change{Risk: Undecided, Aspect: AMode, At: c.place(section, name), Before: inFile(was, was, had), After: inFile(is, is, has)}
		switch {
		case !has:
			change.What = "the mode " + name + " is gone"
		case !had:
			change.What = "the mode " + name + " is new"
		case was.Equal(is):
			continue
		default:
			c.mode(name, was, is)
			continue
		}
		c.add(change)
	}
}

// mode compares one that is in both: that a drill leaves out more proves less.
func (c *comparer) mode(name string, was, is value.Value) {
	place := c.place("modes", name, "skip")
	before, after := skips(was), skips(is)
	if more := without(after, before); len(more) > 0 {
		c.add(Change{Risk: Higher, Aspect: AMode, What: "the mode " + name + " leaves out more: " + layout.Steps(more), At: place, Before: layout.Names(before), After: layout.Names(after)})
	}
	if less := without(before, after); len(less) > 0 {
		c.add(Change{Risk: Lower, Aspect: AMode, What: "the mode " + name + " leaves out less: " + layout.Steps(less), At: place, Before: layout.Names(before), After: layout.Names(after)})
	}
	old, had := was.Get("inputs")
	now, has := is.Get("inputs")
	c.differs(Change{
		Risk: Undecided, Aspect: AMode, What: "the mode " + name + " sets other inputs", At: c.place("modes", name, "inputs"),
		Before: inFile(old, old, had), After: inFile(now, now, has),
	})
}

// skips are the steps that a mode leaves out.
func skips(mode value.Value) []string {
	list, _ := mode.Get("skip")
	var steps []string
	for _, item := range list.Items() {
		if id, ok := item.AsString(); ok && !slices.Contains(steps, id) {
			steps = append(steps, id)
		}
	}
	return steps
}
