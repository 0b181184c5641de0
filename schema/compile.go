package schema

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gatebook/gatebook/schema/internal/check"
	"github.com/gatebook/gatebook/schema/internal/format"
)

// Limits on a schema, since it may come from a stranger.
const (
	maxNodes = 20_000
	maxDepth = 200
)

// Validator checks values against one schema. It is immutable, and safe for
// concurrent use.
type Validator struct {
	shape *check.Shape
}

// Validate returns the faults of data, in the order of the schema, and nothing
// where there are none. Data is decoded JSON: nil, bool, string, []any,
// map[string]any, and numbers as int, int64, float64 or [json.Number].
//
// Where a part is [Unknown], only what is wrong whatever that part turns out to be
// is reported: a missing or superfluous property, a fault in a part that is known.
// A value that the schema calls secret, or that is [Masked], is in no message.
func (v *Validator) Validate(data any) []Violation {
	var violations []Violation
	for _, fault := range check.Value(v.shape, data) {
		violations = append(violations, Violation(fault))
	}
	return violations
}

// Compile makes a validator of a schema. It fails where a pattern is no RE2 expression
// or all are too large, a reference leads nowhere or in a circle, or the schema is so
// large that it is meant to do harm. It keeps pointers into the schema, which must not
// change afterwards.
func Compile(s *Schema) (*Validator, error) {
	c := compiler{root: s, defs: map[string]*check.Shape{}}
	shape, err := c.compile(s, 0)
	if err != nil {
		return nil, err
	}
	if err := c.refuseCircles(); err != nil {
		return nil, err
	}
	return &Validator{shape}, nil
}

type compiler struct {
	root     *Schema
	defs     map[string]*check.Shape
	shapes   []*check.Shape
	patterns Patterns
}

func (c *compiler) compile(s *Schema, depth int) (*check.Shape, error) {
	shape := &check.Shape{}
	return shape, c.fill(shape, orAnything(s), depth)
}

func (c *compiler) fill(shape *check.Shape, s *Schema, depth int) (err error) {
	if depth > maxDepth {
		return fmt.Errorf("the schema is nested deeper than %d", maxDepth)
	}
	if c.shapes = append(c.shapes, shape); len(c.shapes) > maxNodes {
		return fmt.Errorf("the schema has more than %d parts", maxNodes)
	}
	if s.Ref != "" {
		shape.Ref, err = c.resolve(s.Ref, depth)
		return err
	}
	if err := c.fillWords(shape, s); err != nil {
		return err
	}
	if err := c.fillObject(shape, s, depth); err != nil {
		return err
	}
	if err := c.fillParts(shape, s, depth); err != nil {
		return err
	}
	shape.Finish()
	return nil
}

// fillWords takes over the words that hold no further schema.
func (c *compiler) fillWords(shape *check.Shape, s *Schema) error {
	switch s.Type {
	case "", TypeNull, TypeBoolean, TypeInteger, TypeNumber, TypeString, TypeArray, TypeObject:
	default:
		return fmt.Errorf("%q is not a type", s.Type)
	}
	if s.MultipleOf != nil && *s.MultipleOf <= 0 {
		return errors.New("multipleOf must be greater than 0")
	}
	if s.Pattern != "" {
		pattern, err := c.patterns.Compile(s.Pattern)
		if err != nil {
			return fmt.Errorf("pattern %.100q: %w", s.Pattern, err)
		}
		shape.Pattern = pattern.Regexp
	}
	for _, bound := range []string{s.FormatMinimum, s.FormatMaximum} {
		if test := format.Test(s.Format); bound != "" && test != nil && !test(bound) {
			return fmt.Errorf("%q is a bound and not %s", bound, format.Wanted(s.Format))
		}
	}
	shape.Type, shape.Enum, shape.Const, shape.Secret = s.Type, s.Enum, s.Const, s.Secret
	shape.Format, shape.IsFormat = s.Format, format.Test(s.Format)
	shape.FormatMinimum, shape.FormatMaximum = s.FormatMinimum, s.FormatMaximum
	shape.Minimum, shape.Maximum, shape.MultipleOf = s.Minimum, s.Maximum, s.MultipleOf
	shape.ExclusiveMinimum, shape.ExclusiveMaximum = s.ExclusiveMinimum, s.ExclusiveMaximum
	shape.MinLength, shape.MaxLength = s.MinLength, s.MaxLength
	shape.MinItems, shape.MaxItems, shape.UniqueItems = s.MinItems, s.MaxItems, s.UniqueItems
	shape.MinProperties, shape.MaxProperties = s.MinProperties, s.MaxProperties
	return nil
}

func (c *compiler) fillObject(shape *check.Shape, s *Schema, depth int) (err error) {
	shape.Required, shape.Closed = s.Required, s.Closed
	if s.Additional != nil && !s.Closed {
		if shape.Additional, err = c.compile(s.Additional, depth+1); err != nil {
			return fmt.Errorf("additionalProperties: %w", err)
		}
	}
	for _, p := range s.Properties {
		part, err := c.compile(p.Schema, depth+1)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		member := check.Member{Name: p.Name, Shape: part, Required: slices.Contains(s.Required, p.Name)}
		shape.Members = append(shape.Members, member)
	}
	return nil
}

// fillParts takes over the other schemas inside of one.
func (c *compiler) fillParts(shape *check.Shape, s *Schema, depth int) (err error) {
	if s.Items != nil {
		if shape.Items, err = c.compile(s.Items, depth+1); err != nil {
			return fmt.Errorf("items: %w", err)
		}
	}
	if shape.AnyOf, err = c.compileAll(s.AnyOf, depth); err != nil {
		return fmt.Errorf("anyOf: %w", err)
	}
	if shape.OneOf, err = c.compileAll(s.OneOf, depth); err != nil {
		return fmt.Errorf("oneOf: %w", err)
	}
	if shape.AllOf, err = c.compileAll(s.AllOf, depth); err != nil {
		return fmt.Errorf("allOf: %w", err)
	}
	return nil
}

func (c *compiler) compileAll(schemas []*Schema, depth int) ([]*check.Shape, error) {
	var shapes []*check.Shape
	for _, s := range schemas {
		shape, err := c.compile(s, depth+1)
		if err != nil {
			return nil, err
		}
		shapes = append(shapes, shape)
	}
	return shapes, nil
}

// resolve finds "#" and "#/$defs/NAME" in the same document; no schema ever makes
// gatebook open a file or an address.
func (c *compiler) resolve(ref string, depth int) (*check.Shape, error) {
	if shape, ok := c.defs[ref]; ok {
		return shape, nil
	}
	target := c.root.lookup(ref)
	if target == nil {
		return nil, fmt.Errorf("$ref %q leads nowhere", ref)
	}
	shape := &check.Shape{}
	c.defs[ref] = shape // before it is filled, since it may refer to itself
	return shape, c.fill(shape, target, depth+1)
}

// refuseCircles finds schemas that lead back to themselves without going into the
// value, on which a check would never end.
func (c *compiler) refuseCircles() error {
	const open, closed = 1, 2
	colour := make(map[*check.Shape]int, len(c.shapes))
	var visit func(shape *check.Shape) bool
	visit = func(shape *check.Shape) bool {
		if colour[shape] != 0 {
			return colour[shape] == closed
		}
		colour[shape] = open
		for _, next := range shape.InPlace() {
			if !visit(next) {
				return false
			}
		}
		colour[shape] = closed
		return true
	}
	for _, shape := range c.shapes {
		if !visit(shape) {
			return errors.New("a $ref leads back to itself")
		}
	}
	return nil
}
