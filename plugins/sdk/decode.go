package sdk

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"

	"github.com/gatebook/gatebook/schema"
)

// decoder reads parameters into I.
type decoder[I any] struct {
	input     *schema.Schema
	validator *schema.Validator
	// template holds the defaults, where copying it and the lists in it is all that
	// they need.
	template I
	lists    [][]int // the fields of the template that are lists, as reflect has them
	// deep is set where defaults stand inside of lists, maps or pointers, so that
	// the parameters must be read to know where they go.
	deep bool
}

func newDecoder[I any](input *schema.Schema) (decoder[I], error) {
	d := decoder[I]{input: input}
	var err error
	if d.validator, err = schema.Compile(input); err != nil {
		return d, err
	}
	if d.deep = hasDeepDefaults(reflect.TypeFor[I](), input); d.deep {
		return d, nil
	}
	defaults, err := json.Marshal(schema.ApplyDefaults(input, map[string]any{}))
	if err != nil {
		return d, err
	}
	if err := json.Unmarshal(defaults, &d.template); err != nil {
		return d, err
	}
	template := reflect.ValueOf(d.template)
	for _, field := range reflect.VisibleFields(template.Type()) {
		if field.Type.Kind() == reflect.Slice && template.FieldByIndex(field.Index).Len() > 0 {
			d.lists = append(d.lists, field.Index)
		}
	}
	return d, nil
}

// hasDeepDefaults reports whether a default is anywhere but in a plain field.
func hasDeepDefaults(t reflect.Type, input *schema.Schema) bool {
	for _, p := range input.Properties {
		switch {
		case p.Schema.Default == nil:
			if holdsDefault(p.Schema) {
				return true
			}
		case p.Schema.Type == schema.TypeArray && isPlain(p.Schema.Items):
			// A list that is given replaces it as a whole.
		case p.Schema.Type == schema.TypeArray, p.Schema.Type == schema.TypeObject, p.Schema.Type == "":
			return true
		}
	}
	return hasPointer(t)
}

// ofPointers reports whether t is a list whose parts copies of it would share.
func ofPointers(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Pointer
}

// isPlain reports whether values of s have no parts.
func isPlain(s *schema.Schema) bool {
	return s != nil && s.Type != schema.TypeArray && s.Type != schema.TypeObject && s.Type != ""
}

func holdsDefault(s *schema.Schema) bool {
	if s == nil {
		return false
	}
	for _, p := range s.Properties {
		if p.Schema.Default != nil || holdsDefault(p.Schema) {
			return true
		}
	}
	return holdsDefault(s.Items) || holdsDefault(s.Additional)
}

// hasPointer reports whether a field with a default is a pointer or a list of them, which
// copies of a template would share.
func hasPointer(t reflect.Type) bool {
	for _, field := range reflect.VisibleFields(t) {
		_, hasDefault := field.Tag.Lookup("default")
		if field.Type.Kind() == reflect.Pointer && (hasDefault || field.Anonymous) || hasDefault && ofPointers(field.Type) {
			return true
		}
	}
	return false
}

// into reads params, which must hold nothing that I does not declare.
func (d *decoder[I]) into(input *I, params json.RawMessage) error {
	*input = d.template
	for _, index := range d.lists {
		// Reading into a list writes over what is in it.
		list := reflect.ValueOf(input).Elem().FieldByIndex(index)
		list.Set(reflect.AppendSlice(reflect.Zero(list.Type()), list))
	}
	if len(params) == 0 {
		params = json.RawMessage("{}")
	}
	if d.deep {
		filled, err := d.fill(params)
		if err != nil {
			return err
		}
		params = filled
	}
	err := strict(params, input)
	if err == nil {
		return nil
	}
	return d.blame(params, err)
}

func (d *decoder[I]) fill(params json.RawMessage) (json.RawMessage, error) {
	data, err := generic(params)
	if err != nil {
		return nil, d.blame(params, err)
	}
	return json.Marshal(schema.ApplyDefaults(d.input, data))
}

func strict(document []byte, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one JSON document")
	}
	return nil
}

func generic(document []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	var data any
	err := decoder.Decode(&data)
	return data, err
}

// blame finds the parameter at fault: the schema says it better than the JSON
// library, which knows neither indices nor secrets.
func (d *decoder[I]) blame(params json.RawMessage, cause error) error {
	if data, err := generic(params); err == nil {
		for _, v := range d.validator.Validate(data) {
			if v.Keyword == "required" {
				continue // reading did not fail for want of a parameter
			}
			message := strings.TrimPrefix(v.Message, v.Field()+" ")
			return FieldErrorf(v.Field(), "%s", message)
		}
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](cause); ok {
		return FieldErrorf(mistyped.Field, "must not be a %s", mistyped.Value)
	}
	return Errorf(Permanent, "the parameters cannot be read: %w", cause).NothingChanged()
}
