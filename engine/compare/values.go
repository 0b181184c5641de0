package compare

import (
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// raw is what the file says of the parameters of a step's action, and rawBack of those of
// what takes it back.
func (s side) raw(step *plan.Step) value.Value { return written(s.checked[step.ID].Model.With.Node) }

func (s side) rawBack(step *plan.Step) value.Value {
	return written(s.checked[step.ID].Model.Rollback.With.Node)
}

// parameters compares what an action is given: the values where they are known, and what the
// file says where they are not. What it means nobody but the action knows.
func (c *comparer) parameters(change Change, before, after, was, is value.Value) {
	names := map[string]bool{}
	for _, of := range []value.Value{before, after} {
		for _, m := range of.Members() {
			names[m.Name] = true
		}
	}
	of := ""
	if change.What != "" {
		of = " " + change.What
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, hadOne := before.Get(name)
		a, hasOne := after.Get(name)
		rawB, _ := was.Get(name)
		rawA, _ := is.Get(name)
		known := !b.HasUnknown() && !a.HasUnknown()
		if hadOne == hasOne && (known && b.Equal(a) || !known && rawB.Equal(rawA) && c.sameVars()) {
			continue
		}
		said := change
		said.Risk, said.What = Undecided, name+of+" is another one"
		switch {
		case !hadOne:
			said.What = name + of + " is new"
		case !hasOne:
			said.What = name + of + " is gone"
		}
		said.Before, said.After = inFile(b, rawB, hadOne), inFile(a, rawA, hasOne)
		c.add(said)
	}
}

// inFile shows a value that is known, and else what the file says.
func inFile(v, raw value.Value, there bool) string {
	switch {
	case !there:
		return ""
	case v.HasUnknown() && !raw.IsNull():
		return plain(raw)
	default:
		return plain(v)
	}
}

func plain(v value.Value) string {
	if text, ok := v.AsString(); ok && !v.IsSecret() {
		return text
	}
	return v.String()
}

// duration is a span of time as runbooks write it.
func duration(d time.Duration) string { return schema.Duration(d).String() }
