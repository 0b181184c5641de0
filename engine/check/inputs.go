package check

import (
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/schema"
)

// checkRequires holds gatebook's own version against what the runbook asks for.
func (c *checker) checkRequires(version string) {
	if requires := c.model.Requires; !requires.Allows(version) {
		c.add(diag.WrongGatebook.At(requires.Gatebook.Range(), "This is gatebook %s.", version))
	}
}

// checkInputs makes the shape of the inputs, and checks their defaults.
func (c *checker) checkInputs() {
	object := &schema.Schema{Type: schema.TypeObject, Closed: true}
	for _, entry := range c.model.Inputs.Entries {
		input := entry.Value
		if input == nil || input.Schema == nil {
			continue
		}
		object.Properties = append(object.Properties, schema.Property{Name: entry.Key.Value, Schema: input.Schema})
		object.Required = append(object.Required, entry.Key.Value)
		if input.Default.Node != nil {
			c.checkDefault(entry.Key, input)
		}
	}
	c.runbook.InputSchema = object
	c.secrets.inputs = secretIn(object)
	c.secrets.steps = secretOutputs(c.outputs)
}

func (c *checker) checkDefault(name model.Text, input *model.Input) {
	given := input.Default.Node.Value()
	if data.ShowsSecret(input.Schema, given) {
		c.add(diag.SecretDefault.At(input.Default.Range(), "The input %s is secret, and its default can be read here.", name.Value).Hiding())
		return
	}
	validator, err := schema.Compile(input.Schema)
	if err != nil {
		return // a bad pattern, which is the model's finding
	}
	for _, violation := range validator.Validate(data.ForSchema(given)) {
		c.add(diag.BadDefault.At(input.Default.Range(), "%s.", data.About(name.Value, violation)))
	}
}

// Secret reports whether a value of the input must not be given in the clear.
func (r *Runbook) Secret(input string) bool {
	shape, ok := r.InputSchema.Property(input)
	return ok && data.HoldsSecret(shape)
}
