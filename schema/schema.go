// Package schema declares the shape of data once: fields, rules and examples, from
// which come JSON Schema, Markdown, validation and the types of expressions.
//
// A [Schema] is the part of JSON Schema (draft 2020-12) that gatebook speaks, as
// Go data. It comes from a Go struct's tags ([For]), from a runbook's `inputs:`,
// or over the wire from a plugin. It validates by itself, since
// no JSON Schema library knows values that are not known yet; the tests hold it
// against one. What needs no Schema is inside: the check of a value against a compiled
// schema, the equality of data, formats, bounded patterns, and the words of messages.
// Floor 0: it imports the standard library alone.
package schema

import (
	"github.com/gatebook/gatebook/schema/internal/datum"
	"github.com/gatebook/gatebook/schema/internal/format"
)

// Types of JSON Schema, as in [Schema.Type].
const (
	TypeNull    = datum.Null
	TypeBoolean = datum.Boolean
	TypeInteger = datum.Integer
	TypeNumber  = datum.Number
	TypeString  = datum.String
	TypeArray   = datum.Array
	TypeObject  = datum.Object
)

// Formats that gatebook gives a meaning of its own; the others are JSON Schema's.
const (
	// FormatDuration is a Go duration such as "300s" or "1h30m", as in
	// Kubernetes' OpenAPI; conditions see it as a CEL duration.
	FormatDuration = format.Duration
	// FormatDateTime is an RFC 3339 time; conditions see it as a CEL timestamp.
	FormatDateTime = format.DateTime
	// FormatCEL is an expression in CEL over names that its reader alone knows. Whether it
	// can be read is checked where it is written down.
	FormatCEL = format.CEL
)

// Schema is the shape of one value. The zero Schema allows anything.
type Schema struct {
	ID          string // $id, on a document's root
	Ref         string // $ref, such as "#/$defs/step"; every other word is then ignored
	Defs        []Property
	Title       string
	Description string
	Type        string // empty: any type
	Format      string
	// FormatMinimum and FormatMaximum bound a text of a format that has an order, such as
	// the duration "1s". They have no meaning in JSON Schema itself; validators that
	// know them read them so, and others pass over them.
	FormatMinimum, FormatMaximum string
	Pattern                      string // an RE2 regular expression that a string must contain a match of
	Enum                         []any
	Const                        any
	Default                      any // nil: none
	Examples                     []any
	Deprecated                   bool

	Minimum, Maximum                   *float64
	ExclusiveMinimum, ExclusiveMaximum *float64
	MultipleOf                         *float64
	MinLength, MaxLength               *int
	MinItems, MaxItems                 *int
	MinProperties, MaxProperties       *int
	UniqueItems                        bool

	Items      *Schema
	Properties []Property // in the order of their declaration
	Required   []string
	// Closed objects have no other properties ("additionalProperties": false).
	Closed bool
	// Additional is the shape of each property that is not named.
	Additional *Schema
	AnyOf      []*Schema
	OneOf      []*Schema
	AllOf      []*Schema

	Secret bool // "x-secret": never shown
	// NoSecret, "x-noSecret", marks a place where others can read the value, such as
	// a command line, so that no secret may flow into it.
	NoSecret bool
	// TakesSecrets, "x-takesSecrets", marks a place that is kept from others, so that
	// a secret may flow into it; what is no secret there is shown like anything else.
	TakesSecrets bool
	Unit         string // "x-unit": what a number counts, such as "bytes" or "seconds"
}

// Property is one named field of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Property returns the shape of the named property of an object, and whether the
// object declares it; a property that is only covered by Additional is not declared.
func (s *Schema) Property(name string) (*Schema, bool) {
	if s == nil {
		return nil, false
	}
	for _, p := range s.Properties {
		if p.Name == name {
			return p.Schema, true
		}
	}
	return nil, false
}

// Unknown stands inside data for a part that is not known yet. See
// [Validator.Validate].
type Unknown = datum.Unknown

// Masked stands inside data for a value that is checked like any other, but shown in no
// message.
type Masked = datum.Masked

// Rule is a rule across fields: a CEL expression over `self` that must be true, and
// what to say when it is not.
type Rule struct {
	Expr    string `json:"expr"`
	Message string `json:"message"`
}

// Example is one use of an action, as data that the tests check.
type Example struct {
	Title string         `json:"title"`
	With  map[string]any `json:"with"`
}
