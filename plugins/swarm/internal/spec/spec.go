// Package spec compares specs of things of a swarm, and keeps what leads back from one to another. A
// spec is the API's own type; what is compared is its normal form, in which empty and absent are one.
// What is sent to the engine is never made of that, as to the engine they are two. It leaves out what the
// fields mean.
package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Form is a form of a spec: its JSON, with environment variables by their names.
type Form map[string]any

// Of returns the normal form of a spec, without what is empty. A spec is made of nothing that JSON does not
// have.
func Of(spec any) Form { return formed(spec, false) }

// Exact returns the form of a spec with what is empty: what [Form.Into] makes of it is that spec. The engine
// replaces a task where an empty part of its spec is absent in the new one.
func Exact(spec any) Form { return formed(spec, true) }

func formed(spec any, exact bool) Form {
	text, err := json.Marshal(spec)
	if err != nil {
		panic(fmt.Sprintf("spec: %T: %v", spec, err))
	}
	form, err := read(text)
	if err != nil {
		panic(fmt.Sprintf("spec: %T: %v", spec, err))
	}
	filled(form, exact)
	return form
}

// read reads JSON in which an int64 stays what it is.
func read(text []byte) (tree map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return tree, decoder.Decode(&tree)
}

// Copy is a spec that can be changed without the other, and is the same by the letter.
func Copy[S any](of S) (made S, err error) {
	err = Exact(of).Into(&made)
	return made, err
}

// Into makes of a form the spec that it is the form of.
func (f Form) Into(spec any) error {
	text, err := json.Marshal(unfolded(map[string]any(f)))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, spec)
}

// Alike reports whether two specs are the same, but for what is empty in one and absent in the other.
func Alike(a, b any) bool { return reflect.DeepEqual(Of(a), Of(b)) }

// filled takes out of a value what is empty: lists, objects and null, or null alone where it is to be exact.
// Items of a list stay, as the place of each counts, and so does what is said by being there. All else is
// there or not by its own type, the same in each spec.
func filled(value any, exact bool) (any, bool) {
	switch v := value.(type) {
	case nil:
		return nil, false
	case []any:
		for i := range v {
			v[i], _ = filled(v[i], exact)
		}
		return v, exact || len(v) > 0
	case map[string]any:
		for key, member := range v {
			kept, some := filled(member, exact)
			switch {
			case !some && (kept == nil || !speaking[key]):
				delete(v, key)
				continue
			case key == environment:
				kept = folded(kept)
			}
			v[key] = kept
		}
		return v, exact || len(v) > 0
	default:
		return v, true
	}
}

// speaking are the names of objects that say something though they are empty: modes of a service.
var speaking = map[string]bool{"Global": true, "GlobalJob": true, "Replicated": true, "ReplicatedJob": true}

// environment is the name of the field with environment variables, as a list of NAME=value.
const environment = "Env"

// What stands for the list in a form: a change of one variable shall not carry the others' values,
// which may be secrets, to where the change is kept.
const (
	order  = "order"  // the names, in their order
	values = "values" // by their names
)

// folded is a list of variables by their names, where each has one of its own.
func folded(list any) any {
	items, is := list.([]any)
	if !is {
		return list
	}
	names, of := make([]any, 0, len(items)), make(map[string]any, len(items))
	for _, item := range items {
		text, is := item.(string)
		name, value, assigned := strings.Cut(text, "=")
		if _, twice := of[name]; !is || twice {
			return list
		}
		names = append(names, name)
		if assigned {
			of[name] = "=" + value
		} else {
			of[name] = "" // removed from what the image says
		}
	}
	return map[string]any{order: names, values: of}
}

// unfolded is a value with its variables as the API has them.
func unfolded(value any) any {
	switch v := value.(type) {
	case []any:
		made := make([]any, len(v))
		for i, item := range v {
			made[i] = unfolded(item)
		}
		return made
	case map[string]any:
		made := make(map[string]any, len(v))
		for key, member := range v {
			if by, folded := member.(map[string]any); key == environment && folded {
				made[key] = listed(by)
				continue
			}
			made[key] = unfolded(member)
		}
		return made
	default:
		return value
	}
}

func listed(by map[string]any) []any {
	names, _ := by[order].([]any)
	of, _ := by[values].(map[string]any)
	items := make([]any, 0, len(names))
	for _, name := range names {
		key, _ := name.(string)
		value, _ := of[key].(string)
		items = append(items, key+value)
	}
	return items
}
