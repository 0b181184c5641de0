package compare

import (
	"maps"
	"slices"

	"github.com/gatebook/gatebook/engine/compare/sides"
	"github.com/gatebook/gatebook/engine/value"
)

// parameters compares what an action is given: the values where they are known, and what the
// file says where they are not. What a difference means nobody but the action knows.
func (c *comparer) parameters(change Change, before, after sides.Given) {
	of := ""
	if change.What != "" {
		of = " " + change.What
	}
	for _, name := range names(before.Params, after.Params) {
		b, hadOne := before.Params.Get(name)
		a, hasOne := after.Params.Get(name)
		known := !b.HasUnknown() && !a.HasUnknown()
		if hadOne == hasOne && (known && b.Equal(a) || !known && c.SameParameter(name, before, after)) {
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
		if said.Before, said.After = inFile(b, before.Raw(name), hadOne), inFile(a, after.Raw(name), hasOne); said.Before == said.After {
			said.What += ", by what its names mean"
		}
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

// names are those of the members of two objects, sorted.
func names(before, after value.Value) []string {
	all := map[string]bool{}
	for _, m := range slices.Concat(before.Members(), after.Members()) {
		all[m.Name] = true
	}
	return slices.Sorted(maps.Keys(all))
}
