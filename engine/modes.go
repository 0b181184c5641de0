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

// checkModes finds what is used of the steps that a mode leaves out, approvals that it leaves out of
// one runbook and behind which another one destroys, modes in which nothing is done, and drills that
// cannot be good. Whether an expression copes without a step, and what follows what across runbooks,
// is known to the plan, which is made of each mode with the inputs that it sets. A mode that says
// nothing is one too: what is taken in may have it, and say something.
func checkModes(checked *check.Runbook) diag.List {
	var all diag.List
	for _, entry := range checked.Model.Modes.Entries {
		mode := entry.Key.Value
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
		all = append(all, unguarded(checked, made, mode)...)
		if made.IsIdle() {
			all = append(all, diag.IdleMode.At(entry.Key.Range(), "In mode %s no step is done, but for those of finally.", mode))
		} else if mode == event.Drill {
			all = append(all, neverMeasured(checked, made, entry.Key.Range())...)
		}
	}
	return all
}

// unguarded finds the approvals that a mode leaves out, of the runbook or of one that it takes in, and
// behind which something is destroyed. Within one runbook the check has found that; here the two
// stand in different ones. A file that is taken in more than once is told of once.
func unguarded(checked *check.Runbook, made *plan.Plan, mode string) diag.List {
	var all diag.List
	told := map[source.Range]bool{}
	for _, open := range made.Unguarded() {
		left := leaves(checked, mode, open.Approval.ID)
		if told[left] {
			continue
		}
		told[left] = true
		way := trail(checked, open.Destroys.ID)
		all = append(all, diag.ModeUnguards.At(left, "The mode %s leaves out %s, behind which %s destroys.", mode, open.Approval.ID, open.Destroys.ID).
			WithRelated(way[len(way)-1].Model.Uses.Range(), "it destroys here"))
	}
	return all
}

// leaves is where a mode leaves out a step of the plan: in the runbook that the step is of, or in one
// outside of it, which leaves out all that it takes in.
func leaves(checked *check.Runbook, mode, id string) source.Range {
	inside := checked
	for _, step := range trail(checked, id) {
		if said, has := inside.Model.Modes.Get(mode); has {
			for _, skip := range said.Skip.Items {
				if skip.Value == step.ID() {
					return skip.Range()
				}
			}
		}
		inside = step.Runbook
	}
	return source.Range{}
}

// trail is a step of the plan as the runbooks have it, behind those that take in its runbook, the
// outermost first.
func trail(checked *check.Runbook, id string) []*check.Step {
	var steps []*check.Step
	for name := range strings.SplitSeq(event.Template(id), ".") {
		at := slices.IndexFunc(checked.Steps, func(s *check.Step) bool { return s.ID() == name })
		steps = append(steps, checked.Steps[at])
		checked = checked.Steps[at].Runbook
	}
	return steps
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
