package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/check"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/input"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/source"
)

// PlanPart is [Engine.Plan] of a part of a runbook, or in one of its modes. The error is a
// [plan.ChoiceError] where steps cannot be left out as it is wanted.
func (e *Engine) PlanPart(runbook *Runbook, given []input.Given, part *event.Choice) (*Plan, diag.List, error) {
	if runbook.Checked == nil {
		return nil, nil, errors.New("a plan can only be made of a runbook without errors")
	}
	set, found := modeInputs(runbook.Checked, part.ModeName())
	if found.HasErrors() {
		return nil, found, nil
	}
	inputs, sources, found := input.Values(runbook.Checked, append(set, given...))
	if found.HasErrors() {
		return nil, found.Sorted(), nil
	}
	made, more, err := plan.Make(runbook.Checked, plan.Options{Inputs: inputs, Files: runbook.files, People: runbook.Policy.Keep(), Choice: part})
	found = append(found, more...).Sorted()
	if err != nil || made == nil {
		return nil, found, err
	}
	secrets := make(map[string]string)
	for name, s := range sources {
		if s.Secret != "" {
			secrets[name] = s.Secret
		}
	}
	return &Plan{Plan: made, text: runbook.File.Text(), secrets: secrets, windows: runbook.windows, policy: runbook.Policy}, found, nil
}

// modeInputs are the values of inputs that a mode of a runbook sets; of no mode there are none.
func modeInputs(checked *check.Runbook, mode string) ([]input.Given, diag.List) {
	if mode == "" {
		return nil, nil
	}
	modes := checked.Model.Modes
	sets, known := modes.Get(mode)
	if !known {
		return nil, diag.List{unknownMode(checked, mode)}
	}
	var given []input.Given
	for _, set := range sets.Inputs.Entries {
		v := set.Value.Node.Value()
		given = append(given, input.Given{
			Name: set.Key.Value, Value: &v, By: input.ByMode, Origin: "the mode " + mode, Range: set.Value.Range(),
		})
	}
	return given, nil
}

func unknownMode(checked *check.Runbook, mode string) diag.Diagnostic {
	modes, at := checked.Model.Modes, checked.Model.Metadata.Name.Range()
	names := slices.Collect(modes.Keys())
	if len(names) == 0 {
		return diag.UnknownMode.At(at, "The runbook has no modes, and %q is asked for.", diag.Clean(mode)).
			WithHint("declare it: modes: {%s: {inputs: {…}, skip: […]}}", diag.Clean(mode))
	}
	found := diag.UnknownMode.At(modes.Entries[0].Key.Range(), "The runbook has no mode %q; it has %s.", diag.Clean(mode), strings.Join(names, ", "))
	if near, ok := diag.Nearest(mode, names); ok {
		found = found.WithHint("did you mean %q?", near)
	}
	return found
}

// checkModes finds what is used of the steps that a mode leaves out, modes in which nothing is
// done, and drills that cannot be good. Whether an expression copes without a step is known to the
// plan, which is made of each mode with the inputs that it sets.
func checkModes(checked *check.Runbook) diag.List {
	var all diag.List
	for _, entry := range checked.Model.Modes.Entries {
		mode := entry.Key.Value
		if len(entry.Value.Skip.Items)+len(entry.Value.Inputs.Entries) == 0 {
			continue
		}
		set, _ := modeInputs(checked, mode)
		inputs, found := input.SoFar(checked, set)
		if found.HasErrors() {
			continue
		}
		made, found, err := plan.Make(checked, plan.Options{Inputs: inputs, Choice: &event.Choice{Mode: mode}})
		if err != nil {
			continue // as of a cycle, of which there is a finding
		}
		for _, one := range found {
			if one.Rule == diag.LeftOutUsed {
				one.Rule, one.Detail = diag.ModeLeavesUsed, fmt.Sprintf("In mode %s: %s", mode, one.Detail)
				all = append(all, one)
			}
		}
		if made.IsIdle() {
			all = append(all, diag.IdleMode.At(entry.Key.Range(), "In mode %s no step is done, but for those of finally.", mode))
		} else if mode == event.Drill {
			all = append(all, neverMeasured(checked, made, entry.Key.Range())...)
		}
	}
	return all
}

// neverMeasured finds that the inputs of the mode of drills have a step skipped of which the data loss
// is computed: no such drill could be good.
func neverMeasured(checked *check.Runbook, drill *plan.Plan, at source.Range) diag.List {
	if drill.Unmeasured == "" {
		return nil
	}
	if step, known := drill.Step(drill.Unmeasured); !known || step.LeftOut != nil {
		return nil // what a mode leaves out has been found
	}
	found := diag.UnmeasuredLoss.At(at, "In mode %s the step %s is skipped, of which the data loss is computed.", event.Drill, drill.Unmeasured)
	return diag.List{found.WithRelated(checked.Model.Objectives.DataLoss.Range(), "it is computed here")}
}
