package spec

import (
	"maps"
	"reflect"
	"slices"
)

// Patch leads from one form to another: a merge patch (RFC 7396), which holds of maps what differs,
// and of all else the whole. It is JSON.
type Patch map[string]any

// UnmarshalJSON reads a patch, with its numbers as they are in a [Form].
func (p *Patch) UnmarshalJSON(text []byte) (err error) {
	*p, err = read(text)
	return err
}

// To returns what leads from one form to another.
func (f Form) To(other Form) Patch {
	return Patch(difference(f, other))
}

func difference(from, to map[string]any) map[string]any {
	patch := map[string]any{}
	for key := range from {
		if _, stays := to[key]; !stays {
			patch[key] = nil
		}
	}
	for key, is := range to {
		was, there := from[key]
		if there && reflect.DeepEqual(was, is) {
			continue
		}
		inner, both := was.(map[string]any)
		if of, is := is.(map[string]any); is && both {
			patch[key] = difference(inner, of)
			continue
		}
		patch[key] = is
	}
	return patch
}

// With returns what a patch makes of a form, which stays as it is. Where that leaves an object empty, it is
// there.
func (f Form) With(p Patch) Form { return Form(merged(f, p)) }

func merged(from map[string]any, patch map[string]any) map[string]any {
	made := make(map[string]any, len(from))
	maps.Copy(made, from)
	for key, value := range patch {
		inner, is := value.(map[string]any)
		switch {
		case value == nil:
			delete(made, key)
		case is:
			of, _ := made[key].(map[string]any)
			made[key] = merged(of, inner)
		default:
			made[key] = value
		}
	}
	return made
}

// Into makes a spec of what the patch holds, and of nothing else: for who wants to know what that is.
func (p Patch) Into(spec any) error {
	alone, _ := naming(map[string]any(p)).(map[string]any)
	return Form(alone).Into(spec)
}

// naming is a value of a patch in which variables have a place each, also those that keep theirs.
func naming(value any) any {
	of, is := value.(map[string]any)
	if !is {
		return value
	}
	made := make(map[string]any, len(of))
	for key, member := range of {
		made[key] = naming(member)
		by, folded := member.(map[string]any)
		if key != environment || !folded {
			continue
		}
		names, _ := by[order].([]any)
		variables, _ := by[values].(map[string]any)
		others := maps.Clone(variables)
		for _, name := range names {
			if name, is := name.(string); is {
				delete(others, name)
			}
		}
		names = slices.Clone(names)
		for _, name := range slices.Sorted(maps.Keys(others)) {
			names = append(names, name)
		}
		made[key] = map[string]any{order: names, values: variables}
	}
	return made
}
