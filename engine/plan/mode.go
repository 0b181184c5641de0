package plan

import (
	"slices"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/value"
)

// Mode is what a mode makes of a runbook, beside the steps that it leaves out.
type Mode struct {
	Name  string `json:"name" examples:"drill"`
	Title string `json:"title,omitempty"`
	// Which of the inputs are as the mode has them follows from their values, so that a run that
	// is taken up again has the same plan.
	Inputs []string `json:"inputs,omitempty" doc:"The inputs that have the values of the mode."`
	Others []string `json:"others,omitempty" doc:"The inputs that the mode sets and that have other values, by a person's word."`
}

// Of says for people that an input is as the mode has it, or is not; empty: it says nothing of it.
func (m *Mode) Of(input string) string {
	switch {
	case m == nil:
	case slices.Contains(m.Inputs, input):
		return "by mode " + m.Name
	case slices.Contains(m.Others, input):
		return "given, and not as in mode " + m.Name
	}
	return ""
}

// Others are the inputs that the mode sets and that have other values.
func (p *Plan) Others() []string {
	if p.Mode == nil {
		return nil
	}
	return p.Mode.Others
}

// Begins is what a run of the plan begins with, as far as the plan says it.
func (p *Plan) Begins() event.Run { return event.Run{Choice: p.Choice, Others: p.Others()} }

// ModeInForce is the mode as expressions and policies see it; empty: they see none.
func (p *Plan) ModeInForce() string { return p.Choice.InForce(p.Others()) }

// unmeasured is the step of which the data loss is computed, where it is known that no such step
// is done; empty: one may be, or nothing measures it.
func (m *maker) unmeasured() string {
	if m.checked.DataLoss == nil {
		return ""
	}
	skipped := map[string]bool{}
	for _, step := range m.plan.Steps {
		skipped[step.ID] = step.Skipped()
	}
	missing := ""
	for ref := range m.checked.DataLoss.Data.References() {
		id, isStep := ref.Step()
		switch {
		case isStep && !skipped[id]:
			return ""
		case isStep:
			missing = id
		}
	}
	return missing
}

// seenMode is run.mode, as far as it is known before a run.
func (p *Plan) seenMode() value.Value {
	if p.anyMode {
		return value.Unknown(value.Cause{Reason: untilMode})
	}
	return value.String(p.ModeInForce())
}

// mode leaves out the steps that the mode of the choice does, and no person by name: those of
// the runbook, and of those that it takes in which have the mode too.
func (c *chooser) mode() error {
	if c.choice.Mode == "" {
		return nil
	}
	if !c.leaveOut(c.checked, func(id string) string { return id }) {
		near, _ := diag.Nearest(c.choice.Mode, slices.Collect(c.checked.Model.Modes.Keys()))
		return &ChoiceError{Flag: "--mode", Named: c.choice.Mode, Cause: "the runbook has no such mode", Near: near}
	}
	for _, l := range c.lines {
		if l.step.Runbook != nil {
			c.leaveOut(l.step.Runbook, func(inside string) string { return event.InsideID(l.id, inside) })
		}
	}
	return nil
}

// leaveOut leaves out the steps of one runbook that its mode of that name does, and reports
// whether it has one.
func (c *chooser) leaveOut(checked *check.Runbook, called func(id string) string) bool {
	mode, known := checked.Model.Modes.Get(c.choice.Mode)
	if !known {
		return false
	}
	for _, step := range mode.Skip.Items {
		if place, ok := c.places[called(step.Value)]; ok && c.out[place] == nil {
			c.out[place] = &event.LeftOut{Mode: c.choice.Mode, Cause: "mode " + c.choice.Mode}
		}
	}
	return true
}

// modeOf says which of the inputs are as the mode of the choice has them; nil: it is done in none.
func (c *chooser) modeOf(inputs value.Value) *Mode {
	if c.choice.ModeName() == "" {
		return nil
	}
	sets, _ := c.checked.Model.Modes.Get(c.choice.Mode)
	made := &Mode{Name: c.choice.Mode, Title: sets.Title.Value}
	for _, set := range sets.Inputs.Entries {
		name := set.Key.Value
		shape, _ := c.checked.InputSchema.Property(name)
		wants, err := data.Conform(shape, set.Value.Node.Value())
		if is, _ := inputs.Get(name); err == nil && is.Equal(wants) {
			made.Inputs = append(made.Inputs, name)
		} else {
			made.Others = append(made.Others, name)
		}
	}
	return made
}
