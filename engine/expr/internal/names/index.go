package names

import (
	"slices"
	"sync"

	"github.com/gatebook/gatebook/schema"
)

// document is what a shape is a part of. A runbook may have a hundred thousand inputs,
// and an expression over each: objects with many fields are looked up in an index.
type document struct {
	root *schema.Schema

	mu      sync.Mutex
	indexes map[*schema.Schema]*index
}

// index is the fields of an object by their names.
type index struct {
	fields map[string]declared
	sorted []string
}

// declared is a field, and whether a value cannot be without it.
type declared struct {
	schema   *schema.Schema
	required bool
}

// manyFields is from how many fields on an object has an index.
const manyFields = 50

func (d *document) index(object *schema.Schema) *index {
	d.mu.Lock()
	defer d.mu.Unlock()
	if known := d.indexes[object]; known != nil {
		return known
	}
	made := &index{fields: make(map[string]declared, len(object.Properties))}
	for _, p := range slices.Backward(object.Properties) { // the first of two is meant
		made.fields[p.Name] = declared{schema: p.Schema}
	}
	for _, name := range object.Required {
		if field, ok := made.fields[name]; ok {
			made.fields[name] = declared{field.schema, true}
		}
	}
	for name := range made.fields {
		made.sorted = append(made.sorted, name)
	}
	slices.Sort(made.sorted)
	if d.indexes == nil {
		d.indexes = make(map[*schema.Schema]*index)
	}
	d.indexes[object] = made
	return made
}

// declared finds a field of an object.
func (sh Shape) declared(name string) (declared, bool) {
	if len(sh.schema.Properties) >= manyFields {
		found, ok := sh.doc.index(sh.schema).fields[name]
		return found, ok
	}
	s, ok := sh.schema.Property(name)
	return declared{s, slices.Contains(sh.schema.Required, name)}, ok
}

// Near returns the fields of an object among which "did you mean" looks for a name: all
// of them, or of many those that begin alike.
func (sh Shape) Near(name string) []string {
	if sh.schema == nil || len(sh.schema.Properties) < manyFields {
		return sh.Fields()
	}
	return near(name, sh.doc.index(sh.schema).sorted)
}

// near returns the names that stand next to a name in the alphabet, so that a thousand
// wrong names among ten thousand are still found at once.
func near(name string, sorted []string) []string {
	const side = 100
	place, _ := slices.BinarySearch(sorted, name)
	return sorted[max(0, place-side):min(len(sorted), place+side)]
}
