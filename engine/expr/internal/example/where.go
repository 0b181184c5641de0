package example

import (
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// World is what is so in an example, by the names of what was not known.
type World []value.Member

// Bounds of the search, which keep it to a fraction of a second.
const (
	mostNames  = 8
	mostWorlds = 4096
)

// Where looks for a world in which the first conditions are all true and at least one of the
// second is false.
func Where(hold, fail []condition.Sense) (World, bool) {
	free, ok := unknown(slices.Concat(hold, fail))
	if !ok {
		return nil, false
	}
	at := make([]int, len(free))
	for range mostWorlds {
		world := make(World, len(free))
		for i, f := range free {
			world[i] = value.Member{Name: f.ref.String(), Value: f.values[at[i]]}
		}
		if all(hold, free, world) && oneFails(fail, free, world) {
			return world, true
		}
		if !next(at, free) {
			break
		}
	}
	return nil, false
}

// next is the next choice of values; the last one is followed by none.
func next(at []int, free []name) bool {
	for i := range at {
		if at[i]++; at[i] < len(free[i].values) {
			return true
		}
		at[i] = 0
	}
	return false
}

func all(senses []condition.Sense, free []name, world World) bool {
	return !slices.ContainsFunc(senses, func(s condition.Sense) bool {
		return s.Eval(filled{s.Scope, free, world}).Truth != condition.True
	})
}

func oneFails(senses []condition.Sense, free []name, world World) bool {
	return slices.ContainsFunc(senses, func(s condition.Sense) bool {
		return s.Eval(filled{s.Scope, free, world}).Truth == condition.False
	})
}

// name is something whose value is not known, with the values that it is given in turn.
type name struct {
	ref    names.Ref
	values []value.Value
}

// unknown returns what the conditions refer to and is not known. It fails where there is too
// much of it, where one name is a part of another, and where one text means two things.
func unknown(senses []condition.Sense) ([]name, bool) {
	words := wordsOf(senses)
	meanings := map[string]string{}
	var free []name
	for _, s := range senses {
		for _, r := range s.Refs() {
			known, _ := names.Resolve(s.Scope, r)
			if !known.HasUnknown() {
				continue
			}
			meaning := ""
			if s.Means != nil {
				meaning = s.Means(r)
			}
			if before, seen := meanings[r.String()]; seen {
				if before != meaning {
					return nil, false
				}
				continue
			}
			meanings[r.String()] = meaning
			values, ok := valuesOf(r, senses, words)
			if !ok {
				return nil, false
			}
			free = append(free, name{r, values})
		}
	}
	return free, len(free) <= mostNames && !slices.ContainsFunc(free, func(f name) bool { return partOfAnother(f, free) })
}

func partOfAnother(f name, free []name) bool {
	return slices.ContainsFunc(free, func(other name) bool {
		return strings.HasPrefix(f.ref.String(), other.ref.String()+".")
	})
}

// filled is a scope in which what was not known has the values of a world.
type filled struct {
	names.Scope
	free  []name
	world World
}

// Root returns a root with the values of the world in it.
func (f filled) Root(root string) (value.Value, bool) {
	known, ok := f.Scope.Root(root)
	for i, free := range f.free {
		if free.ref.Root == root {
			known, ok = with(known, free.ref.Path, f.world[i].Value), true
		}
	}
	return known, ok
}

// Step returns a step with the values of the world in it.
func (f filled) Step(id string) (value.Value, bool) {
	known, ok := f.Scope.Step(id)
	for i, free := range f.free {
		if of, isStep := free.ref.Step(); isStep && of == id {
			known, ok = with(known, free.ref.Path[1:], f.world[i].Value), true
		}
	}
	return known, ok
}

// with is an object in which something has another value.
func with(object value.Value, path []string, v value.Value) value.Value {
	if len(path) == 0 {
		return v
	}
	var members []value.Member
	var inside value.Value
	for _, m := range object.Members() {
		if m.Name == path[0] {
			inside = m.Value
		} else {
			members = append(members, m)
		}
	}
	return value.Object(append(members, value.Member{Name: path[0], Value: with(inside, path[1:], v)})...)
}
