package example

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// place is a condition with what is not known where it stands.
type place struct {
	condition.Sense
	free []names.Ref  // what may have any value: what it refers to, and what that is made of
	made []derived    // what it refers to that follows from these
	ties []dependency // what follows from others, nobody can tell how
}

// derived is a name whose value follows from others.
type derived struct {
	ref    names.Ref
	origin *condition.Origin
}

// dependency is that the value of a name follows from another, nobody can tell how.
type dependency struct{ ref, from names.Ref }

func placeOf(s condition.Sense) *place {
	p := &place{Sense: s}
	for _, r := range s.Refs() {
		p.add(r)
	}
	return p
}

// add adds a name, where it is not known.
func (p *place) add(r names.Ref) {
	if known, _ := names.Resolve(p.Scope, r); !known.HasUnknown() {
		return
	}
	origin := p.Origin(r)
	switch {
	case origin == nil:
		p.free = append(p.free, r)
	case origin.Eval == nil:
		p.free = append(p.free, r)
		for _, from := range origin.From {
			p.ties = append(p.ties, dependency{r, from})
		}
	default:
		p.made = append(p.made, derived{names.Ref{Root: r.Root, Path: r.Path[:min(len(r.Path), 1)]}, origin})
		for _, from := range origin.From {
			p.add(from)
		}
	}
}

// tied reports whether one of some names follows from another, nobody can tell how. Nothing of
// an item does that is given as a whole.
func (p *place) tied(free []name) bool {
	return slices.ContainsFunc(p.ties, func(t dependency) bool {
		return !slices.ContainsFunc(free, func(f name) bool { return len(f.parts) > 0 && within(t.ref, f.ref) }) &&
			slices.ContainsFunc(free, func(f name) bool {
				return f.ref.String() != t.ref.String() && (within(f.ref, t.from) || within(t.from, f.ref))
			})
	})
}

// within reports whether a name is another, or a part of what that names.
func within(r, whole names.Ref) bool {
	return strings.HasPrefix(r.String()+".", whole.String()+".")
}

// in is the place in a world. It fails where that cannot be: what is made of what is so in it
// has no value.
func (p *place) in(w world) (filled, bool) {
	f := filled{p.Scope, slices.Clip(w)}
	var made world
	for _, d := range p.made {
		v, err := d.origin.Eval(f)
		if err != nil || v.HasUnknown() {
			return f, false
		}
		made = append(made, setting{ref: d.ref, value: v})
	}
	f.world = append(f.world, made...)
	return f, true
}

// setting is that a name has a value, or that there is no such thing.
type setting struct {
	ref    names.Ref
	value  value.Value
	absent bool
}

// world is what is so in an example.
type world []setting

// filled is a scope in which what was not known has the values of a world.
type filled struct {
	names.Scope
	world world
}

// Root returns a root with the values of the world in it.
func (f filled) Root(root string) (value.Value, bool) {
	known, ok := f.Scope.Root(root)
	for _, set := range f.world {
		if set.ref.Root == root {
			known, ok = with(known, set.ref.Path, set.value), true
		}
	}
	return known, ok
}

// Step returns a step with the values of the world in it.
func (f filled) Step(id string) (value.Value, bool) {
	known, ok := f.Scope.Step(id)
	for _, set := range f.world {
		switch of, isStep := set.ref.Step(); {
		case !isStep || of != id:
		case set.absent:
			known = without(known, set.ref.Path[1])
		default:
			known, ok = with(known, set.ref.Path[1:], set.value), true
		}
	}
	return known, ok
}

// with is an object in which something has another value.
func with(object value.Value, path []string, v value.Value) value.Value {
	if len(path) == 0 {
		return v
	}
	inside, _ := object.Get(path[0])
	return value.Object(append(without(object, path[0]).Members(), value.Member{Name: path[0], Value: with(inside, path[1:], v)})...)
}

// without is an object in which something is not.
func without(object value.Value, name string) value.Value {
	return value.Object(slices.DeleteFunc(slices.Clone(object.Members()), func(m value.Member) bool { return m.Name == name })...)
}
