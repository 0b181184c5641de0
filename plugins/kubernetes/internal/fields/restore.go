package fields

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Standing is what has become of a change.
type Standing int

// What may have become of a change.
const (
	Original Standing = iota // the field is as it was before the change
	Changed                  // it is as the change left it
	Other                    // somebody gave it another value
)

// Standing says how the field of the change is in an object.
func (c Change) Standing(in *unstructured.Unstructured) Standing {
	data, there := find(in.Object, c.Path)
	switch {
	case c.After.is(data, there):
		return Changed
	case c.Before.is(data, there):
		return Original
	default:
		return Other
	}
}

// Same says whether two states of an object have the same in the field.
func (c Change) Same(one, other *unstructured.Unstructured) bool {
	a, has := find(one.Object, c.Path)
	b, too := find(other.Object, c.Path)
	return has == too && reflect.DeepEqual(a, b)
}

// find follows a path as far as it leads.
func find(data any, path Path) (found any, there bool) {
	for _, step := range path {
		if step.Item == "" {
			fields, _ := data.(map[string]any)
			if data, there = fields[step.Field]; !there {
				return nil, false
			}
			continue
		}
		item, found := itemOf(data, step.Item)
		if !found {
			return nil, false
		}
		data = item
	}
	return data, true
}

func itemOf(data any, name string) (map[string]any, bool) {
	items, _ := data.([]any)
	for _, item := range items {
		if fields, is := item.(map[string]any); is && fields["name"] == name {
			return fields, true
		}
	}
	return nil, false
}

// Restoring is the JSON merge patch that gives the fields of changes the values that
// they had in an object before. It is valid for the object as it is: a list is replaced
// as a whole, so that the patch must name the resource version.
func Restoring(object *unstructured.Unstructured, changes []Change) (map[string]any, error) {
	restored := object.DeepCopy()
	for _, change := range changes {
		if err := change.restore(restored.Object); err != nil {
			return nil, err
		}
	}
	patch := map[string]any{}
	for _, change := range changes {
		put(patch, change.Path, restored.Object)
	}
	return patch, nil
}

func (c Change) restore(object map[string]any) error {
	if !c.Before.There {
		for depth := len(c.Path); depth > c.Parents; depth-- {
			parent, there := find(object, c.Path[:depth-1])
			fields, is := parent.(map[string]any)
			if !there || !is {
				continue
			}
			if last, left := fields[c.Path[depth-1].Field].(map[string]any); depth < len(c.Path) && left && len(last) > 0 {
				break // somebody else has put something there
			}
			delete(fields, c.Path[depth-1].Field)
		}
		return nil
	}
	if c.IsLost() {
		return fmt.Errorf("%s was a value of a Secret, which is kept nowhere", c.Path)
	}
	data, err := c.Before.data()
	if err != nil {
		return fmt.Errorf("the value of %s before: %w", c.Path, err)
	}
	return set(object, c.Path, data)
}

// set makes the objects on the way to the field where they are not there.
func set(in map[string]any, path Path, data any) error {
	for i, step := range path[:len(path)-1] {
		var below map[string]any
		switch {
		case step.Item != "":
			continue // the step before has gone into it
		case path[i+1].Item != "":
			below, _ = itemOf(in[step.Field], path[i+1].Item)
			if below == nil {
				return fmt.Errorf("%s is not there any more", path[:i+2])
			}
		default:
			below, _ = in[step.Field].(map[string]any)
			if below == nil {
				below = map[string]any{}
				in[step.Field] = below
			}
		}
		in = below
	}
	in[path[len(path)-1].Field] = data
	return nil
}

// put adds to a merge patch what a restored object has at a path: the whole list where
// it goes into one, and null where it ends on the way.
func put(patch map[string]any, path Path, restored map[string]any) {
	for i, step := range path {
		value, there := restored[step.Field]
		below, is := value.(map[string]any)
		inList := i+1 < len(path) && path[i+1].Item != ""
		if !there || !is || inList || i == len(path)-1 {
			patch[step.Field] = value // nil, where it is not there
			return
		}
		deeper, is := patch[step.Field].(map[string]any)
		if !is {
			deeper = map[string]any{}
			patch[step.Field] = deeper
		}
		patch, restored = deeper, below
	}
}
