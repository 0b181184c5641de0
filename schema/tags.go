package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gatebook/gatebook/schema/internal/datum"
)

// Tag is a tag of a struct field that [Of] reads.
type Tag struct {
	Name    string
	Value   string // what it may be given
	Meaning string // a whole sentence
}

// Tags returns all tags that [Of] reads, in the order in which they are explained.
func Tags() []Tag {
	return []Tag{
		{"json", `a name, or "-"`, "The name in JSON, which each field must have; `-` leaves the field out."},
		{"doc", "Markdown", "The description, in whole sentences."},
		{"required", "true", "The field must be given."},
		{"default", "a value", "The value where none is given: plain text for strings, else JSON."},
		{"example", "a value", "One example, written as a default is."},
		{"unit", "text", "What a number counts: `bytes`, `requests per second`."},
		{"enum", "a,b,c", "The values that there are."},
		{"pattern", "RE2", "What a text must match."},
		{"format", "a format", "What a text is, as JSON Schema calls it: `uri`, `date-time`, `regex`; `cel` is an expression that `check` reads."},
		{"min", "a number or duration", "The least value."},
		{"max", "a number or duration", "The greatest value."},
		{"minLength", "a size", "The least number of characters."},
		{"maxLength", "a size", "The greatest number of characters."},
		{"minItems", "a size", "The least number of items of a list."},
		{"maxItems", "a size", "The greatest number of items of a list."},
		{"unique", "true", "No item of the list is there twice."},
		{"secret", "true", "The value is never shown, logged or kept."},
		{"nosecret", "true", "No secret may flow into the value, since others can read it."},
		{"takessecrets", "true", "A secret may flow into the value, which is kept from others and otherwise shown."},
		{"deprecated", "true", "Using the field is warned of; the description says what to use instead."},
	}
}

// foreignTags belong to others who read the same structs.
var foreignTags = []string{"yaml", "toml", "xml", "protobuf", "mapstructure"}

// checkNames refuses tags that nobody reads: a misspelt one would change nothing, and
// one of them says what is secret.
func checkNames(tag reflect.StructTag) error {
	known := slices.Clone(foreignTags)
	for _, t := range Tags() {
		known = append(known, t.Name)
	}
	names, err := namesOf(string(tag))
	if err != nil {
		return err
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("there is no tag %s; there are %s", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// namesOf reads a struct tag as [reflect.StructTag] does, which skips what it cannot read.
func namesOf(tag string) ([]string, error) {
	var names []string
	for rest := strings.TrimLeft(tag, " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		name, after, found := strings.Cut(rest, ":")
		quoted, err := strconv.QuotedPrefix(after)
		if !found || err != nil || name == "" || strings.ContainsAny(name, " \"") {
			return nil, fmt.Errorf("the tags cannot be read from %q on", rest)
		}
		names = append(names, name)
		rest = after[len(quoted):]
	}
	return names, nil
}

// applyTags adds what a struct field's tags say to the schema of its type.
func applyTags(s *Schema, tag reflect.StructTag) error {
	if err := checkNames(tag); err != nil {
		return err
	}
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
	if err := applyBounds(s, tag); err != nil {
		return err
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

func applyBounds(s *Schema, tag reflect.StructTag) error {
	for name, bound := range map[string]struct {
		number **float64
		text   *string
	}{"min": {&s.Minimum, &s.FormatMinimum}, "max": {&s.Maximum, &s.FormatMaximum}} {
		text, ok := tag.Lookup(name)
		switch {
		case !ok:
		case s.Format == FormatDuration:
			*bound.text = text // which Compile reads
		default:
			number, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return fmt.Errorf("tag %s: %q is not a number", name, text)
			}
			*bound.number = &number
		}
	}
	return nil
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
