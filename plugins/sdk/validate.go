package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/schema"
)

// errNotInPlan is why an action may not be applied while a plan is made.
var errNotInPlan = errors.New("only an action that reads, and asks nobody, may be applied in a plan")

// Validate finds where a description contradicts itself: a schema that is none, a
// GraceParam that is no duration among the parameters, a CostOutput that is no object of numbers
// among the outputs, InPlan of an action that does more than read, an example whose parameters would be refused. It names every fault. It does not read the rules, which takes an engine.
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
	if d.CostOutput != "" && !isCost(d.Output, d.CostOutput) {
		faults = append(faults, fmt.Errorf("CostOutput names %q, which is no object of numbers among the outputs, or a secret", d.CostOutput))
	}
	if d.InPlan && (d.Effect != Read || d.Asks) {
		faults = append(faults, errNotInPlan)
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

// OutputCheck returns what says how outputs of the action break their schema. Those that an
// [Action] encodes may do so by an enum, a pattern or a bound, which no type keeps: what
// breaks them fails the attempt, whose change is made by then. It fails where the schema is none.
func (d Description) OutputCheck() (func(outputs json.RawMessage) error, error) {
	output, err := schema.Compile(d.Output)
	if err != nil {
		return nil, err
	}
	return func(outputs json.RawMessage) error {
		data, err := generic(outputs)
		if err != nil {
			return fmt.Errorf("they are no JSON: %w", err)
		}
		return firstOf(output.Validate(data))
	}, nil
}

// firstOf says the first of some faults, and how many there are beside them: a list may
// have as many as items.
func firstOf(faults []schema.Violation) error {
	const most = 3
	if len(faults) == 0 {
		return nil
	}
	var said []string
	for _, fault := range faults[:min(most, len(faults))] {
		said = append(said, fault.Message)
	}
	if rest := len(faults) - most; rest > 0 {
		said = append(said, fmt.Sprintf("and %d more", rest))
	}
	return errors.New(strings.Join(said, "; "))
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
