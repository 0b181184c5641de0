package sdk

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/schema"
)

// Validate finds where a description contradicts itself: a schema that is none, a
// GraceParam that is no duration among the parameters, an example whose parameters would
// be refused. It names every fault. It does not read the rules, which takes an engine.
func (d Description) Validate() error {
	input, inputErr := schema.Compile(d.Input)
	_, outputErr := schema.Compile(d.Output)
	if err := errors.Join(inputErr, outputErr); err != nil {
		return err
	}
	return d.validate(input)
}

// validate is Validate for a description whose schemas are compiled already.
func (d Description) validate(input *schema.Validator) error {
	var faults []error
	if grace, known := d.Input.Property(d.GraceParam); d.GraceParam != "" && (!known || grace.Format != schema.FormatDuration) {
		faults = append(faults, fmt.Errorf("GraceParam names %q, which is no duration among the parameters", d.GraceParam))
	}
	for _, example := range d.Examples {
		params, err := paramsOf(example)
		if err != nil {
			faults = append(faults, fmt.Errorf("the example %q is no JSON: %w", example.Title, err))
			continue
		}
		for _, fault := range input.Validate(params) {
			faults = append(faults, fmt.Errorf("the example %q breaks the schema: %s", example.Title, fault.Message))
		}
	}
	return errors.Join(faults...)
}

// paramsOf returns an example's parameters as a decoder makes them of their JSON, so that
// an example may hold a []string.
func paramsOf(example schema.Example) (any, error) {
	if example.With == nil {
		return map[string]any{}, nil
	}
	text, err := json.Marshal(example.With)
	if err != nil {
		return nil, err
	}
	return generic(text)
}
