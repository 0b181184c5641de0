package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/dag"
	"github.com/gatebook/gatebook/engine/diag"
)

// Limits on what is said of cycles.
const (
	maxCycles    = 20 // a runbook with more is generated, and has one fault many times
	maxCycleText = 12 // steps of one cycle that are named
)

// sort puts the steps in an order in which each comes after all that it needs, or
// reports the cycles that prevent it.
func (c *checker) sort() {
	needs := c.needs()
	order, ok := dag.New(needs).Order()
	if !ok {
		c.reportCycles(needs)
		return
	}
	// No step of `steps` waits for one of `finally`, so those may go last.
	slices.SortStableFunc(order, func(a, b int) int { return c.rank(a) - c.rank(b) })
	c.runbook.Order = order
}

func (c *checker) rank(step int) int {
	if c.runbook.Steps[step].Finally {
		return 1
	}
	return 0
}

// needs returns the edges as the graph wants them.
func (c *checker) needs() [][]int {
	size := 0
	for _, step := range c.runbook.Steps {
		size += len(step.Needs)
	}
	backing := make([]int, 0, size)
	needs := make([][]int, len(c.runbook.Steps))
	for i, step := range c.runbook.Steps {
		start := len(backing)
		for _, edge := range step.Needs {
			backing = append(backing, edge.Step)
		}
		needs[i] = backing[start:len(backing):len(backing)]
	}
	return needs
}

// reportCycles reports one cycle after another, taking its steps out of the graph.
func (c *checker) reportCycles(needs [][]int) {
	for range maxCycles {
		cycle := dag.New(needs).Cycle()
		if cycle == nil {
			return
		}
		c.reportCycle(cycle)
		for _, step := range cycle {
			needs[step] = nil
		}
	}
}

// reportCycle reports a cycle at the first of its edges that somebody wrote down: the
// order in the file alone makes none.
func (c *checker) reportCycle(cycle []int) {
	drawn := make([]Edge, len(cycle))
	for i, step := range cycle {
		drawn[i] = c.edgeBetween(step, cycle[(i+1)%len(cycle)])
	}
	first := slices.IndexFunc(drawn, func(e Edge) bool { return e.Reason != InOrder })
	found := diag.Cycle.At(drawn[max(first, 0)].Range, "Each step waits for the next: %s.", c.path(cycle))
	for i, edge := range drawn[:min(len(drawn), maxCycleText)] {
		from, to := c.runbook.Steps[cycle[i]], c.runbook.Steps[edge.Step]
		found = found.WithRelated(edge.Range, "%s", because(from, to, edge.Reason))
	}
	c.add(found)
}

func (c *checker) edgeBetween(from, to int) Edge {
	needs := c.runbook.Steps[from].Needs
	return needs[slices.IndexFunc(needs, func(e Edge) bool { return e.Step == to })]
}

// path writes a cycle as "a -> b -> c -> a", the middle of a long one left out.
func (c *checker) path(cycle []int) string {
	names := make([]string, 0, len(cycle)+1)
	for _, step := range cycle {
		names = append(names, c.runbook.Steps[step].ID())
	}
	if len(names) > maxCycleText {
		left := len(names) - maxCycleText
		names = append(names[:maxCycleText-1], fmt.Sprintf("(%d more)", left+1))
	}
	return strings.Join(append(names, c.runbook.Steps[cycle[0]].ID()), " -> ")
}

func because(from, to *Step, reason Reason) string {
	switch reason {
	case Needed:
		return fmt.Sprintf("%s needs %s", from.ID(), to.ID())
	case Referenced:
		return fmt.Sprintf("%s uses %s", from.ID(), to.ID())
	default:
		return fmt.Sprintf("%s stands after %s and has no needs", from.ID(), to.ID())
	}
}
