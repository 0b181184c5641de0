package expr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/schema"
)

// shape is a schema together with the document in which its $ref are looked up.
// The zero shape allows anything.
type shape struct {
	schema *schema.Schema
	doc    *schema.Schema
}

// longestRef bounds chains of $ref, which may be circles.
const longestRef = 16

// refPrefix is the only place that a $ref points to.
const refPrefix = "#/$defs/"

func shapeOf(s *schema.Schema) shape { return shape{s, s}.resolved() }

// resolved follows $ref, and takes "T or null" for T; whatever else cannot be told
// statically is the zero shape.
func (sh shape) resolved() shape {
	for range longestRef {
		s := sh.schema
		switch {
		case s == nil:
			return shape{}
		case s.Ref != "":
			sh.schema = definition(sh.doc, strings.TrimPrefix(s.Ref, refPrefix))
		case s.Type != "":
			return sh
		default:
			sh.schema = onlyAlternative(slices.Concat(s.AnyOf, s.OneOf))
		}
	}
	return shape{}
}

func definition(doc *schema.Schema, name string) *schema.Schema {
	for _, d := range doc.Defs {
		if d.Name == name {
			return d.Schema
		}
	}
	return nil
}

func onlyAlternative(alternatives []*schema.Schema) *schema.Schema {
	alternatives = slices.DeleteFunc(alternatives, func(s *schema.Schema) bool {
		return s != nil && s.Type == schema.TypeNull
	})
	if len(alternatives) != 1 {
		return nil
	}
	return alternatives[0]
}

// kind is the shape's type in JSON Schema's words, empty where any is allowed.
func (sh shape) kind() string {
	if sh.schema == nil {
		return ""
	}
	return sh.schema.Type
}

func (sh shape) format() string {
	if sh.kind() != schema.TypeString {
		return ""
	}
	return sh.schema.Format
}

// isRecord reports whether the shape is an object whose names are all declared.
func (sh shape) isRecord() bool {
	return sh.kind() == schema.TypeObject && sh.schema.Additional == nil &&
		(len(sh.schema.Properties) > 0 || sh.schema.Closed)
}

// field returns the shape of a declared field of a record, and whether a value may
// be without it.
func (sh shape) field(name string) (field shape, optional, ok bool) {
	s, ok := sh.schema.Property(name)
	if !ok {
		return shape{}, false, false
	}
	optional = !slices.Contains(sh.schema.Required, name) && (s == nil || s.Default == nil)
	return shape{s, sh.doc}.resolved(), optional, true
}

// element is the shape of the items of an array, or of the members of a map.
func (sh shape) element() shape {
	switch sh.kind() {
	case schema.TypeArray:
		return shape{sh.schema.Items, sh.doc}.resolved()
	case schema.TypeObject:
		return shape{sh.schema.Additional, sh.doc}.resolved()
	default:
		return shape{}
	}
}

func (sh shape) fields() []string {
	names := make([]string, 0, len(sh.schema.Properties))
	for _, p := range sh.schema.Properties {
		names = append(names, p.Name)
	}
	return names
}

// member follows one name of a path. A problem is a fault without its place.
func (sh shape) member(of, name string) (shape, *Fault) {
	switch {
	case sh.kind() == "":
		return shape{}, nil
	case sh.isRecord():
		if field, _, ok := sh.field(name); ok {
			return field, nil
		}
		return shape{}, unknownField(of, name, sh.fields())
	case sh.kind() == schema.TypeObject:
		if field, _, ok := sh.field(name); ok {
			return field, nil
		}
		return sh.element(), nil
	default:
		return shape{}, &Fault{Rule: diag.ExprType, Detail: fmt.Sprintf("%s is %s and has no fields.", of, article(sh.kind()))}
	}
}

// longestListing is how many names a detail lists before it stops.
const longestListing = 12

func unknownField(of, name string, fields []string) *Fault {
	fault := &Fault{Rule: diag.ExprUnknownField, Detail: fmt.Sprintf("%s has no field %s; it has %s.", of, name, listing(fields))}
	fault.suggest(name, fields)
	return fault
}

func unknownStep(id string, steps map[string]*schema.Schema) *Fault {
	fault := &Fault{Rule: diag.ExprUnknownStep, Detail: fmt.Sprintf("This runbook has no step %s.", id)}
	ids := make([]string, 0, len(steps))
	for known := range steps {
		ids = append(ids, known)
	}
	fault.suggest(id, ids)
	return fault
}

func (f *Fault) suggest(name string, candidates []string) {
	if near, ok := diag.Nearest(name, candidates); ok {
		f.Hint = fmt.Sprintf("did you mean %s?", near)
	}
}

func listing(names []string) string {
	switch {
	case len(names) == 0:
		return "none"
	case len(names) > longestListing:
		return strings.Join(names[:longestListing], ", ") + ", …"
	default:
		return strings.Join(names, ", ")
	}
}

// article returns the name of a type as it stands in a sentence.
func article(kind string) string {
	switch kind {
	case "":
		return "any value"
	case schema.TypeNull:
		return "null"
	case schema.TypeArray:
		return "a list"
	case schema.TypeInteger, schema.TypeObject:
		return "an " + kind
	default:
		return "a " + kind
	}
}
