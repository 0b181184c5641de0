package sdk

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"

	"github.com/gatebook/gatebook/schema"
)

// Cost is what something costs, by unit: {"usd": 12.5, "api_calls": 3}. A unit is whatever is
// worth counting, as lower-case letters, digits and underscores, and an amount is not negative.
type Cost map[string]float64

// maxAmount bounds an amount, so that amounts can be added and compared to a millionth.
const maxAmount = 1e9

// Validate says what is wrong with a cost. It names every fault.
func (c Cost) Validate() error {
	unit := regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(c)) {
		switch amount := c[name]; {
		case !unit.MatchString(name):
			faults = append(faults, fmt.Errorf("a cost is counted in %q, which must be lower-case letters, digits and underscores", name))
		case math.IsNaN(amount), amount < 0, amount > maxAmount:
			faults = append(faults, fmt.Errorf("a cost of %g %s is none: it must be from 0 to %d", amount, name, int(maxAmount)))
		}
	}
	return errors.Join(faults...)
}

// isCost reports whether an output is one that says what an Apply cost, for all to see: an object
// of numbers, of whatever units or of those that it declares.
func isCost(outputs *schema.Schema, name string) bool {
	output, known := outputs.Property(name)
	if !known || output.Secret || output.Type != schema.TypeObject || output.Additional == nil && len(output.Properties) == 0 {
		return false
	}
	for _, unit := range output.Properties {
		if !isAmount(unit.Schema) {
			return false
		}
	}
	return output.Additional == nil || isAmount(output.Additional)
}

func isAmount(s *schema.Schema) bool {
	return !s.Secret && (s.Type == schema.TypeNumber || s.Type == schema.TypeInteger)
}

// CostUnits returns the units that the action declares to say its cost in, and whether it may
// say it in others: by its outputs, or beforehand by its preview.
func (d Description) CostUnits() (units []string, others bool) {
	output, known := d.Output.Property(d.CostOutput)
	if !known {
		return nil, d.CanPlan
	}
	for _, unit := range output.Properties {
		units = append(units, unit.Name)
	}
	return units, output.Additional != nil
}

// CostOf returns what outputs of the action say that it cost; none where it does not say.
func (d Description) CostOf(outputs json.RawMessage) (Cost, error) {
	if d.CostOutput == "" {
		return nil, nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(outputs, &members); err != nil {
		return nil, fmt.Errorf("read what it cost: %w", err)
	}
	text, said := members[d.CostOutput]
	if !said {
		return nil, nil
	}
	var cost Cost
	if err := json.Unmarshal(text, &cost); err != nil {
		return nil, fmt.Errorf("read what it cost: %w", err)
	}
	return cost, cost.Validate()
}
