package model

import (
	"cmp"

	"github.com/gatebook/gatebook/engine/diag"
)

// check finds steps that share an id.
func (r *Runbook) check(d *decoder) {
	first := map[string]Text{}
	for _, steps := range [][]*Step{r.Steps.Items, r.Finally.Items} {
		for _, step := range steps {
			if step.ID.Node == nil {
				continue
			}
			if other, taken := first[step.ID.Value]; taken {
				d.add(diag.DuplicateStep.At(step.ID.Range(), "Two steps have the id %q.", step.ID.Value).
					WithRelated(other.Range(), "the first one"))
				continue
			}
			first[step.ID.Value] = step.ID
		}
	}
}

// check finds a rollback that is both an action and a reason, or nothing.
func (r *Rollback) check(d *decoder) {
	uses, none := r.Node.Get("uses"), r.Node.Get("none")
	parameters := r.Node.Get("with") != nil || r.Node.Get("on") != nil
	manner := r.Node.Get("retry") != nil || r.Node.Get("timeout") != nil
	switch {
	case uses == nil && none == nil && manner && !parameters: // of the step's own action
	case uses == nil && none == nil:
		d.add(diag.RollbackChoice.At(head(r.Node), "There is neither an action nor a reason.").
			WithHint("write {uses: ACTION, with: …}, {retry: …} for an action that can undo what it did, or {none: why it cannot be taken back}"))
	case none == nil:
	case uses != nil:
		d.add(diag.RollbackChoice.At(none.Range(), "There are both an action and a reason why there is none.").
			WithRelated(uses.Range(), "the action"))
	default:
		for key := range r.Node.Entries() {
			switch key.Text() {
			case "with", "retry", "timeout":
				d.add(diag.RollbackChoice.At(key.Range(), "%s belongs to an action, but this rollback has none.", key.Text()).
					WithRelated(none.Range(), "the reason why there is none"))
			}
		}
	}
}

// check holds the waits of a retry against each other.
func (r *Retry) check(d *decoder) {
	if r.Delay.Value <= r.MaxDelay.Value {
		return
	}
	if r.MaxDelay.Node == nil {
		r.MaxDelay.Value = r.Delay.Value
		return
	}
	d.add(diag.RetryTimes.At(r.MaxDelay.Range(), "The longest wait, %s, is shorter than the first, %s.", r.MaxDelay.Value, r.Delay.Value).
		WithRelated(cmp.Or(r.Delay.Node, r.Node).Range(), "the first wait"))
}

// check holds the times of a condition against each other.
func (c *Condition) check(d *decoder) {
	if c.Node.Get("within") == nil {
		for _, other := range []Duration{c.Every, c.Hold} {
			if other.Node != nil {
				d.add(diag.ConditionTimes.At(other.Range(), "Without within the condition is looked at once.").
					WithHint("add within: how long to go on looking"))
			}
		}
		return
	}
	if c.Within.Node == nil {
		return // it could not be read, and that is said
	}
	if c.Every.Value > c.Within.Value {
		if c.Every.Node == nil {
			c.Every.Value = c.Within.Value
		} else {
			d.add(diag.ConditionTimes.At(c.Every.Range(), "The condition is looked at every %s, but for only %s.", c.Every.Value, c.Within.Value).
				WithRelated(c.Within.Range(), "the limit"))
		}
	}
	if c.Hold.Node != nil && c.Hold.Value >= c.Within.Value {
		d.add(diag.ConditionTimes.At(c.Hold.Range(), "The condition can never be seen to hold for %s within %s.", c.Hold.Value, c.Within.Value).
			WithRelated(c.Within.Range(), "the limit"))
	}
}
