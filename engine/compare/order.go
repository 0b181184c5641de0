package compare

import (
	"slices"

	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// order is what the steps of one version wait for. What a step waits for stands before it in
// the plan.
type order struct {
	plan  *plan.Plan
	other func(id string) string // what a step is called in the other version; empty: it is not there
	past  map[int][]int          // of a step that is not there, by their places: the nearest before it that are
	seen  []int                  // of each step, the search that came to it last
	last  int                    // the number of that search
}

func orderOf(p *plan.Plan, others map[string]string) *order {
	return &order{plan: p, other: func(id string) string { return others[id] }, past: map[int][]int{}, seen: make([]int, len(p.Steps))}
}

// order compares which steps have finished when a step starts, whatever waits for what: also
// what it waits for by way of steps that only one version has.
func (c *comparer) order(before, after *plan.Step) {
	if before.Cleans() != after.Cleans() {
		return // it waits for all of the run, or did
	}
	was, is := c.orders[0], c.orders[1]
	var lost, gained []string
	for _, at := range was.nearest(before) {
		if now := was.other(was.plan.Steps[at].ID); !is.waits(after, now) {
			lost = append(lost, now)
		}
	}
	for _, at := range is.nearest(after) {
		if now := is.plan.Steps[at].ID; !was.waits(before, is.other(now)) {
			gained = append(gained, now)
		}
	}
	change := Change{Aspect: AnOrder, Step: after.ID, At: after.At}
	if len(lost) > 0 {
		change.Risk, change.What = Higher, "it no longer waits for "+layout.Steps(lost)
		c.add(change)
	}
	if len(gained) > 0 {
		change.Risk, change.What = Lower, "it waits for "+layout.Steps(gained)
		c.add(change)
	}
}

// nearest are the steps, by their places, that a step waits for and that both versions have:
// those that it waits for itself, or by way of steps that only this one has.
func (o *order) nearest(step *plan.Step) []int {
	var found []int
	for _, edge := range o.plan.Order()[step.Index] {
		if o.other(edge.Step) != "" {
			found = append(found, edge.From)
			continue
		}
		if _, known := o.past[edge.From]; !known {
			o.past[edge.From] = o.nearest(o.plan.Steps[edge.From])
		}
		found = append(found, o.past[edge.From]...)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// waits reports whether a step starts only when another has finished, be it by way of others,
// or as all of finally does.
func (o *order) waits(step *plan.Step, id string) bool {
	other, _ := o.plan.Step(id)
	if step.Finally && !other.Finally {
		return true
	}
	o.last++
	var search func(at int) bool
	search = func(at int) bool {
		if at == other.Index {
			return true
		}
		if at < other.Index || o.seen[at] == o.last {
			return false
		}
		o.seen[at] = o.last
		return slices.ContainsFunc(o.plan.Order()[at], func(e plan.Edge) bool { return search(e.From) })
	}
	return step != other && search(step.Index)
}
