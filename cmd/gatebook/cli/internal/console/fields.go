package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/engine/diag"
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
// question asks for, so that each mistake is told to the person who made it, and all of
// them at once.
func FillIn(question sdk.Question, typed []Pair) (json.RawMessage, error) {
	form := question.Fields
	if form == nil {
		if len(typed) > 0 {
			return nil, fmt.Errorf("the question is for a yes or a no and has no field %q", typed[0].Name)
		}
		return nil, nil
	}
	var faults []error
	unread := map[string]bool{} // what is told of already
	filled := map[string]any{}
	for _, p := range typed {
		field, known := form.Property(p.Name)
		data, err := fieldValue(field, p.Text)
		switch {
		case !known && form.Closed:
			faults = append(faults, unknownField(form, p.Name))
		case err != nil:
			unread[p.Name] = true
			faults = append(faults, fmt.Errorf("%s: %w", p.Name, err))
		default:
			filled[p.Name] = data
		}
	}
	validator, err := schema.Compile(form)
	if err != nil {
		return nil, fmt.Errorf("the question's fields: %w", err)
	}
	complete := schema.ApplyDefaults(form, filled)
	for _, fault := range validator.Validate(complete) {
		if !unread[fault.Property] {
			faults = append(faults, errors.New(faultText(fault)))
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	document, err := json.Marshal(complete)
	if err != nil {
		return nil, fmt.Errorf("fields of the answer: %w", err)
	}
	return document, nil
}

func unknownField(form *schema.Schema, name string) error {
	names := make([]string, len(form.Properties))
	for i, p := range form.Properties {
		names[i] = p.Name
	}
	if near, found := diag.Nearest(name, names); found {
		return fmt.Errorf("there is no field %q; did you mean %q?", name, near)
	}
	return fmt.Errorf("there is no field %q; there are %s", name, strings.Join(names, ", "))
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
