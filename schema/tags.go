package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/schema/internal/datum"
)

// applyTags adds what a struct field's tags say to the schema of its type.
func applyTags(s *Schema, tag reflect.StructTag) error {
	s.Description = tag.Get("doc")
	s.Unit = tag.Get("unit")
	for name, flag := range map[string]*bool{
		"secret": &s.Secret, "nosecret": &s.NoSecret, "takessecrets": &s.TakesSecrets,
		"deprecated": &s.Deprecated, "unique": &s.UniqueItems,
	} {
		if err := parseFlag(tag, name, flag); err != nil {
			return err
		}
	}
	if err := parseFlag(tag, "required", new(bool)); err != nil {
		return err
	}
	if err := parseSizes(tag, map[string]**int{"minItems": &s.MinItems, "maxItems": &s.MaxItems}); err != nil {
		return err
	}
	if err := applyValueTags(single(s), tag); err != nil {
		return err
	}
	return applyValues(s, tag)
}

// single is the schema of one value: that of the items where s is a list or a map.
func single(s *Schema) *Schema {
	switch {
	case s.Items != nil:
		return single(s.Items)
	case s.Additional != nil:
		return single(s.Additional)
	default:
		return s
	}
}

func applyValueTags(s *Schema, tag reflect.StructTag) error {
	if pattern, ok := tag.Lookup("pattern"); ok {
		s.Pattern = pattern
	}
	if format, ok := tag.Lookup("format"); ok {
		s.Format = format
	}
	for name, bound := range map[string]**float64{"min": &s.Minimum, "max": &s.Maximum} {
		text, ok := tag.Lookup(name)
		if !ok {
			continue
		}
		number, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("tag %s: %q is not a number", name, text)
		}
		*bound = &number
	}
	if enum, ok := tag.Lookup("enum"); ok {
		for text := range strings.SplitSeq(enum, ",") {
			value, err := parseValue(s, text)
			if err != nil {
				return fmt.Errorf("tag enum: %w", err)
			}
			s.Enum = append(s.Enum, value)
		}
	}
	return parseSizes(tag, map[string]**int{"minLength": &s.MinLength, "maxLength": &s.MaxLength})
}

// applyValues comes last, so that a default can be held against all other words.
func applyValues(s *Schema, tag reflect.StructTag) error {
	text, hasDefault := tag.Lookup("default")
	if hasDefault {
		value, err := parseValue(s, text)
		if err != nil {
			return fmt.Errorf("tag default: %w", err)
		}
		s.Default = value
	}
	if text, ok := tag.Lookup("example"); ok {
		value, err := parseValue(s, text)
		if err != nil {
			return fmt.Errorf("tag example: %w", err)
		}
		s.Examples = append(s.Examples, value)
	}
	validator, err := Compile(s)
	if err != nil {
		return err
	}
	for _, value := range s.Examples {
		if faults := validator.Validate(value); len(faults) > 0 {
			return fmt.Errorf("tag example: %s", faults[0].Message)
		}
	}
	if !hasDefault {
		return nil
	}
	if faults := validator.Validate(s.Default); len(faults) > 0 {
		return fmt.Errorf("tag default: %s", faults[0].Message)
	}
	return nil
}

// parseValue reads text as a value of s: strings as they stand, all else as JSON.
func parseValue(s *Schema, text string) (any, error) {
	if s.Type == TypeString {
		return text, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("%q is not JSON: %w", text, err)
	}
	return datum.Normal(value), nil
}

func parseFlag(tag reflect.StructTag, name string, to *bool) error {
	text, ok := tag.Lookup(name)
	if !ok {
		return nil
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		return fmt.Errorf("tag %s: %q is neither true nor false", name, text)
	}
	*to = value
	return nil
}

func parseSizes(tag reflect.StructTag, sizes map[string]**int) error {
	for name, size := range sizes {
		text, ok := tag.Lookup(name)
		if !ok {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < 0 {
			return fmt.Errorf("tag %s: %q is not a size", name, text)
		}
		*size = &number
	}
	return nil
}
