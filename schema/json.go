package schema

import (
	"encoding/json"
	"strconv"
)

// dialect is the JSON Schema that is written and read.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// MarshalJSON writes JSON Schema 2020-12. The words and properties have a fixed
// order, that of their declaration, so that equal schemas are equal bytes.
func (s Schema) MarshalJSON() ([]byte, error) {
	w := writer{}
	w.schema(&s)
	return w.text, w.err
}

// writer writes one document in one pass; it keeps the first error.
type writer struct {
	text []byte
	err  error
}

func (w *writer) schema(s *Schema) {
	if s == nil {
		w.text = append(w.text, "{}"...)
		return
	}
	w.text = append(w.text, '{')
	if s.ID != "" {
		w.word("$schema", dialect)
		w.string("$id", s.ID)
	}
	w.string("$ref", s.Ref)
	w.string("title", s.Title)
	w.string("description", s.Description)
	w.string("type", s.Type)
	w.values(s)
	w.bounds(s)
	w.parts(s)
	w.flag("x-secret", s.Secret)
	w.flag("x-noSecret", s.NoSecret)
	w.flag("x-takesSecrets", s.TakesSecrets)
	w.string("x-unit", s.Unit)
	w.properties("$defs", s.Defs)
	w.text = append(w.text, '}')
}

func (w *writer) values(s *Schema) {
	w.string("format", s.Format)
	w.string("formatMinimum", s.FormatMinimum)
	w.string("formatMaximum", s.FormatMaximum)
	w.string("pattern", s.Pattern)
	if s.Enum != nil {
		w.word("enum", s.Enum)
	}
	if s.Const != nil {
		w.word("const", s.Const)
	}
	if s.Default != nil {
		w.word("default", s.Default)
	}
	if len(s.Examples) > 0 {
		w.word("examples", s.Examples)
	}
	w.flag("deprecated", s.Deprecated)
}

func (w *writer) bounds(s *Schema) {
	w.number("minimum", s.Minimum)
	w.number("maximum", s.Maximum)
	w.number("exclusiveMinimum", s.ExclusiveMinimum)
	w.number("exclusiveMaximum", s.ExclusiveMaximum)
	w.number("multipleOf", s.MultipleOf)
	w.size("minLength", s.MinLength)
	w.size("maxLength", s.MaxLength)
	w.size("minItems", s.MinItems)
	w.size("maxItems", s.MaxItems)
	w.size("minProperties", s.MinProperties)
	w.size("maxProperties", s.MaxProperties)
	w.flag("uniqueItems", s.UniqueItems)
}

func (w *writer) parts(s *Schema) {
	if s.Items != nil {
		w.name("items")
		w.schema(s.Items)
	}
	w.properties("properties", s.Properties)
	if len(s.Required) > 0 {
		w.word("required", s.Required)
	}
	switch {
	case s.Closed:
		w.word("additionalProperties", false)
	case s.Additional != nil:
		w.name("additionalProperties")
		w.schema(s.Additional)
	}
	w.schemas("anyOf", s.AnyOf)
	w.schemas("oneOf", s.OneOf)
	w.schemas("allOf", s.AllOf)
}

func (w *writer) name(name string) {
	if last := w.text[len(w.text)-1]; last != '{' {
		w.text = append(w.text, ',')
	}
	w.append(name)
	w.text = append(w.text, ':')
}

func (w *writer) append(data any) {
	encoded, err := json.Marshal(data)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.text = append(w.text, encoded...)
}

func (w *writer) word(name string, data any) {
	w.name(name)
	w.append(data)
}

func (w *writer) string(name, text string) {
	if text != "" {
		w.word(name, text)
	}
}

func (w *writer) flag(name string, on bool) {
	if on {
		w.word(name, true)
	}
}

func (w *writer) number(name string, number *float64) {
	if number != nil {
		w.word(name, *number)
	}
}

func (w *writer) size(name string, size *int) {
	if size != nil {
		w.name(name)
		w.text = strconv.AppendInt(w.text, int64(*size), 10)
	}
}

func (w *writer) properties(name string, properties []Property) {
	if len(properties) == 0 {
		return
	}
	w.name(name)
	w.text = append(w.text, '{')
	for _, p := range properties {
		w.name(p.Name)
		w.schema(p.Schema)
	}
	w.text = append(w.text, '}')
}

func (w *writer) schemas(name string, schemas []*Schema) {
	if len(schemas) == 0 {
		return
	}
	w.name(name)
	w.text = append(w.text, '[')
	for i, s := range schemas {
		if i > 0 {
			w.text = append(w.text, ',')
		}
		w.schema(s)
	}
	w.text = append(w.text, ']')
}
