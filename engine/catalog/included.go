package catalog

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// Included is what a step uses to take in another runbook. It is no action that anybody
// could call: a plan has the steps of that runbook in its place.
const Included = "runbook"

// includedText says what people must know of it.
const includedText = `The steps of the other runbook become steps of the plan, in the place of this one, with its id
before theirs: ` + "`web.drain`" + `. They see the inputs that are given here and their own vars, windows and connections,
and nothing else of this runbook; what the other runbook has as ` + "`outputs`" + ` are the outputs of the step.

The file is named as it is seen from this runbook's folder, and must be in the same repository. Its effect is the
strongest of its steps. A step that takes in a runbook may have ` + "`foreach`, `batch`, `when`, `gate`, `verify`, `needs` and `onFailure`" + `;
it has no ` + "`rollback`, `retry`, `timeout` and `on`" + `: its steps have theirs.`

// included describes the taking in of any runbook.
func included() *Entry {
	inputs := &schema.Schema{Type: schema.TypeObject, Description: "The values of its inputs; those with a default may be left out."}
	return Described(describeIncluded(sdk.Change, inputs, &schema.Schema{Type: schema.TypeObject}))
}

// IncludedRunbook describes one runbook as what a step uses that takes it in, by its inputs, its
// outputs, and what its steps use.
func IncludedRunbook(inputs, outputs *schema.Schema, steps []*Entry) *Entry {
	effect := sdk.Read
	for _, used := range steps {
		if used.Destroys() || effect == sdk.Read {
			effect = used.Description.Effect
		}
	}
	return Described(describeIncluded(effect, inputs, outputs))
}

func describeIncluded(effect sdk.Effect, inputs, outputs *schema.Schema) sdk.Description {
	file := &schema.Schema{Type: schema.TypeString, Description: "The runbook's file, as it is seen from this one's folder; no expression.", Examples: []any{"./web.yaml"}}
	described := sdk.Description{
		Name:        Included,
		Summary:     "Take in another runbook: do its steps, with inputs of its own",
		Description: includedText,
		Effect:      effect,
		CanUndo:     true,
		Input: &schema.Schema{
			Type: schema.TypeObject, Closed: true,
			Properties: []schema.Property{{Name: "file", Schema: file}, {Name: "inputs", Schema: inputs}},
			Required:   []string{"file"},
		},
		Output: outputs,
		Examples: []schema.Example{{
			Title: "Roll out the web tier by its own runbook",
			With:  map[string]any{"file": "./web.yaml", "inputs": map[string]any{"image": "web:2"}},
		}},
	}
	if len(inputs.Required) > 0 {
		described.Input.Required = append(described.Input.Required, "inputs")
	}
	return described
}
