package check

import (
	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/model"
	"github.com/gatebook/gatebook/engine/source"
)

// edges finds, for the step that is being connected, its edge to another step without
// a search: its work is that of the edges.
type edges struct {
	of    []int32 // for which step, from 1, the entry of another step was made
	place []int32 // and where in its Needs the edge to that other step is
}

func newEdges(size int) edges {
	return edges{of: make([]int32, size), place: make([]int32, size)}
}

// connect draws the edges of a step: what `needs` says or else the step before it, and
// what its expressions use.
func (c *checker) connect(step *Step) {
	needs := step.Model.Needs
	if room := len(needs.Items) + len(c.waits) + 1; room > 1 || needs.Node == nil {
		step.Needs = make([]Edge, 0, room)
	}
	if needs.Node == nil {
		if before := step.Index - 1; before >= 0 && c.runbook.Steps[before].Finally == step.Finally {
			c.edge(step, before, InOrder, step.Model.ID.Range())
		}
	}
	for _, need := range needs.Items {
		c.need(step, need)
	}
	for _, wait := range c.waits {
		c.edge(step, wait.step, Referenced, wait.at)
	}
}

// need draws the edge of one entry of `needs`.
func (c *checker) need(step *Step, need model.Text) {
	if need.Value == "" {
		return
	}
	place, ok := c.places[need.Value]
	if !ok {
		found := diag.UnknownStep.At(need.Range(), "There is no step %q.", diag.Clean(need.Value))
		c.add(c.suggest(found, need.Value, c.stepIDs()))
		return
	}
	target := c.runbook.Steps[place]
	switch {
	case target == step:
		c.add(diag.SelfNeed.At(need.Range(), "The step %q would wait for itself.", need.Value))
	case target.Finally && !step.Finally:
		c.add(diag.FinallyTooLate.At(need.Range(), "The step %q is in finally, and runs after the step %q.", need.Value, step.ID()).
			WithRelated(target.Model.ID.Range(), "%q stands here", need.Value))
	case step.Finally && !target.Finally:
		c.add(diag.NeedlessNeed.At(need.Range(), "All steps, %q too, are done before those of finally.", need.Value))
	default:
		if repeated := c.edge(step, place, Needed, need.Range()); repeated {
			c.add(diag.NeedlessNeed.At(need.Range(), "The step %q is there already.", need.Value))
		}
	}
}

// edge draws an edge, or gives the one that is there the better reason; repeated says
// that one with the same reason was there.
func (c *checker) edge(step *Step, to int, reason Reason, at source.Range) (repeated bool) {
	mark := int32(step.Index + 1)
	if c.edges.of[to] != mark {
		c.edges.of[to], c.edges.place[to] = mark, int32(len(step.Needs))
		step.Needs = append(step.Needs, Edge{Step: to, Reason: reason, Range: at})
		return false
	}
	drawn := &step.Needs[c.edges.place[to]]
	if drawn.Reason == InOrder && reason != InOrder {
		drawn.Reason, drawn.Range = reason, at
		return false
	}
	return drawn.Reason == reason
}

// stepIDs returns the ids of all steps, for suggestions.
func (c *checker) stepIDs() []string {
	if c.ids == nil {
		for _, step := range c.runbook.Steps {
			c.ids = append(c.ids, step.ID())
		}
	}
	return c.ids
}
