// Package shape writes runbooks of a given shape and size, to measure what gatebook
// costs: a chain, a wide layer, layers that each need a little or all of the one
// before. It writes text only, so that whatever reads a runbook can be measured
// with it. Floor 0, for tests and benchmarks; it imports the standard library.
package shape

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Shape says which steps need which.
type Shape string

// The shapes.
const (
	Chain    Shape = "chain"      // each step needs the one before
	Wide     Shape = "wide"       // no step needs another
	Layered  Shape = "layered"    // each step needs three of the layer before
	AllToAll Shape = "all-to-all" // each step needs the whole layer before
)

// All returns every shape.
func All() []Shape { return []Shape{Chain, Wide, Layered, AllToAll} }

// Use is what each step does, as YAML: an action and its parameters in one line, and what
// takes it back.
type Use struct {
	Action string
	With   string
	Back   string // empty: it says nothing of that
}

// What steps do when only their order is of interest.
var (
	// Nothing costs no more than gatebook itself does.
	Nothing = Use{Action: "assert", With: "{that: true}"}
	// True starts a process that does nothing. It is a change; why it has no way back is
	// said, since check asks.
	True = Use{Action: "exec", With: `{command: ["true"]}`, Back: "{none: it changes nothing}"}
	// Undone is what another process takes back.
	Undone = Use{Action: "exec", With: `{command: ["true"]}`, Back: `{uses: exec, with: {command: ["true"]}}`}
)

// maxLayer is the width of a layer of a large runbook; a small one has ten layers.
// At 10,000 steps of the all-to-all shape that is a million edges.
const maxLayer = 100

// threeOf is how many steps of the layer before a step of [Layered] needs.
const threeOf = 3

// Runbook returns a valid runbook of so many steps.
func Runbook(s Shape, steps int, use Use) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: gatebook/v1\nkind: Runbook\nmetadata: {name: %s-%d, version: 1.0.0}\nonFailure: %s\nsteps:\n", s, steps, onFailure(use))
	for i := range steps {
		fmt.Fprintf(&b, "  - {id: %s, uses: %s, with: %s", id(i), use.Action, use.With)
		if use.Back != "" {
			b.WriteString(", rollback: " + use.Back)
		}
		b.WriteString(", needs: [")
		for j, need := range Needs(s, steps, i) {
			if j > 0 {
				b.WriteByte(',')
			}
			b.WriteString(id(need))
		}
		b.WriteString("]}\n")
	}
	return []byte(b.String())
}

// onFailure takes back where there is something to take back.
func onFailure(use Use) string {
	if use == Undone {
		return "rollback"
	}
	return "stop"
}

// Needs returns the steps that a step of a shape needs, in ascending order.
func Needs(s Shape, steps, step int) []int {
	width := layer(steps)
	before := (step/width - 1) * width // where the layer before begins
	switch {
	case s == Chain && step > 0:
		return []int{step - 1}
	case s == Layered && before >= 0:
		needs := make([]int, 0, threeOf)
		for i := range min(threeOf, width) {
			needs = append(needs, before+(step+i)%width)
		}
		slices.Sort(needs)
		return needs
	case s == AllToAll && before >= 0:
		needs := make([]int, width)
		for i := range needs {
			needs[i] = before + i
		}
		return needs
	default:
		return nil
	}
}

// Edges returns how many needs all steps of a shape have together.
func Edges(s Shape, steps int) int {
	edges := 0
	for i := range steps {
		edges += len(Needs(s, steps, i))
	}
	return edges
}

// layer returns the width of the layers of a runbook.
func layer(steps int) int { return max(1, min(maxLayer, steps/10)) }

func id(step int) string { return "s" + strconv.Itoa(step) }
