package model

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax"
	"github.com/gatebook/gatebook/schema"
)

// check finds words that contradict each other, and makes the schema.
func (in *Input) check(d *decoder) {
	in.checkWords(d)
	in.checkBounds(d)
	in.checkRequired(d)
	in.Schema = in.makeSchema()
}

// checkWords finds words that do not apply to the type.
func (in *Input) checkWords(d *decoder) {
	kind := in.Type.Value
	if !isType(kind) {
		return
	}
	for key := range in.Node.Entries() {
		types := typesOf(key.Text())
		if types == nil || slices.Contains(types, kind) {
			continue
		}
		finding := diag.InputWords.At(key.Range(), "%s says something of %s, but the type is %s.",
			key.Text(), strings.Join(types, " and "), kind).
			WithRelated(in.Type.Range(), "the type")
		if counterpart := counterpart(key.Text(), kind); counterpart != "" {
			finding = finding.WithHint("did you mean %q?", counterpart)
		}
		d.add(finding)
	}
}

// isType reports whether a word is a type that an input can have.
func isType(kind string) bool {
	switch kind {
	case schema.TypeBoolean, schema.TypeInteger, schema.TypeNumber, schema.TypeString, schema.TypeArray, schema.TypeObject:
		return true
	default:
		return false
	}
}

// typesOf returns the types that a word says something of; nil: all.
func typesOf(word string) []string {
	switch word {
	case "format", "pattern", "minLength", "maxLength":
		return []string{schema.TypeString}
	case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
		return []string{schema.TypeInteger, schema.TypeNumber}
	case "items", "minItems", "maxItems", "uniqueItems":
		return []string{schema.TypeArray}
	case "properties", "required", "additionalProperties", "minProperties", "maxProperties":
		return []string{schema.TypeObject}
	default:
		return nil
	}
}

// counterpart returns the word that bounds another type in the same way.
func counterpart(word, kind string) string {
	for _, bound := range []string{"min", "max"} {
		if !strings.HasPrefix(word, bound) {
			continue
		}
		switch kind {
		case schema.TypeString:
			return bound + "Length"
		case schema.TypeArray:
			return bound + "Items"
		case schema.TypeObject:
			return bound + "Properties"
		case schema.TypeInteger, schema.TypeNumber:
			return bound + "imum"
		}
	}
	return ""
}

// checkBounds finds least values that are greater than the greatest.
func (in *Input) checkBounds(d *decoder) {
	for _, pair := range []struct{ least, greatest Integer }{
		{in.MinLength, in.MaxLength}, {in.MinItems, in.MaxItems}, {in.MinProperties, in.MaxProperties},
	} {
		contradict(d, pair.least.Node, pair.greatest.Node, cmp.Compare(pair.least.Value, pair.greatest.Value) > 0)
	}
	least, greatest := in.Minimum, in.Maximum
	contradict(d, least.Node, greatest.Node, least.Value > greatest.Value)
	above, below := in.ExclusiveMinimum, in.ExclusiveMaximum
	contradict(d, above.Node, below.Node, above.Value >= below.Value)
	contradict(d, above.Node, greatest.Node, above.Value >= greatest.Value)
	contradict(d, least.Node, below.Node, least.Value >= below.Value)
}

func contradict(d *decoder, least, greatest *syntax.Node, wrong bool) {
	if least != nil && greatest != nil && wrong {
		d.add(diag.InputWords.At(least.Range(), "No value is between %s and %s.", least.Text(), greatest.Text()).
			WithRelated(greatest.Range(), "the upper bound"))
	}
}

// checkRequired finds required properties that are not among those declared.
func (in *Input) checkRequired(d *decoder) {
	if in.Properties.Node == nil {
		return
	}
	names := slices.Collect(in.Properties.Keys())
	for _, name := range in.Required.Items {
		if slices.Contains(names, name.Value) {
			continue
		}
		finding := diag.InputWords.At(name.Range(), "The property %q is required, but properties does not have it.", name.Value)
		if near, ok := diag.Nearest(name.Value, names); ok {
			finding = finding.WithHint("did you mean %q?", near)
		}
		d.add(finding)
	}
}

func (in *Input) makeSchema() *schema.Schema {
	s := &schema.Schema{
		Title: in.Title.Value, Description: in.Description.Value, Type: in.Type.Value,
		Format: in.Format.Value, Pattern: in.Pattern.Value,
		Deprecated: in.Deprecated.Value, Secret: in.Secret.Value, UniqueItems: in.UniqueItems.Value,
		Default: data(in.Default), Const: data(in.Const), Examples: dataList(in.Examples), Enum: dataList(in.Enum),
		Minimum: in.Minimum.pointer(), Maximum: in.Maximum.pointer(),
		ExclusiveMinimum: in.ExclusiveMinimum.pointer(), ExclusiveMaximum: in.ExclusiveMaximum.pointer(),
		MultipleOf: in.MultipleOf.pointer(),
		MinLength:  in.MinLength.pointer(), MaxLength: in.MaxLength.pointer(),
		MinItems: in.MinItems.pointer(), MaxItems: in.MaxItems.pointer(),
		MinProperties: in.MinProperties.pointer(), MaxProperties: in.MaxProperties.pointer(),
	}
	if in.Items != nil {
		s.Items = in.Items.Schema
	}
	for _, property := range in.Properties.Entries {
		s.Properties = append(s.Properties, schema.Property{Name: property.Key.Value, Schema: property.Value.Schema})
	}
	for _, name := range in.Required.Items {
		s.Required = append(s.Required, name.Value)
	}
	if extra := in.AdditionalProperties; extra.Node != nil {
		s.Closed = !extra.Allowed
		if extra.Input != nil {
			s.Additional = extra.Input.Schema
		}
	}
	return s
}

// data returns a value as plain Go data, as schemas hold it; nil where there is none.
func data(v Value) any {
	plain, err := v.Node.Value().Reveal()
	if err != nil {
		return nil // a tree has no unknown values
	}
	return plain
}

func dataList(list List[Value]) []any {
	var plain []any
	for _, item := range list.Items {
		plain = append(plain, data(item))
	}
	return plain
}

func (i Integer) pointer() *int {
	if i.Node == nil {
		return nil
	}
	value := int(i.Value)
	return &value
}

func (n Number) pointer() *float64 {
	if n.Node == nil {
		return nil
	}
	return &n.Value
}
