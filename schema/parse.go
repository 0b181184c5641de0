package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gatebook/gatebook/schema/internal/datum"
)

// UnmarshalJSON reads JSON Schema 2020-12. Words that only describe and are not
// known are passed over, as JSON Schema asks; a word that would refuse values and
// is not known is an error, since without it too much would be let through.
func (s *Schema) UnmarshalJSON(document []byte) error {
	p := parser{decoder: json.NewDecoder(bytes.NewReader(document))}
	p.decoder.UseNumber()
	read, err := p.schema(0)
	if err != nil {
		return err
	}
	*s = *read
	return nil
}

// parser reads token by token, which keeps the order of the properties.
type parser struct {
	decoder *json.Decoder
	nodes   int
}

func (p *parser) schema(depth int) (*Schema, error) {
	if p.nodes++; p.nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("the schema has more than %d parts or is nested deeper than %d", maxNodes, maxDepth)
	}
	token, err := p.decoder.Token()
	if err != nil {
		return nil, err
	}
	if token == true {
		return &Schema{}, nil
	}
	if token != json.Delim('{') {
		return nil, fmt.Errorf("a schema must be an object, not %v", token)
	}
	s := &Schema{}
	err = p.members(func(name string) error {
		if err := p.word(s, name, depth); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	})
	return s, err
}

// members calls read for each member of the object whose brace is read.
func (p *parser) members(read func(name string) error) error {
	for p.decoder.More() {
		token, err := p.decoder.Token()
		if err != nil {
			return err
		}
		if err := read(token.(string)); err != nil { // a name is always a string
			return err
		}
	}
	_, err := p.decoder.Token()
	return err
}

func (p *parser) word(s *Schema, name string, depth int) error {
	if to := plainWord(s, name); to != nil {
		return p.decoder.Decode(to)
	}
	switch name {
	case "default", "const", "enum", "examples":
		return p.value(s, name)
	case "items":
		return p.into(&s.Items, depth)
	case "properties":
		return p.properties(&s.Properties, depth)
	case "$defs":
		return p.properties(&s.Defs, depth)
	case "additionalProperties":
		return p.additional(s, depth)
	case "anyOf":
		return p.schemas(&s.AnyOf, depth)
	case "oneOf":
		return p.schemas(&s.OneOf, depth)
	case "allOf":
		return p.schemas(&s.AllOf, depth)
	case "not", "if", "then", "else", "dependentSchemas", "dependentRequired", "prefixItems", "contains",
		"minContains", "maxContains", "patternProperties", "propertyNames", "unevaluatedItems",
		"unevaluatedProperties", "$dynamicRef":
		return fmt.Errorf("gatebook does not know this word of JSON Schema")
	default:
		var ignored json.RawMessage
		return p.decoder.Decode(&ignored)
	}
}

// plainWord returns where the value of a word goes that is decoded as it stands.
func plainWord(s *Schema, name string) any {
	return map[string]any{
		"$id": &s.ID, "$ref": &s.Ref, "title": &s.Title, "description": &s.Description,
		"type": &s.Type, "format": &s.Format, "pattern": &s.Pattern, "deprecated": &s.Deprecated,
		"formatMinimum": &s.FormatMinimum, "formatMaximum": &s.FormatMaximum,
		"minimum": &s.Minimum, "maximum": &s.Maximum, "exclusiveMinimum": &s.ExclusiveMinimum,
		"exclusiveMaximum": &s.ExclusiveMaximum, "multipleOf": &s.MultipleOf,
		"minLength": &s.MinLength, "maxLength": &s.MaxLength, "minItems": &s.MinItems, "maxItems": &s.MaxItems,
		"minProperties": &s.MinProperties, "maxProperties": &s.MaxProperties, "uniqueItems": &s.UniqueItems,
		"required": &s.Required, "x-secret": &s.Secret, "x-noSecret": &s.NoSecret,
		"x-takesSecrets": &s.TakesSecrets, "x-unit": &s.Unit,
	}[name]
}

func (p *parser) value(s *Schema, name string) error {
	var data any
	if err := p.decoder.Decode(&data); err != nil {
		return err
	}
	data = datum.Normal(data)
	values, isList := data.([]any)
	switch {
	case name == "default":
		s.Default = data
	case name == "const" && data == nil:
		s.Enum = []any{nil} // a Const of nil is none
	case name == "const":
		s.Const = data
	case !isList:
		return fmt.Errorf("must be a list")
	case name == "enum":
		s.Enum = values
	default:
		s.Examples = values
	}
	return nil
}

func (p *parser) into(to **Schema, depth int) error {
	read, err := p.schema(depth + 1)
	*to = read
	return err
}

func (p *parser) properties(to *[]Property, depth int) error {
	token, err := p.decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('{') {
		return fmt.Errorf("must be an object")
	}
	seen := map[string]bool{}
	return p.members(func(name string) error {
		if seen[name] {
			return fmt.Errorf("%s is there twice", name)
		}
		seen[name] = true
		read, err := p.schema(depth + 1)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		*to = append(*to, Property{Name: name, Schema: read})
		return nil
	})
}

func (p *parser) additional(s *Schema, depth int) error {
	var raw json.RawMessage
	if err := p.decoder.Decode(&raw); err != nil {
		return err
	}
	switch string(raw) {
	case "false":
		s.Closed = true
		return nil
	case "true":
		return nil
	}
	inner := parser{decoder: json.NewDecoder(bytes.NewReader(raw)), nodes: p.nodes}
	inner.decoder.UseNumber()
	read, err := inner.schema(depth + 1)
	p.nodes, s.Additional = inner.nodes, read
	return err
}

func (p *parser) schemas(to *[]*Schema, depth int) error {
	token, err := p.decoder.Token()
	if err != nil {
		return err
	}
	if token != json.Delim('[') {
		return fmt.Errorf("must be a list")
	}
	for p.decoder.More() {
		read, err := p.schema(depth + 1)
		if err != nil {
			return err
		}
		*to = append(*to, read)
	}
	_, err = p.decoder.Token()
	return err
}
