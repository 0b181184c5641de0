package check

import (
	"iter"
	"slices"

	"github.com/gatebook/gatebook/engine/catalog"
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
)

// checkGuards looks at what the steps do to the world: whether it can be taken back,
// and whether anything stands before what cannot.
func (c *checker) checkGuards() {
	for _, step := range c.runbook.Steps {
		if step.Use != nil && step.Model.Uses.Value != catalog.Included { // its steps have theirs
			c.checkWayBack(step)
		}
		if policy := step.Model.OnFailure; step.Finally && policy.Node != nil && policy.Value != "continue" {
			c.add(diag.NeedlessPolicy.At(policy.Range(), "The step %q is one of finally.", step.ID()))
		}
		if step.Finally && step.Runbook != nil {
			c.checkPolicies(step)
		}
	}
	c.checkApprovals()
}

// checkPolicies reports that a runbook which a step of finally takes in asks for what never happens
// there.
func (c *checker) checkPolicies(step *Step) {
	for said := range step.Runbook.policies() {
		file, _ := step.Model.With.Get("file")
		c.add(diag.NeedlessPolicy.At(file.Range(), "The step %q is one of finally, and the runbook that it takes in says %s on a failure.", step.ID(), said.Value).
			WithHint("take in a runbook that does not say so, as its failures lead to no %s here", said.Value).
			WithRelated(said.Range(), "it says so here"))
		return // one of them tells what there is to know
	}
}

// policies are what a runbook, and what it takes in, says to happen on a failure beyond its end: a
// rollback or a pause of the run.
func (r *Runbook) policies() iter.Seq[model.Text] {
	return func(yield func(model.Text) bool) {
		said := []model.Text{r.Model.OnFailure}
		for _, step := range r.Steps {
			if step.Finally {
				continue // it was told where that runbook was checked
			}
			said = append(said, step.Model.OnFailure)
			if step.Runbook != nil {
				said = slices.AppendSeq(said, step.Runbook.policies())
			}
		}
		for _, text := range said {
			if (text.Value == "rollback" || text.Value == "pause") && !yield(text) {
				return
			}
		}
	}
}

func (c *checker) checkWayBack(step *Step) {
	action, uses := step.Use.Action, step.Model.Uses
	back := step.Rollback
	switch {
	case action.Reads():
		if back != nil {
			c.add(diag.NeedlessRollback.At(back.Model.Node.Range(), "The action %s only reads.", uses.Value))
		}
	case back == nil:
		if step.Finally {
			return // no rollback comes to it
		}
		if !action.Description.CanUndo && action.Description.NothingToUndo == "" {
			c.add(diag.NoWayBack.At(uses.Range(), "The step %q has the effect %s, no rollback, and %s cannot undo what it did.",
				step.ID(), action.Description.Effect, uses.Value))
		}
	case back.Model.Uses.Node == nil && back.Model.None.Node == nil && !action.Description.CanUndo:
		c.add(diag.RollbackChoice.At(back.Model.Node.Range(), "%s cannot undo what it did, and no other action is named.", uses.Value).
			WithHint("name the action that takes the step back: {uses: ACTION, with: …}"))
	case back.Use != nil && back.Use.Action.Reads() && !back.Use.Action.Description.Asks:
		c.add(diag.NeedlessRollback.At(back.Model.Uses.Range(), "The action %s only reads, so it takes nothing back.",
			back.Model.Uses.Value))
	}
}

// checkApprovals reports destroying steps that have no gate and follow no question to
// people. One pass in the order of the steps tells what each of them follows.
func (c *checker) checkApprovals() {
	approved := make([]bool, len(c.runbook.Steps))
	for _, i := range c.runbook.Order {
		step := c.runbook.Steps[i]
		for _, edge := range step.Needs {
			approved[i] = approved[i] || approved[edge.Step] || isApproval(c.runbook.Steps[edge.Step])
		}
		if !step.destroysOpenly() || approved[i] || len(step.Gate) > 0 {
			continue
		}
		c.runbook.open = append(c.runbook.open, step)
		if c.runbook.TakenInAs == "" { // else what stands before the step that takes it in counts too
			c.add(unguarded(step))
		}
	}
	c.runbook.approved = slices.ContainsFunc(c.runbook.Steps, func(s *Step) bool { return !s.Finally && isApproval(s) })
}

// destroysOpenly reports whether a step destroys, be it by a runbook that it takes in, where
// nothing inside stands before that.
func (s *Step) destroysOpenly() bool {
	if s.Runbook != nil {
		return len(s.Runbook.open) > 0
	}
	return s.Use != nil && s.Use.Action.Destroys()
}

// unguarded says that nothing stands before a step that destroys, and of a runbook that is
// taken in which step of it does.
func unguarded(step *Step) diag.Diagnostic {
	if step.Runbook == nil {
		return diag.UnguardedDestroy.At(step.Model.Uses.Range(),
			"The step %q has the effect destroy, has no gate, and waits for no step that asks people.", step.ID())
	}
	inside := step.Runbook.open[0]
	found := diag.UnguardedDestroy.At(step.Model.Uses.Range(),
		"The step %q takes in a runbook whose step %q destroys, has no gate, and waits for no step that asks people; nor does %[1]q.", step.ID(), inside.ID())
	return found.WithRelated(inside.Model.Uses.Range(), "it destroys here")
}

// isApproval reports whether nothing goes on behind the step unless somebody agreed: what
// needs a step that is skipped still runs, and so does what needs one that was done for no
// item of an empty list, or of which some may fail.
func isApproval(step *Step) bool {
	asks := step.Use != nil && step.Use.Action.Description.Asks || step.Runbook != nil && step.Runbook.approved
	return asks && step.When == nil && step.Loop == nil && step.Model.OnFailure.Value != "continue"
}
