package names

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/schema"
)

// Shape is a schema together with the document in which its $ref are looked up.
// The zero Shape allows anything.
type Shape struct {
	schema *schema.Schema
	doc    *document
}

// longestRef bounds chains of $ref, which may be circles.
const longestRef = 16

// refPrefix is the only place that a $ref points to.
const refPrefix = "#/$defs/"

// ShapeOf returns the shape that a whole document has.
func ShapeOf(s *schema.Schema) Shape { return Shape{s, &document{root: s}}.resolved() }

// OfType returns the shape of a value of which only the type is known.
func OfType(kind string) Shape { return Shape{schema: &schema.Schema{Type: kind}} }

// resolved follows $ref, and takes "T or null" for T; whatever else cannot be told
// statically is the zero Shape.
func (sh Shape) resolved() Shape {
	for range longestRef {
		s := sh.schema
		switch {
		case s == nil:
			return Shape{}
		case s.Ref != "":
			sh.schema = definition(sh.doc.root, strings.TrimPrefix(s.Ref, refPrefix))
		case s.Type != "":
			return sh
		default:
			sh.schema = onlyAlternative(slices.Concat(s.AnyOf, s.OneOf))
		}
	}
	return Shape{}
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

// Schema returns the schema of the shape; nil where anything is allowed.
func (sh Shape) Schema() *schema.Schema { return sh.schema }

// Kind is the shape's type in JSON Schema's words, empty where any is allowed.
func (sh Shape) Kind() string {
	if sh.schema == nil {
		return ""
	}
	return sh.schema.Type
}

// Format is the format of a text, such as that of a duration; empty for all else.
func (sh Shape) Format() string {
	if sh.Kind() != schema.TypeString {
		return ""
	}
	return sh.schema.Format
}

// IsRecord reports whether the shape is an object whose names are all declared.
func (sh Shape) IsRecord() bool {
	return sh.Kind() == schema.TypeObject && sh.schema.Additional == nil &&
		(len(sh.schema.Properties) > 0 || sh.schema.Closed)
}

// Field returns the shape of a declared field of a record, and whether a value may
// be without it.
func (sh Shape) Field(name string) (field Shape, optional, ok bool) {
	found, ok := sh.declared(name)
	if !ok {
		return Shape{}, false, false
	}
	optional = !found.required && (found.schema == nil || found.schema.Default == nil)
	return Shape{found.schema, sh.doc}.resolved(), optional, true
}

// Element is the shape of the items of an array, or of the members of a map.
func (sh Shape) Element() Shape {
	switch sh.Kind() {
	case schema.TypeArray:
		return Shape{sh.schema.Items, sh.doc}.resolved()
	case schema.TypeObject:
		return Shape{sh.schema.Additional, sh.doc}.resolved()
	default:
		return Shape{}
	}
}

// Size returns how many fields of an object are declared.
func (sh Shape) Size() int { return len(sh.schema.Properties) }

// Fields returns the names of the declared fields of an object.
func (sh Shape) Fields() []string {
	if sh.schema == nil {
		return nil
	}
	return sh.first(sh.Size())
}

// first returns the names of the first of the declared fields.
func (sh Shape) first(most int) []string {
	if sh.schema == nil {
		return nil
	}
	most = min(most, sh.Size())
	fields := make([]string, 0, most)
	for _, p := range sh.schema.Properties[:most] {
		fields = append(fields, p.Name)
	}
	return fields
}

// Member follows one name of a path. A problem is a fault without its place.
func (sh Shape) Member(of, name string) (Shape, *Fault) {
	switch {
	case sh.Kind() == "":
		return Shape{}, nil
	case sh.IsRecord():
		if field, _, ok := sh.Field(name); ok {
			return field, nil
		}
		return Shape{}, sh.UnknownField(of, name)
	case sh.Kind() == schema.TypeObject:
		if field, _, ok := sh.Field(name); ok {
			return field, nil
		}
		return sh.Element(), nil
	default:
		return Shape{}, &Fault{Rule: diag.ExprType, Detail: fmt.Sprintf("%s is %s and has no fields.", of, Article(sh.Kind()))}
	}
}

// Article returns the name of a type as it stands in a sentence.
func Article(kind string) string {
	switch kind {
	case "":
		return "any value"
	case schema.TypeNull:
		return "null"
	case schema.TypeArray:
		return "a list"
	default:
		return diag.Article(kind)
	}
}
