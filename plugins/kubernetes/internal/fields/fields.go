// Package fields compares objects field by field, so that a change can be taken back
// in the fields that it touched and in no others. It leaves out how objects are read
// and written.
package fields

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
)

// Step leads from a value to one below it: to a field, or to the item of a list that
// has this name.
type Step struct {
	Field string `json:"field,omitempty"`
	Item  string `json:"item,omitempty"`
}

// Path is the way to a field from the top of its object.
type Path []Step

// String is the path as a person reads it: "spec.containers[web].image".
func (p Path) String() string {
	var text strings.Builder
	for i, step := range p {
		switch {
		case step.Item != "":
			text.WriteString("[" + step.Item + "]")
		case i > 0:
			text.WriteString("." + step.Field)
		default:
			text.WriteString(step.Field)
		}
	}
	return text.String()
}

// Value is what a field holds. It is kept as JSON, since numbers must come back from a
// journal as what they were. Of a value of a Secret only a seal is kept, by which it is
// known again and not known.
type Value struct {
	There bool            `json:"there"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Seal  *Seal           `json:"seal,omitempty"`
}

func valueOf(data any, there bool) (Value, error) {
	if !there {
		return Value{}, nil
	}
	text, err := json.Marshal(data)
	return Value{There: true, JSON: text}, err
}

// is says whether a field that was found, or was not, holds the value.
func (v Value) is(data any, there bool) bool {
	if !v.There || !there {
		return v.There == there
	}
	if v.Seal != nil {
		return v.Seal.fits(data)
	}
	kept, err := v.data()
	return err == nil && reflect.DeepEqual(kept, data)
}

func (v Value) data() (any, error) {
	var data any
	err := utiljson.Unmarshal(v.JSON, &data)
	return data, err
}

// Change is a field that was changed.
type Change struct {
	Path Path `json:"path"`
	// Parents is how many steps of the path were there before: objects that were made
	// for the field go with it.
	Parents int   `json:"parents"`
	Before  Value `json:"before"`
	After   Value `json:"after"`
	// Secret marks a value of a Secret. It is kept neither of Before nor of After.
	Secret bool `json:"secret,omitempty"`
}

// Between lists the fields in which two states of an object differ, but for those that
// the server keeps.
func Between(from, to *unstructured.Unstructured) ([]Change, error) {
	c := &comparison{secret: diff.IsSecret(to)}
	err := c.compare(nil, side{diff.Bare(from).Object, true}, side{diff.Bare(to).Object, true}, 0)
	return c.changes, err
}

// Whole is [Between] with the values of Secrets, for who keeps them where no more may
// read them than may read the Secrets.
func Whole(from, to *unstructured.Unstructured) ([]Change, error) {
	c := &comparison{}
	err := c.compare(nil, side{diff.Bare(from).Object, true}, side{diff.Bare(to).Object, true}, 0)
	return c.changes, err
}

// Begins says whether another change, whose values are known, is of the same field and
// begins with the same value.
func (c Change) Begins(other Change) bool {
	if !slices.Equal(c.Path, other.Path) {
		return false
	}
	if !c.Before.There || !other.Before.There {
		return c.Before.There == other.Before.There
	}
	data, err := other.Before.data()
	return err == nil && c.Before.is(data, true)
}

// IsLost says whether the value from before cannot be put back, since it is not known.
func (c Change) IsLost() bool { return c.Before.There && c.Before.Seal != nil }

// side is what one of the objects has at a path.
type side struct {
	data  any
	there bool
}

// below is what is there in a field.
func (s side) below(field string) side {
	fields, _ := s.data.(map[string]any)
	data, there := fields[field]
	return side{data, there}
}

type comparison struct {
	secret  bool
	changes []Change
}

func (c *comparison) compare(path Path, from, to side, parents int) error {
	if from.there == to.there && reflect.DeepEqual(from.data, to.data) {
		return nil
	}
	if from.there {
		parents = len(path)
	}
	if names := namesBelow(from, to); len(names) > 0 {
		for _, name := range names {
			if err := c.compare(append(slices.Clip(path), Step{Field: name}), from.below(name), to.below(name), parents); err != nil {
				return err
			}
		}
		return nil
	}
	if names, same := itemsBelow(from, to); same {
		before, after := from.data.([]any), to.data.([]any)
		for i, name := range names {
			if err := c.compare(append(slices.Clip(path), Step{Item: name}), side{before[i], true}, side{after[i], true}, parents); err != nil {
				return err
			}
		}
		return nil
	}
	return c.add(path, from, to, parents)
}

func (c *comparison) add(path Path, from, to side, parents int) error {
	change := Change{Path: path, Parents: parents, Secret: c.secret && holdsValues(path)}
	keep := valueOf
	if change.Secret {
		keep = sealed
	}
	var err error
	if change.Before, err = keep(from.data, from.there); err != nil {
		return err
	}
	if change.After, err = keep(to.data, to.there); err != nil {
		return err
	}
	c.changes = append(c.changes, change)
	return nil
}

// holdsValues says whether a field of a Secret holds its values; kubectl keeps a copy of
// all of them in an annotation.
func holdsValues(path Path) bool {
	top, last := path[0].Field, path[len(path)-1].Field
	return top == "data" || top == "stringData" || last == diff.LastApplied
}

// namesBelow are the fields of two objects, one of which may not be there; none, where
// the values must be compared whole.
func namesBelow(from, to side) []string {
	var names []string
	for _, s := range []side{from, to} {
		fields, is := s.data.(map[string]any)
		if s.there && !is {
			return nil
		}
		for name := range fields {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// itemsBelow are the names of the items of two lists, where these are the same.
func itemsBelow(from, to side) ([]string, bool) {
	before, named := itemNames(from.data)
	after, too := itemNames(to.data)
	return before, named && too && slices.Equal(before, after)
}

// itemNames are the names of the items of a list, where each has its own.
func itemNames(data any) ([]string, bool) {
	items, is := data.([]any)
	if !is {
		return nil, false
	}
	var names []string
	for _, item := range items {
		fields, _ := item.(map[string]any)
		name, _ := fields["name"].(string)
		if name == "" || slices.Contains(names, name) {
			return nil, false
		}
		names = append(names, name)
	}
	return names, true
}
