package check

import (
	"strings"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/schema"
)

// taken are the runbooks that steps take in. To everything else a step uses an action whose
// schemas come from the runbook, made once for each.
type taken struct {
	runbooks map[string]*Runbook // by what the file is called
	entries  map[*Runbook]*catalog.Entry
}

// actionOf looks up the action of a step, or what stands for one where it takes in a runbook.
func (c *checker) actionOf(step *Step) *catalog.Entry {
	action := c.action(step.Model.Uses)
	if step.Model.Uses.Value != catalog.Included {
		return action
	}
	file, _ := step.Model.With.Get("file")
	runbook := c.taken.runbooks[file.Node.Text()]
	if runbook == nil {
		return action // why is said where it was to be read
	}
	step.Runbook = runbook
	if limits := runbook.Model.Limits; limits.Node != nil {
		c.add(diag.InclusionLimits.At(file.Range(), "The runbook %s has limits, which are those of a run of it alone.", runbook.Model.Metadata.Name.Value).
			WithHint("take them out of %s, and give limits that allow for it to the runbook that is run", diag.Clean(runbook.TakenInAs)).
			WithRelated(limits.Node.Range(), "its limits"))
	}
	c.checkGiven(step)
	entry, known := c.taken.entries[runbook]
	if !known {
		entry = runbook.describe()
		c.taken.entries[runbook] = entry
	}
	return entry
}

// checkGiven reports secrets that are written down for the inputs of a runbook that is taken in.
func (c *checker) checkGiven(step *Step) {
	inputs, _ := step.Model.With.Get("inputs")
	for key, node := range inputs.Node.Entries() {
		shape, is := step.Runbook.InputSchema.Property(key.Text())
		if given := node.Value(); is && !strings.Contains(given.String(), "${{") && data.ShowsSecret(shape, given) {
			c.add(diag.InclusionSecret.At(node.Range(), "The input %s of the runbook %s is secret, and can be read here.", key.Text(), step.Runbook.Model.Metadata.Name.Value).Hiding())
		}
	}
}

// checkSecretsGiven reports secrets that are given to inputs of a runbook that is taken in which
// are not secret there.
func (c *checker) checkSecretsGiven(step *Step) {
	if step.Runbook == nil || step.Use == nil {
		return
	}
	for leaf := range step.Use.With.Leaves(step.Use.Action.Description.Input) {
		for ref := range leaf.References() {
			// An input with a part that is secret may be given as a whole.
			if leaf.Into.TakesSecrets() || leaf.Into.HoldsSecret() || !c.secrets.holds(ref.Ref) {
				continue
			}
			name, file := strings.TrimPrefix(leaf.Into.Field, "inputs."), step.Runbook.TakenInAs
			found := diag.InclusionExposes.At(ref.Range, "The input %s of the runbook %s is not secret.", name, step.Runbook.Model.Metadata.Name.Value).
				WithHint("write secret: true at %s in %s", name, diag.Clean(file))
			if input, declared := step.Runbook.Model.Inputs.Get(inputOf(name)); declared {
				found = found.WithRelated(input.Node.Range(), "the input")
			}
			c.add(found)
		}
	}
}

// inputOf is the name of the input that a part of one is of.
func inputOf(field string) string {
	end := strings.IndexAny(field, ".[")
	if end < 0 {
		return field
	}
	return field[:end]
}

// describe describes the runbook as the action that a step uses which takes it in.
func (r *Runbook) describe() *catalog.Entry {
	inputs := &schema.Schema{Type: schema.TypeObject, Closed: true, Properties: r.InputSchema.Properties}
	for _, entry := range r.Model.Inputs.Entries {
		if entry.Value != nil && entry.Value.Default.Node == nil {
			inputs.Required = append(inputs.Required, entry.Key.Value)
		}
	}
	var steps []*catalog.Entry
	for _, step := range r.Steps {
		if step.Use != nil {
			steps = append(steps, step.Use.Action)
		}
	}
	return catalog.IncludedRunbook(inputs, r.given, steps)
}

// shapeOfOutputs is the shape of what the runbook gives back.
func (c *checker) shapeOfOutputs() *schema.Schema {
	object := &schema.Schema{Type: schema.TypeObject, Closed: true}
	for _, output := range c.runbook.Outputs {
		object.Properties = append(object.Properties, schema.Property{Name: output.Name, Schema: output.Data.Shape(c.secrets.holds)})
		object.Required = append(object.Required, output.Name)
	}
	return object
}

// checkManner reports what a step says that takes in a runbook, and belongs to its steps.
func (c *checker) checkManner(m *model.Step) {
	for key := range m.Node.Entries() {
		switch word := key.Text(); word {
		case "rollback":
			c.add(diag.InclusionManner.At(key.Range(), "What takes the step back is what takes the steps back of the runbook that it takes in.").
				WithHint("write the rollback beside those steps, and remove it here"))
		case "retry":
			c.add(diag.InclusionManner.At(key.Range(), "Its steps are tried again, each as it says, and the runbook as a whole is not.").
				WithHint("write the retry beside those steps, and remove it here"))
		case "timeout":
			c.add(diag.InclusionManner.At(key.Range(), "A timeout is that of one attempt, and the runbook as a whole has none.").
				WithHint("write the timeout beside its steps, and remove it here"))
		case "on":
			c.add(diag.InclusionManner.At(key.Range(), "Its steps work over the connections of their own runbook.").
				WithHint("give what configures the connection as an input, and remove this"))
		}
	}
}
