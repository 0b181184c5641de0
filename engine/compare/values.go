package compare

import (
	"maps"
	"slices"
	"time"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/schema"
)

// given is what an action is given: the parameters as far as they are known, and what the file
// says of them.
type given struct {
	params value.Value
	node   *syntax.Node
	tree   *data.Tree
}

// raw is what the file says of a parameter.
func (g given) raw(name string) *syntax.Node {
	if g.node == nil {
		return nil
	}
	return g.node.Get(name)
}

// parameters compares what an action is given: the values where they are known, and what the
// file says where they are not. What a difference means nobody but the action knows.
func (c *comparer) parameters(change Change, before, after given) {
	names := map[string]bool{}
	for _, m := range slices.Concat(before.params.Members(), after.params.Members()) {
		names[m.Name] = true
	}
	of := ""
	if change.What != "" {
		of = " " + change.What
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		b, hadOne := before.params.Get(name)
		a, hasOne := after.params.Get(name)
		known := !b.HasUnknown() && !a.HasUnknown()
		if hadOne == hasOne && (known && b.Equal(a) || !known && c.sameData(before.raw(name), after.raw(name), after.tree)) {
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
		said.Before, said.After = inFile(b, written(before.raw(name)), hadOne), inFile(a, written(after.raw(name)), hasOne)
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
