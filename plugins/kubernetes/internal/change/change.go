// Package change is about what becomes of the fields of an object: what a change of it
// was, and how that is taken back where nobody changed the fields since. It leaves out
// where the objects come from.
package change

import (
	"encoding/json"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
)

// Field is the change of one field of an object. A list counts as one field.
type Field struct {
	Path []string        `json:"path"`
	From json.RawMessage `json:"from,omitempty"` // absent where there was no such field
	To   json.RawMessage `json:"to,omitempty"`   // absent where there is none any more
	// Made is set on an object within the object that was made for other fields, and
	// goes with the last of them.
	Made bool `json:"made,omitempty"`
}

// Between is how one object becomes the other.
func Between(from, to *unstructured.Unstructured) ([]Field, error) {
	return differ(Bare(from), Bare(to), nil)
}

// Bare is an object without what the server keeps in it by itself.
func Bare(object *unstructured.Unstructured) map[string]any {
	if object == nil {
		return nil
	}
	bare := object.DeepCopy().Object
	for _, name := range manifest.Kept() {
		unstructured.RemoveNestedField(bare, "metadata", name)
	}
	delete(bare, "status")
	return bare
}

func differ(from, to any, path []string) ([]Field, error) {
	old, wasObject := from.(map[string]any)
	young, isObject := to.(map[string]any)
	made := from == nil && len(young) > 0
	if (wasObject || made) && (isObject || to == nil && len(old) > 0) {
		names := slices.AppendSeq(slices.Collect(maps.Keys(old)), maps.Keys(young))
		slices.Sort(names)
		var changes []Field
		for _, name := range slices.Compact(names) {
			more, err := differ(old[name], young[name], append(slices.Clone(path), name))
			if err != nil {
				return nil, err
			}
			changes = append(changes, more...)
		}
		if made && len(path) > 0 {
			changes = append(changes, Field{Path: path, Made: true})
		}
		return changes, nil
	}
	if Alike(from, to) {
		return nil, nil
	}
	was, err := encode(from)
	if err != nil {
		return nil, err
	}
	is, err := encode(to)
	return []Field{{Path: path, From: was, To: is}}, err
}

// Alike takes null for a field that is not there.
func Alike(a, b any) bool { return equality.Semantic.DeepEqual(a, b) }

func encode(value any) (json.RawMessage, error) {
	if value == nil {
		return nil, nil
	}
	return json.Marshal(value)
}

// Value is what a change had encoded; nil where there was nothing.
func Value(text json.RawMessage) (decoded any, err error) {
	if len(text) == 0 {
		return nil, nil
	}
	return decoded, utiljson.Unmarshal(text, &decoded) // it keeps whole numbers whole
}

// Beyond are the fields that changes begin from another value than the known ones do.
func Beyond(changes, known []Field) (paths [][]string, err error) {
	for _, c := range changes {
		met := false
		for _, k := range known {
			now, nowErr := Value(c.From)
			was, wasErr := Value(k.From)
			if err := firstOf(nowErr, wasErr); err != nil {
				return nil, err
			}
			met = met || slices.Equal(k.Path, c.Path) && Alike(now, was)
		}
		if !met {
			paths = append(paths, c.Path)
		}
	}
	return paths, nil
}

// Back is the merge patch that takes the changes back; empty where there is nothing to
// take back. What somebody changed since is returned as the paths of those fields; still
// says of a field with another value than expected whether it is the step's own, though.
func Back(live *unstructured.Unstructured, changes []Field, still func(path []string) bool) (patch map[string]any, meddled [][]string, err error) {
	desired, patch := live.DeepCopy().Object, map[string]any{}
	put := func(path []string, to any) error {
		if to == nil {
			unstructured.RemoveNestedField(desired, path...)
		} else if err := unstructured.SetNestedField(desired, to, path...); err != nil {
			return err
		}
		Set(patch, to, path)
		return nil
	}
	for _, c := range changes {
		now, _, err := unstructured.NestedFieldNoCopy(desired, c.Path...)
		if err != nil {
			meddled = append(meddled, c.Path) // what it was in is no object any more
			continue
		}
		from, fromErr := Value(c.From)
		to, toErr := Value(c.To)
		object, isObject := now.(map[string]any)
		switch {
		case fromErr != nil || toErr != nil:
			return nil, nil, firstOf(fromErr, toErr)
		case c.Made:
			if isObject && len(object) == 0 {
				err = put(c.Path, nil)
			}
		case Alike(now, from):
		case Alike(now, to), still(c.Path):
			err = put(c.Path, from)
		default:
			meddled = append(meddled, c.Path)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return patch, meddled, nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Set puts a value into a tree whose inner objects are made as needed. Where a whole
// object is to go, what was to change in it is forgotten.
func Set(tree map[string]any, to any, path []string) {
	for _, name := range path[:len(path)-1] {
		below, is := tree[name].(map[string]any)
		if !is {
			below = map[string]any{}
			tree[name] = below
		}
		tree = below
	}
	tree[path[len(path)-1]] = to
}
