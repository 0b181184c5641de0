package model

import (
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// Input is the shape of a value that the caller gives, in JSON Schema words. The
// word's own place is that of its field.
type Input struct {
	Node *syntax.Node `doc:"The shape of a value, in JSON Schema words."`
	// Schema is what the words say, for validation and for types.
	Schema *schema.Schema

	Type        Text        `key:"type" enum:"boolean,integer,number,string,array,object" doc:"The type of the value; absent: any."`
	Title       Text        `key:"title" doc:"A short name for people."`
	Description Text        `key:"description" doc:"What the value is for."`
	Default     Value       `key:"default" doc:"The value when none is given; absent: one must be given."`
	Secret      Boolean     `key:"secret" doc:"Whether the value is never shown nor written down."`
	Enum        List[Value] `key:"enum" min:"1" doc:"The values that are allowed."`
	Const       Value       `key:"const" doc:"The one value that is allowed."`
	Examples    List[Value] `key:"examples" doc:"Values for people to look at."`
	Deprecated  Boolean     `key:"deprecated" doc:"Whether the input should not be used any more."`

	Format    Text    `key:"format" enum:"duration,date-time,date,email,uri,hostname,ipv4,ipv6" doc:"What a string means."`
	Pattern   Text    `key:"pattern" format:"regex" doc:"A regular expression (RE2) that a string must contain a match of."`
	MinLength Integer `key:"minLength" min:"0" doc:"The least length of a string."`
	MaxLength Integer `key:"maxLength" min:"0" doc:"The greatest length of a string."`

	Minimum          Number `key:"minimum" doc:"The least number."`
	Maximum          Number `key:"maximum" doc:"The greatest number."`
	ExclusiveMinimum Number `key:"exclusiveMinimum" doc:"The number that the value must be greater than."`
	ExclusiveMaximum Number `key:"exclusiveMaximum" doc:"The number that the value must be less than."`
	MultipleOf       Number `key:"multipleOf" positive:"true" doc:"The number that the value must be a multiple of."`

	Items       *Input  `key:"items" doc:"The shape of an array's items."`
	MinItems    Integer `key:"minItems" min:"0" doc:"The least number of items."`
	MaxItems    Integer `key:"maxItems" min:"0" doc:"The greatest number of items."`
	UniqueItems Boolean `key:"uniqueItems" doc:"Whether no two items may be equal."`

	Properties           Map[*Input] `key:"properties" doc:"The shapes of an object's properties."`
	Required             List[Text]  `key:"required" doc:"The properties that must be there."`
	AdditionalProperties Extra       `key:"additionalProperties" doc:"Whether an object may have other properties, or their shape."`
	MinProperties        Integer     `key:"minProperties" min:"0" doc:"The least number of properties."`
	MaxProperties        Integer     `key:"maxProperties" min:"0" doc:"The greatest number of properties."`
}

// Extra says what other properties an object may have: true, false, or a shape.
type Extra struct {
	Node    *syntax.Node
	Allowed bool
	Input   *Input // nil: any shape
}
