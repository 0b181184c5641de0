package names

import (
	"slices"

	"github.com/gatebook/gatebook/schema"
)

// Declared returns what is declared of the value that a reference leads to, as a document of
// its own, nil where nothing is: with all that a [Shape] leaves out, as that it may be null.
// It is not known of what is inside one of several alternatives.
func (t *Types) Declared(r Ref) (declared *schema.Schema, known bool) {
	of, path, ok := t.start(r)
	if !ok {
		return nil, false
	}
	if of.doc != nil {
		declared = of.doc.root
	}
	for _, name := range path {
		if of.Kind() == "" {
			return nil, free(declared)
		}
		if declared, ok = of.member(name); !ok {
			return nil, false
		}
		of = Shape{declared, of.doc}.resolved()
	}
	if declared == nil || of.doc == nil {
		return declared, true
	}
	return &schema.Schema{AllOf: []*schema.Schema{declared}, Defs: of.doc.root.Defs}, true
}

// start is where a reference begins, and what of its path is left behind that.
func (t *Types) start(r Ref) (of Shape, path []string, ok bool) {
	if id, isStep := r.Step(); isStep {
		of, ok = t.Step(id)
		return of, r.Path[1:], ok
	}
	of, ok = t.Root(r.Root)
	return of, r.Path, ok
}

// member is what is declared of one name of an object.
func (sh Shape) member(name string) (*schema.Schema, bool) {
	if sh.Kind() != schema.TypeObject {
		return nil, false
	}
	if found, ok := sh.declared(name); ok {
		return found.schema, true
	}
	return sh.schema.Additional, !sh.IsRecord()
}

// free reports whether a schema allows anything.
func free(s *schema.Schema) bool {
	return s == nil || s.Ref == "" && s.Type == "" && s.Enum == nil && s.Const == nil && len(s.Properties)+len(s.Required) == 0 &&
		len(slices.Concat(s.AnyOf, s.OneOf, s.AllOf)) == 0
}
