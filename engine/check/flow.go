package check

import (
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/schema"
)

// secrets knows which values are secret, by their shapes.
type secrets struct {
	inputs, vars map[string]*schema.Schema // those that hold a secret
	steps        map[string]*schema.Schema // the outputs that hold one, by the step's id
	each         *schema.Schema            // of the step that is looked at; nil: it holds none
	over         []data.Reference          // what that step is done for
}

// enter turns to another step.
func (s *secrets) enter(step *Step) {
	s.each, s.over = nil, nil
	if step.Loop == nil {
		return
	}
	s.over = slices.Collect(step.Loop.Over.References())
	if data.HoldsSecret(step.Loop.Each) {
		s.each = step.Loop.Each
	}
}

// secretIn keeps the properties of an object that hold a secret.
func secretIn(object *schema.Schema) map[string]*schema.Schema {
	held := map[string]*schema.Schema{}
	for _, p := range object.Properties {
		if data.HoldsSecret(p.Schema) {
			held[p.Name] = p.Schema
		}
	}
	return held
}

// secretOutputs keeps the outputs that hold a secret; each shape is looked at once.
func secretOutputs(outputs map[string]*schema.Schema) map[string]*schema.Schema {
	held, known := map[string]*schema.Schema{}, map[*schema.Schema]bool{}
	for id, shape := range outputs {
		secret, seen := known[shape]
		if !seen {
			secret = data.HoldsSecret(shape)
			known[shape] = secret
		}
		if secret {
			held[id] = shape
		}
	}
	return held
}

// holds reports whether what an expression refers to is, or may hold, a secret.
func (s *secrets) holds(ref expr.Ref) bool {
	switch ref.Root {
	case expr.RootInputs:
		return leads(s.inputs, ref.Path, 1)
	case expr.RootVars:
		return leads(s.vars, ref.Path, 1)
	case expr.RootSteps:
		if len(ref.Path) > 1 && ref.Path[1] != "outputs" {
			return false // its status and its error hold none
		}
		return leads(s.steps, ref.Path, 2)
	case expr.RootEach:
		return s.each != nil && data.LeadsToSecret(s.each, ref.Path)
	default:
		return false
	}
}

// leads follows a path whose first part is a name and whose shape begins at skip.
func leads(held map[string]*schema.Schema, path []string, skip int) bool {
	if len(held) == 0 || len(path) == 0 {
		return len(held) > 0
	}
	shape, ok := held[path[0]]
	return ok && (len(path) <= skip || data.LeadsToSecret(shape, path[skip:]))
}

// checkFlow reports secrets that flow into parameters that are not kept secret. Of what is given
// to a runbook that is taken in, more can be said.
func (c *checker) checkFlow(use *data.Use) {
	if use.Action.Description.Name == catalog.Included {
		return
	}
	for leaf := range use.With.Leaves(use.Action.Description.Input) {
		for ref := range leaf.References() {
			if !c.secrets.holds(ref.Ref) {
				continue
			}
			switch {
			case leaf.Into.NoSecret():
				c.add(diag.SecretExposed.At(ref.Range, "The parameter %s of %s can be read by others.",
					leaf.Into.Field, use.Action.Description.Name))
			case !leaf.Into.TakesSecrets():
				c.add(diag.SecretLeaves.At(ref.Range, "The parameter %s of %s is not kept secret.",
					leaf.Into.Field, use.Action.Description.Name))
			}
		}
	}
}
