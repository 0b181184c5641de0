package check

import (
	"slices"

	"github.com/gatebook/gatebook/engine/data"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/schema"
)

// checkModes holds the modes against the inputs and steps of the runbook.
func (c *checker) checkModes() {
	for _, entry := range c.model.Modes.Entries {
		for _, set := range entry.Value.Inputs.Entries {
			c.checkModeInput(set)
		}
		c.checkModeSkips(entry.Key.Value, entry.Value)
	}
}

func (c *checker) checkModeInput(set model.Entry[model.Value]) {
	declared, known := c.model.Inputs.Get(set.Key.Value)
	if !known {
		found := diag.UnknownModeInput.At(set.Key.Range(), "The runbook has no input %q.", diag.Clean(set.Key.Value))
		c.add(c.suggest(found, set.Key.Value, slices.Collect(c.model.Inputs.Keys())))
		return
	}
	if declared == nil || declared.Schema == nil {
		return // it has a fault of its own
	}
	given := set.Value.Node.Value()
	if data.ShowsSecret(declared.Schema, given) {
		c.add(diag.BadModeInput.At(set.Value.Range(), "The input %s is secret, and its value can be read here.", set.Key.Value).Hiding())
		return
	}
	validator, err := schema.Compile(declared.Schema)
	if err != nil {
		return // a bad pattern, which is the model's finding
	}
	for _, violation := range validator.Validate(data.ForSchema(given)) {
		c.add(diag.BadModeInput.At(set.Value.Range(), "%s.", data.About(set.Key.Value, violation)))
	}
}

// checkModeSkips finds steps that there are not, and approvals without which something would be
// destroyed. Whether what is left out is used is told by the plan of the mode.
func (c *checker) checkModeSkips(mode string, skips *model.Mode) {
	out := make(map[int]model.Text, len(skips.Skip.Items))
	for _, step := range skips.Skip.Items {
		place, known := c.places[step.Value]
		if !known {
			found := diag.UnknownModeStep.At(step.Range(), "The runbook has no step %q.", diag.Clean(step.Value))
			c.add(c.suggest(found, step.Value, c.stepIDs()))
			continue
		}
		out[place] = step
	}
	if len(out) == 0 {
		return
	}
	c.checkModeGuards(mode, out)
	if drill, is := c.model.Drills(); is && drill == skips {
		c.checkDrillMeasures(mode, out)
	}
}

// checkDrillMeasures finds steps that the mode of drills leaves out, and of which the data loss is
// computed: no such drill could be good.
func (c *checker) checkDrillMeasures(mode string, out map[int]model.Text) {
	if c.runbook.DataLoss == nil {
		return
	}
	told := map[int]bool{}
	for ref := range c.runbook.DataLoss.Data.References() {
		id, isStep := ref.Step()
		place, known := c.places[id]
		if left, isOut := out[place]; isStep && known && isOut && !told[place] {
			told[place] = true
			c.add(diag.UnmeasuredLoss.At(left.Range(), "The mode %s leaves out %s, of which the data loss is computed.", mode, id).
				WithRelated(ref.Range, "it is used here"))
		}
	}
}

// checkModeGuards goes once through the steps in their order: of each it is known which of the
// approvals that are left out it follows.
func (c *checker) checkModeGuards(mode string, out map[int]model.Text) {
	behind := make([]int, len(c.runbook.Steps)) // one such approval, from 1; 0: none
	for _, i := range c.runbook.Order {
		step := c.runbook.Steps[i]
		for _, edge := range step.Needs {
			if behind[i] == 0 {
				behind[i] = behind[edge.Step]
			}
		}
		if step.Use == nil {
			continue
		}
		left, isOut := out[i]
		if isOut && (step.Use.Action.Description.Asks || isApproval(step)) {
			behind[i] = i + 1
		}
		if behind[i] == 0 || isOut || !step.Use.Action.Destroys() {
			continue
		}
		left = out[behind[i]-1]
		c.add(diag.ModeUnguards.At(left.Range(), "The mode %s leaves out %s, behind which %s destroys.", mode, left.Value, step.ID()))
	}
}

// compileLoss compiles how the data loss of a run is computed.
func (c *checker) compileLoss() {
	said := c.model.Objectives
	if said.DataLoss.Node == nil {
		if _, drills := c.model.Drills(); drills && said.RPO.Node != nil {
			c.add(diag.UnmeasuredLoss.At(said.RPO.Range(), "There is a mode drill, and nothing measures what is lost.").
				WithHint("write dataLoss beside it: a duration, computed of what a step returns"))
		}
		return
	}
	before := len(c.found)
	loss := c.result("objectives", "dataLoss", said.DataLoss)
	if c.found[before:].HasErrors() {
		return // what is wrong with it has been said
	}
	shape := loss.Data.Shape(c.secrets.holds)
	_, constant := loss.Data.Constant()
	switch {
	case constant:
		c.add(diag.UnmeasuredLoss.At(said.DataLoss.Range(), "This is always the same, whatever a run does."))
	case shape != nil && shape.Type != "" && shape.Type != schema.TypeString:
		c.add(diag.UnmeasuredLoss.At(said.DataLoss.Range(), "This is %s, and must be a duration such as 90s.", diag.Article(shape.Type)).
			WithHint("give it its unit, as in ${{ … }}s"))
	case !asksForOutputs(loss.Data):
		c.add(diag.UnmeasuredLoss.At(said.DataLoss.Range(), "This is computed of nothing that a step returns."))
	}
	c.runbook.DataLoss = &loss
}

// asksForOutputs reports whether data is computed of what a step returns.
func asksForOutputs(tree *data.Tree) bool {
	for ref := range tree.References() {
		if _, isStep := ref.Step(); isStep && (len(ref.Path) < 2 || ref.Path[1] == "outputs") {
			return true
		}
	}
	return false
}
