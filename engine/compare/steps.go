package compare

import (
	"cmp"
	"strings"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/engine/review"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// kin is which steps of the two versions are the same: by their id, or by all else that they
// say.
type kin struct{ was, is map[string]string } // the new id to the old one, and the old to the new

// steps compares the steps, and returns which of them are the same.
func (c *comparer) steps() kin {
	of := c.related()
	c.orders = [2]*order{orderOf(c.Before.Plan, of.is), orderOf(c.After.Plan, of.was)}
	for _, after := range c.After.Plan.Steps {
		before, ok := c.Before.Plan.Step(of.was[after.ID])
		if !ok {
			c.added(after)
			continue
		}
		if ownName(before) != ownName(after) { // else what takes it in has another name, which is said of that
			c.add(Change{Risk: Same, Aspect: AStep, Step: after.ID, What: "the step has another name", Before: before.ID, After: after.ID, At: after.At})
		}
		c.step(before, after)
		c.order(before, after)
	}
	for _, before := range c.Before.Plan.Steps {
		if of.is[before.ID] == "" {
			c.removed(before)
		}
	}
	return of
}

// related finds the steps that stay, and those that have nothing new but their name.
func (c *comparer) related() kin {
	of := kin{was: map[string]string{}, is: map[string]string{}}
	relate := func(before, after string) { of.was[after], of.is[before] = before, after }
	gone := map[string][]string{} // what a step says to the ids of those that say so
	for _, before := range c.Before.Plan.Steps {
		if _, stays := c.After.Plan.Step(before.ID); stays {
			relate(before.ID, before.ID)
		} else {
			said := before.Within + "\n" + c.Before.Essence(before)
			gone[said] = append(gone[said], before.ID)
		}
	}
	for _, after := range c.After.Plan.Steps {
		if of.was[after.ID] != "" {
			continue
		}
		within := cmp.Or(of.was[after.Within], after.Within) // what takes it in has its place before it
		if same := within + "." + ownName(after); within != after.Within && of.is[same] == "" {
			if _, was := c.Before.Plan.Step(same); was {
				relate(same, after.ID)
				continue
			}
		}
		if said := within + "\n" + c.After.Essence(after); len(gone[said]) == 1 && of.is[gone[said][0]] == "" { // of several nobody knows which
			relate(gone[said][0], after.ID)
			delete(gone, said)
		}
	}
	return of
}

// ownName is what the step is called in its own runbook.
func ownName(s *plan.Step) string {
	return strings.TrimPrefix(s.ID, s.Within+".")
}

func (c *comparer) added(step *plan.Step) {
	change := Change{Risk: Same, Aspect: AStep, Step: step.ID, After: doing(step), At: step.At, What: "a new step that reads"}
	switch {
	case step.Effect == sdk.Destroy:
		change.Risk, change.What = Higher, "a new step that destroys"
	case step.Changes() && step.Describe.Asks:
		change.Risk, change.What = Higher, "a new step that has people change something"
	case step.Describe.Asks:
		change.Risk, change.What = Lower, "a new step that asks people"
	case step.Changes():
		change.Risk, change.What = Higher, "a new step that changes something"
	case holdsUp(step):
		change.Risk, change.What = Lower, "a new step that reads, and ends the run where it fails"
	}
	switch review.WayBack(step) {
	case review.Lost:
		change.What += ", with no way back"
	case review.Kept:
		change.What += ", and that nothing takes back: " + layout.Line(step.Rollback.None)
	default:
	}
	c.add(change)
}

func (c *comparer) removed(step *plan.Step) {
	change := Change{Risk: Undecided, Aspect: AStep, Step: step.ID, Before: doing(step), At: step.At, What: "a step that changed something is gone"}
	switch {
	case step.Describe.Asks:
		change.Risk, change.What = Higher, "a step that asked people is gone"
	case holdsUp(step):
		change.Risk, change.What = Higher, "a step that read, and ended the run where it failed, is gone"
	case !step.Changes():
		change.Risk, change.What = Same, "a step that read is gone"
	}
	c.add(change)
}

// holdsUp reports whether nothing is done behind a step that fails.
func holdsUp(step *plan.Step) bool {
	return !step.Changes() && !step.Finally && step.OnFailure != plan.Continue
}

// doing says in a word what a step does.
func doing(step *plan.Step) string { return step.Action + " (" + string(step.Effect) + ")" }
