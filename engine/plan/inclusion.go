package plan

import "github.com/gatebook/gatebook/engine/value"

// Inclusion is another runbook that a step takes in. Its steps stand in the plan behind the
// step, and say Within: where the step is done for many they stand for those of each
// instance, and each instance that is known has steps of its own. Windows, connections and
// expressions of its steps are those of its own file.
type Inclusion struct {
	Header
	Inputs  value.Value `json:"inputs" doc:"What it is given, with its defaults, as far as that is known; secrets masked."`
	Vars    value.Value `json:"vars"`
	Size    int         `json:"size" doc:"How many steps of the plan behind the step are in it, those of runbooks that it takes in itself among them."`
	Steps   []*Step     `json:"steps,omitempty" doc:"Of an instance of a loop: its steps."`
	Outputs []Binding   `json:"outputs,omitempty" doc:"What it gives back, by which the step has outputs."`

	// Source computes all inputs, defaults among them, from what is known outside; Held are
	// the vars, each after those that it uses, from what is known inside.
	Source Source    `json:"-"`
	Held   []Binding `json:"-"`

	lost map[string]string // the outputs that cannot be had, each with the step that is left out
}
