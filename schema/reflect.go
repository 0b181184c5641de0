package schema

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Declarer is a Go type that says its own schema, where its kind does not.
type Declarer interface {
	JSONSchema() *Schema
}

// For returns the schema of T, as [Of] does. It panics where T cannot be
// described, which is a fault of the program and not of its input.
func For[T any]() *Schema {
	s, err := Of(reflect.TypeFor[T]())
	if err != nil {
		panic(err)
	}
	return s
}

// Of returns the schema of a Go type, read from its kind and its fields' tags, which
// [Tags] lists. A tag that nobody knows is an error.
//
// Tags about a single value (enum, pattern, format, min, max, minLength, maxLength) are on
// a list or a map about its items. Fields of embedded structs count as the struct's own.
// Objects are closed. Maps have string keys; any and [json.RawMessage] allow
// anything; [Duration] and [time.Time] are strings with a format.
func Of(t reflect.Type) (*Schema, error) {
	s, err := reflector{}.of(t)
	if err != nil {
		return nil, fmt.Errorf("schema of %s: %w", t, err)
	}
	return s, nil
}

// reflector holds the structs that are being described, to find recursion.
type reflector struct {
	open []reflect.Type
}

func (r reflector) of(t reflect.Type) (*Schema, error) {
	if s, ok := special(t); ok {
		return s, nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return r.of(t.Elem())
	case reflect.Bool:
		return &Schema{Type: TypeBoolean}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t == reflect.TypeFor[time.Duration]() {
			return nil, errors.New("a time.Duration is nanoseconds in JSON; use schema.Duration")
		}
		return &Schema{Type: TypeInteger}, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return &Schema{Type: TypeInteger, Minimum: new(float64(0))}, nil
	case reflect.Float32, reflect.Float64:
		return &Schema{Type: TypeNumber}, nil
	case reflect.String:
		return &Schema{Type: TypeString}, nil
	case reflect.Slice, reflect.Array:
		items, err := r.of(t.Elem())
		if err != nil {
			return nil, err
		}
		return &Schema{Type: TypeArray, Items: items}, nil
	case reflect.Map:
		return r.ofMap(t)
	case reflect.Struct:
		return r.ofStruct(t)
	case reflect.Interface:
		return &Schema{}, nil
	default:
		return nil, fmt.Errorf("a %s has no JSON", t.Kind())
	}
}

// special describes the types whose JSON is not that of their kind.
func special(t reflect.Type) (*Schema, bool) {
	switch t {
	case reflect.TypeFor[Duration]():
		return &Schema{Type: TypeString, Format: FormatDuration}, true
	case reflect.TypeFor[time.Time]():
		return &Schema{Type: TypeString, Format: FormatDateTime}, true
	case reflect.TypeFor[json.RawMessage]():
		return &Schema{}, true
	case reflect.TypeFor[[]byte]():
		return &Schema{Type: TypeString}, true // base64
	}
	if t.Kind() == reflect.Interface {
		return nil, false
	}
	if d, ok := reflect.TypeAssert[Declarer](reflect.Zero(t)); ok && t.Kind() != reflect.Pointer {
		return d.JSONSchema(), true
	}
	if t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && t.Kind() != reflect.Pointer {
		return &Schema{Type: TypeString}, true
	}
	return nil, false
}

func (r reflector) ofMap(t reflect.Type) (*Schema, error) {
	if t.Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a map with keys of type %s; only strings can be names", t.Key())
	}
	values, err := r.of(t.Elem())
	if err != nil {
		return nil, err
	}
	return &Schema{Type: TypeObject, Additional: values}, nil
}

func (r reflector) ofStruct(t reflect.Type) (*Schema, error) {
	if slices.Contains(r.open, t) {
		return nil, fmt.Errorf("%s contains itself; use json.RawMessage where it does", t)
	}
	r.open = append(slices.Clip(r.open), t)
	object := &Schema{Type: TypeObject, Closed: true}
	if err := r.addFields(object, t); err != nil {
		return nil, err
	}
	return object, nil
}

func (r reflector) addFields(object *Schema, t reflect.Type) error {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if embedded, ok := embeddedStruct(field); ok && name == "" {
			if err := r.addFields(object, embedded); err != nil {
				return err
			}
			continue
		}
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			return fmt.Errorf("field %s has no json name", field.Name)
		}
		if _, repeated := object.Property(name); repeated {
			return fmt.Errorf("two fields are called %q", name)
		}
		property, err := r.of(field.Type)
		if err == nil {
			err = applyTags(property, field.Tag)
		}
		if err != nil {
			return fmt.Errorf("field %s: %w", field.Name, err)
		}
		object.Properties = append(object.Properties, Property{Name: name, Schema: property})
		if field.Tag.Get("required") == "true" {
			object.Required = append(object.Required, name)
		}
	}
	return nil
}

func embeddedStruct(field reflect.StructField) (reflect.Type, bool) {
	t := field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, field.Anonymous && t.Kind() == reflect.Struct
}
