package example

import (
	"slices"

	"github.com/gatebook/gatebook/engine/expr/internal/condition"
	"github.com/gatebook/gatebook/engine/expr/internal/names"
	"github.com/gatebook/gatebook/engine/value"
)

// World is what is so in an example, by the names of what was not known and does not follow
// from what else is so.
type World []value.Member

// Bounds of the search, which keep it to a fraction of a second.
const (
	mostNames  = 8
	mostWorlds = 4096
)

// Where looks for a world in which the first conditions are all true and at least one of the
// second is false.
func Where(hold, fail []condition.Sense) (World, bool) {
	holding, failing := placesOf(hold), placesOf(fail)
	free, ok := unknown(slices.Concat(holding, failing))
	if !ok {
		return nil, false
	}
	at := make([]int, len(free))
	for range mostWorlds {
		made, ok := chosen(free, at)
		if ok && all(holding, made) && oneFails(failing, made) {
			return inWords(free, made), true
		}
		if !next(at, free) {
			break
		}
	}
	return nil, false
}

func placesOf(senses []condition.Sense) []*place {
	places := make([]*place, len(senses))
	for i, s := range senses {
		places[i] = placeOf(s)
	}
	return places
}

// chosen is the world of a choice of values. It fails where that cannot be.
func chosen(free []name, at []int) (world, bool) {
	made := make(world, len(free))
	for i, f := range free {
		made[i] = setting{ref: f.ref, value: f.values[at[i]]}
	}
	return made, settle(made)
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

func all(places []*place, w world) bool {
	return !slices.ContainsFunc(places, func(p *place) bool {
		in, ok := p.in(w)
		return !ok || p.Eval(in).Truth != condition.True
	})
}

// oneFails reports whether one is false, in a world that can be for all of them.
func oneFails(places []*place, w world) bool {
	fails := false
	for _, p := range places {
		in, ok := p.in(w)
		if !ok {
			return false
		}
		fails = fails || p.Eval(in).Truth == condition.False
	}
	return fails
}

// inWords is what is said of a world: what there is in it, and of what has its parts together
// those that conditions speak of.
func inWords(free []name, w world) World {
	var said World
	for i, f := range free {
		if w[i].absent {
			continue
		}
		for _, part := range f.parts {
			v, _ := names.Resolve(names.Values{Roots: map[string]value.Value{f.ref.Root: w[i].value}}, part)
			said = append(said, value.Member{Name: part.String(), Value: v})
		}
		if len(f.parts) == 0 {
			said = append(said, value.Member{Name: f.ref.String(), Value: w[i].value})
		}
	}
	return said
}

// name is something whose value is not known, with the values that it is given in turn.
type name struct {
	ref    names.Ref
	values []value.Value
	parts  []names.Ref // what conditions speak of, where that is less
}

// unknown returns what the conditions refer to and is not known. It fails where there is too
// much of it, where one name is a part of another or follows from it, and where one text means
// two things.
func unknown(places []*place) ([]name, bool) {
	words := wordsOf(places)
	meanings := map[string]string{}
	var free []name
	for _, p := range places {
		for _, r := range p.free {
			meaning := ""
			if p.Means != nil {
				meaning = p.Means(r)
			}
			if before, seen := meanings[r.String()]; seen {
				if before != meaning {
					return nil, false
				}
				continue
			}
			meanings[r.String()] = meaning
			values, ok := valuesOf(r, places, words)
			if !ok {
				return nil, false
			}
			free = append(free, name{ref: r, values: values})
		}
	}
	free = ofItems(free, places)
	return free, len(free) <= mostNames && !slices.ContainsFunc(places, func(p *place) bool { return p.tied(free) }) &&
		!slices.ContainsFunc(free, func(f name) bool { return len(f.values) == 0 || partOfAnother(f, free) })
}

func partOfAnother(f name, free []name) bool {
	return slices.ContainsFunc(free, func(other name) bool {
		return f.ref.String() != other.ref.String() && within(f.ref, other.ref)
	})
}
