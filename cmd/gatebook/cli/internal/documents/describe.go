package documents

import (
	"encoding"
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/gatebook/gatebook/schema"
)

// describe returns the schema of what encoding/json writes for a T. It differs from
// [schema.For] in its purpose: that describes what people write for an action, this
// what a program reads, where spans of time are numbers and types refer to each other.
// Of the tags of [schema.Of] it reads doc and enum.
func describe[T any]() *schema.Schema {
	w := &writer{names: map[reflect.Type]string{}, defs: map[string]*schema.Schema{}}
	root := w.fields(reflect.TypeFor[T]())
	for _, name := range w.order {
		root.Defs = append(root.Defs, schema.Property{Name: name, Schema: w.defs[name]})
	}
	slices.SortFunc(root.Defs, func(a, b schema.Property) int { return strings.Compare(a.Name, b.Name) })
	return root
}

// writer describes types, each struct once under a name of its own.
type writer struct {
	names map[reflect.Type]string
	defs  map[string]*schema.Schema
	order []string
}

func (w *writer) of(t reflect.Type) *schema.Schema {
	if t.Kind() == reflect.Pointer {
		return w.of(t.Elem())
	}
	if s := special(t); s != nil {
		return s
	}
	switch t.Kind() {
	case reflect.Struct:
		return &schema.Schema{Ref: "#/$defs/" + w.define(t)}
	case reflect.Slice, reflect.Array:
		return &schema.Schema{Type: schema.TypeArray, Items: w.of(t.Elem())}
	case reflect.Map:
		return &schema.Schema{Type: schema.TypeObject, Additional: w.of(t.Elem())}
	case reflect.Bool:
		return &schema.Schema{Type: schema.TypeBoolean}
	case reflect.String:
		return &schema.Schema{Type: schema.TypeString}
	case reflect.Float32, reflect.Float64:
		return &schema.Schema{Type: schema.TypeNumber}
	case reflect.Interface:
		return &schema.Schema{}
	default:
		return &schema.Schema{Type: schema.TypeInteger}
	}
}

// special describes the types whose kind does not say what is written for them.
func special(t reflect.Type) *schema.Schema {
	switch t {
	case reflect.TypeFor[time.Time]():
		return &schema.Schema{Type: schema.TypeString, Format: schema.FormatDateTime}
	case reflect.TypeFor[time.Duration]():
		return &schema.Schema{Type: schema.TypeInteger, Unit: "nanoseconds"}
	case reflect.TypeFor[schema.Schema]():
		return &schema.Schema{Type: schema.TypeObject, Description: "A JSON Schema."}
	}
	marshaler, text := reflect.TypeFor[json.Marshaler](), reflect.TypeFor[encoding.TextMarshaler]()
	switch {
	case t.Implements(marshaler) || reflect.PointerTo(t).Implements(marshaler):
		return &schema.Schema{}
	case t.Implements(text):
		return &schema.Schema{Type: schema.TypeString}
	default:
		return nil
	}
}

// define describes a struct under a name, which has its package in front where the bare
// name is taken.
func (w *writer) define(t reflect.Type) string {
	if name, known := w.names[t]; known {
		return name
	}
	name := strings.ToLower(t.Name()[:1]) + t.Name()[1:]
	if _, taken := w.defs[name]; taken {
		name = path.Base(t.PkgPath()) + "." + name
	}
	w.names[t], w.defs[name] = name, nil
	w.order = append(w.order, name)
	w.defs[name] = w.fields(t)
	return name
}

func (w *writer) fields(t reflect.Type) *schema.Schema {
	object := &schema.Schema{Type: schema.TypeObject}
	for _, field := range reflect.VisibleFields(t) {
		tag, tagged := field.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		if !field.IsExported() || name == "-" || field.Anonymous && !tagged {
			continue
		}
		if name == "" {
			name = field.Name
		}
		described := w.of(field.Type)
		if !strings.Contains(options, "omit") {
			object.Required = append(object.Required, name)
			described = orNull(field.Type, described)
		}
		object.Properties = append(object.Properties, schema.Property{Name: name, Schema: withTags(described, field.Tag)})
	}
	return object
}

// withTags adds what the tags say. A reference bears no words beside it.
func withTags(s *schema.Schema, tag reflect.StructTag) *schema.Schema {
	if enum := tag.Get("enum"); enum != "" {
		for word := range strings.SplitSeq(enum, ",") {
			s.Enum = append(s.Enum, word)
		}
	}
	doc := tag.Get("doc")
	if doc == "" {
		return s
	}
	if s.Ref != "" {
		return &schema.Schema{Description: doc, AllOf: []*schema.Schema{s}}
	}
	s.Description = doc
	return s
}

// orNull allows null for what Go writes as null where it is empty.
func orNull(t reflect.Type, s *schema.Schema) *schema.Schema {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return &schema.Schema{AnyOf: []*schema.Schema{s, {Type: schema.TypeNull}}}
	default:
		return s
	}
}
