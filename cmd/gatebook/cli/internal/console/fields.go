package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// fieldValue reads what a person typed for a field, by the field's type: a string is
// the text itself, anything else is JSON.
func fieldValue(field *schema.Schema, text string) (any, error) {
	if field == nil || field.Type == schema.TypeString || field.Type == "" && !json.Valid([]byte(text)) {
		return text, nil
	}
	switch {
	case field.Type != schema.TypeBoolean:
	case strings.EqualFold(text, "yes"), strings.EqualFold(text, "y"):
		return true, nil
	case strings.EqualFold(text, "no"), strings.EqualFold(text, "n"):
		return false, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var data any
	// A decoder stops behind the first value, so it cannot say whether that is all.
	if !json.Valid([]byte(text)) || decoder.Decode(&data) != nil {
		return nil, fmt.Errorf("%q is not of type %s", text, field.Type)
	}
	return data, nil
}

// FillIn makes the answer's fields of what was typed, and holds them against what the
// question asks for, so that a mistake is told to the person who made it.
func FillIn(question sdk.Question, typed []Pair) (json.RawMessage, error) {
	if question.Fields == nil {
		if len(typed) > 0 {
			return nil, fmt.Errorf("the question is for a yes or a no and has no field %q", typed[0].Name)
		}
		return nil, nil
	}
	filled := map[string]any{}
	for _, p := range typed {
		field, _ := question.Fields.Property(p.Name)
		data, err := fieldValue(field, p.Text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		filled[p.Name] = data
	}
	validator, err := schema.Compile(question.Fields)
	if err != nil {
		return nil, fmt.Errorf("the question's fields: %w", err)
	}
	complete := schema.ApplyDefaults(question.Fields, filled)
	if faults := validator.Validate(complete); len(faults) > 0 {
		return nil, errors.New(faultText(faults[0]))
	}
	document, err := json.Marshal(complete)
	if err != nil {
		return nil, fmt.Errorf("fields of the answer: %w", err)
	}
	return document, nil
}

// faultText says what is wrong with which field.
func faultText(fault schema.Violation) string {
	if field := fault.Field(); field != "" && !strings.HasPrefix(fault.Message, field) {
		return field + ": " + fault.Message
	}
	return fault.Message
}

// Pair is one NAME=VALUE of the command line.
type Pair struct{ Name, Text string }

// Pairs is a flag of NAME=VALUE that may be given several times.
type Pairs struct{ List *[]Pair }

// String returns nothing: there is no default; pflag calls it.
func (Pairs) String() string { return "" }

// Set takes one NAME=VALUE; pflag calls it.
func (p Pairs) Set(text string) error {
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return fmt.Errorf("write it as NAME=VALUE")
	}
	*p.List = append(*p.List, Pair{name, value})
	return nil
}

// Type names the value in the help text; pflag calls it.
func (Pairs) Type() string { return "NAME=VALUE" }
