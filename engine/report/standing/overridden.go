package standing

import (
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/report/wording"
)

// Overridden is something that a run does otherwise than its runbook says, by a person's word.
type Overridden struct {
	What   string `json:"what" enum:"window,part,input,approval,step,stepping" doc:"What is overridden: a window that counts as open; a part that is done in place of the whole; an input of the mode that has another value; an approval that is left out by either; a step that is left out, as a person said when asked step by step; that no more was asked step by step."`
	Name   string `json:"name" doc:"The window, the input or the step; of a part, the flags that chose it; of stepping, empty."`
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// Overridden returns all of a run that is otherwise by a person's word.
func (s *Status) Overridden() []Overridden {
	var all []Overridden
	for _, o := range s.Overrides {
		all = append(all, Overridden{"window", o.Window, o.By, o.Reason})
	}
	by, reason := s.Run.By, ""
	if part := s.Run.Choice.Part(); part != nil {
		all = append(all, Overridden{"part", part.String(), part.By, part.Reason})
		by, reason = part.By, part.Reason
	}
	for _, input := range s.Run.Others {
		all = append(all, Overridden{"input", input, s.Run.By, ""})
	}
	for _, id := range s.Run.Unapproved {
		all = append(all, Overridden{"approval", id, by, reason})
	}
	for _, step := range s.leftOutStepwise() {
		all = append(all, Overridden{"step", step.ID, step.LeftOut.By, step.LeftOut.Reason})
	}
	if s.Flows != nil {
		all = append(all, Overridden{"stepping", "", s.Flows.By, s.Flows.Reason})
	}
	return all
}

// OverriddenWords say the same, and in which mode the run is.
func (s *Status) OverriddenWords() []string {
	said := s.LeftOutWords()
	if windows := wording.Overrides(s.Overrides); windows != "" {
		said = append([]string{windows}, said...)
	}
	if s.Flows != nil {
		words := layout.Line(s.Flows.By) + " had the rest done without being asked step by step"
		if s.Flows.Reason != "" {
			words += ": " + layout.Line(s.Flows.Reason)
		}
		said = append(said, words)
	}
	return said
}

// leftOutStepwise are the steps that a person left out who was asked step by step.
func (s *Status) leftOutStepwise() []*Step {
	var steps []*Step
	for _, step := range s.Steps {
		if step.Status == event.Skipped && step.LeftOut != nil && step.LeftOut.Cause == event.StepByStep {
			steps = append(steps, step)
		}
	}
	return steps
}
