package model

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/schema"
)

// SchemaID is where the JSON Schema of the format says it lives.
const SchemaID = "https://gatebook.github.io/schema/runbook-v1.json"

// Schema returns the JSON Schema of the format, from the tags of the structs, so that
// an editor can complete and check a runbook.
func Schema() *schema.Schema { return describe[Runbook](SchemaID, "A runbook of gatebook") }

// describe returns the JSON Schema of one of the documents that people write.
func describe[T any](id, title string) *schema.Schema {
	w := &describer{shapes: shapes{}}
	root := w.object(reflect.TypeFor[T]())
	root.ID, root.Title = id, title+" ("+APIVersion+")"
	slices.SortFunc(w.defs, func(a, b schema.Property) int { return strings.Compare(a.Name, b.Name) })
	root.Defs = w.defs
	return root
}

// describer writes the schema of structs; what is pointed to becomes a definition.
type describer struct {
	shapes shapes
	defs   []schema.Property
}

// described is a value that knows its own schema. The receiver is never used.
type described interface {
	describe(w *describer, f *field) *schema.Schema
}

// of returns the schema of a field of type t.
func (w *describer) of(t reflect.Type, f *field) *schema.Schema {
	if d, ok := reflect.TypeAssert[described](reflect.New(t)); ok {
		return d.describe(w, f)
	}
	if t.Kind() == reflect.Pointer {
		return w.reference(t.Elem())
	}
	return w.object(t)
}

func (w *describer) reference(t reflect.Type) *schema.Schema {
	name := strings.ToLower(t.Name())
	if !slices.ContainsFunc(w.defs, func(p schema.Property) bool { return p.Name == name }) {
		def := &schema.Schema{}
		w.defs = append(w.defs, schema.Property{Name: name, Schema: def}) // before its fields: it may contain itself
		*def = *w.object(t)
	}
	return &schema.Schema{Ref: "#/$defs/" + name}
}

func (w *describer) object(t reflect.Type) *schema.Schema {
	shape := w.shapes.of(t)
	s := &schema.Schema{Type: schema.TypeObject, Description: shape.doc, Closed: true, Required: shape.required()}
	for i := range shape.fields {
		f := &shape.fields[i]
		s.Properties = append(s.Properties, schema.Property{Name: f.key, Schema: w.property(t.Field(f.index).Type, f)})
	}
	if len(shape.some) > 0 {
		s.OneOf = []*schema.Schema{{Required: []string{shape.or}}, anyOf(shape.some)}
	}
	return s
}

// anyOf asks for one of the keys, or more.
func anyOf(keys []string) *schema.Schema {
	s := &schema.Schema{}
	for _, key := range keys {
		s.AnyOf = append(s.AnyOf, &schema.Schema{Required: []string{key}})
	}
	return s
}

func (w *describer) property(t reflect.Type, f *field) *schema.Schema {
	s := w.of(t, f)
	if s.Ref != "" { // which allows no words beside it
		return &schema.Schema{Description: f.doc, AllOf: []*schema.Schema{s}}
	}
	s.Description = f.doc
	for _, example := range f.examples {
		s.Examples = append(s.Examples, example)
	}
	return s
}

func (*Text) describe(_ *describer, f *field) *schema.Schema {
	s := &schema.Schema{Type: schema.TypeString, Pattern: pattern(f.format)}
	if f.constant != "" {
		s.Const = f.constant
	}
	for _, word := range f.enum {
		s.Enum = append(s.Enum, word)
	}
	if f.byDefault != "" {
		s.Default = f.byDefault
	}
	return s
}

func (*Expr) describe(*describer, *field) *schema.Schema {
	return &schema.Schema{AnyOf: []*schema.Schema{{Type: schema.TypeString}, {Type: schema.TypeBoolean}}}
}

func (*Duration) describe(_ *describer, f *field) *schema.Schema {
	s := &schema.Schema{Type: schema.TypeString, Pattern: durationPattern}
	if f.byDefault != "" {
		s.Default = f.byDefault
	}
	return s
}

func (*Integer) describe(_ *describer, f *field) *schema.Schema {
	return number(schema.TypeInteger, f)
}

func (*Number) describe(_ *describer, f *field) *schema.Schema {
	return number(schema.TypeNumber, f)
}

func number(kind string, f *field) *schema.Schema {
	s := &schema.Schema{Type: kind, Minimum: f.min}
	if f.positive {
		s.ExclusiveMinimum = new(float64)
	}
	if value, err := strconv.ParseFloat(f.byDefault, 64); err == nil {
		s.Default = value
	}
	return s
}

func (*Boolean) describe(*describer, *field) *schema.Schema {
	return &schema.Schema{Type: schema.TypeBoolean}
}

func (*Value) describe(*describer, *field) *schema.Schema { return &schema.Schema{} }

func (*Map[T]) describe(w *describer, f *field) *schema.Schema {
	return &schema.Schema{Type: schema.TypeObject, Additional: w.of(reflect.TypeFor[T](), itemField(f))}
}

func (*List[T]) describe(w *describer, f *field) *schema.Schema {
	s := &schema.Schema{Type: schema.TypeArray, Items: w.of(reflect.TypeFor[T](), itemField(f))}
	if f.min != nil {
		least := int(*f.min)
		s.MinItems = &least
	}
	return s
}

func (*OneOrMany[T]) describe(w *describer, f *field) *schema.Schema {
	one := w.of(reflect.TypeFor[T](), itemField(f))
	return &schema.Schema{AnyOf: []*schema.Schema{one, {Type: schema.TypeArray, Items: one}}}
}

func (*Extra) describe(w *describer, _ *field) *schema.Schema {
	return &schema.Schema{AnyOf: []*schema.Schema{{Type: schema.TypeBoolean}, w.reference(reflect.TypeFor[Input]())}}
}
