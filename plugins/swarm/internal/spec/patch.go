package spec

import (
	"maps"
	"reflect"
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
