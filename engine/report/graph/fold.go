package graph

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gatebook/gatebook/engine/dag"
)

const (
	fewAlike  = 4   // so many steps that are alike and side by side are one box
	maxWeight = 300 // what a layout may take: boxes, and the layers that their lines cross
	maxStages = 20  // so many boxes a long runbook is drawn as, about
	minStage  = 12  // so many steps are in each of them at least
)

// box is what a picture draws as one: a step, steps that are alike and may run at one
// time, or all steps of some levels.
type box struct {
	steps []int // their places in Graph.Nodes, in order
	first int   // the level of the first of them
	last  int   // and of the last
	alike bool  // they are of one level, do the same, and wait for the same
}

// single reports whether the box is one step.
func (b box) single() bool { return len(b.steps) == 1 }

// folding is a graph of which some steps are drawn as one.
type folding struct {
	boxes []box
	of    []int   // the box of each step
	lines []joint // between boxes, ordered, each once
	// reduced says that lines are left out which others lead between too.
	reduced bool
}

// joint is what there is between two boxes.
type joint struct {
	from, to int
	edges    []Edge
}

// shape is a graph by the places of its steps, which is quicker than by their names.
type shape struct {
	Graph
	needs  [][]int
	edges  [][]Edge // beside needs
	levels []int    // the longest way to each step; those of finally come below all others
}

func shapeOf(g Graph) shape {
	s := shape{Graph: g, needs: make([][]int, len(g.Nodes)), edges: make([][]Edge, len(g.Nodes)), levels: make([]int, len(g.Nodes))}
	places := make(map[string]int, len(g.Nodes))
	for i, n := range g.Nodes {
		places[n.ID] = i
	}
	for _, e := range g.Edges {
		to := places[e.To]
		s.needs[to] = append(s.needs[to], places[e.From])
		s.edges[to] = append(s.edges[to], e)
	}
	closing := 0 // the level at which finally begins: one is left free before it
	for i, n := range g.Nodes {
		if n.Finally {
			s.levels[i] = closing
		}
		for _, need := range s.needs[i] {
			s.levels[i] = max(s.levels[i], s.levels[need]+1)
		}
		if !n.Finally {
			closing = max(closing, s.levels[i]+2)
		}
	}
	return s
}

// fold decides what is drawn as one. A few steps are drawn each for itself, but for those
// that are alike. Of more than a layout can take, first the lines are left out that follow
// from others, and then whole levels are drawn as one.
func (s shape) fold() folding {
	folded := s.join(s.alike(fewAlike))
	if s.weight(folded) <= maxWeight {
		return folded
	}
	for _, few := range []int{fewAlike, 2} {
		if folded = s.join(s.alike(few)); len(folded.boxes) > maxWeight {
			continue
		}
		if folded.reduce(); s.weight(folded) <= maxWeight {
			return folded
		}
	}
	return s.coarse()
}

// coarse draws whole levels as one. There are never more than some forty boxes and, as what
// follows from others is left out, a few hundred lines, however many steps there are.
func (s shape) coarse() folding {
	folded := s.join(s.stages())
	folded.reduce()
	return folded
}

// weight is what it takes to lay a folding out.
func (s shape) weight(f folding) int {
	weight := len(f.boxes)
	for _, l := range f.lines {
		weight += f.boxes[l.to].first - f.boxes[l.from].first
	}
	ends, begins := s.joined(f)
	for _, end := range ends {
		if len(begins) > 0 {
			weight += f.boxes[begins[0]].first - f.boxes[end].first
		}
	}
	return weight + len(begins)
}

// joined are the boxes that end and begin where finally is joined to the others.
func (s shape) joined(f folding) (ends, begins []int) {
	waitedFor, waits := make([]bool, len(f.boxes)), make([]bool, len(f.boxes))
	for _, l := range f.lines {
		waitedFor[l.from], waits[l.to] = true, true
	}
	for i, b := range f.boxes {
		switch finally := s.Nodes[b.steps[0]].Finally; {
		case finally && !waits[i]:
			begins = append(begins, i)
		case !finally && !waitedFor[i]:
			ends = append(ends, i)
		}
	}
	return ends, begins
}

// alike makes boxes of the steps that cannot be told apart but by their names, where there
// are at least so many; and of each other step its own.
func (s shape) alike(few int) []box {
	kinds := s.kinds()
	members := map[int][]int{}
	for i, kind := range kinds {
		members[kind] = append(members[kind], i)
	}
	var boxes []box
	for i, kind := range kinds {
		level := s.levels[i]
		switch together := members[kind]; {
		case len(together) < few:
			boxes = append(boxes, box{steps: []int{i}, first: level, last: level})
		case together[0] == i:
			boxes = append(boxes, box{steps: together, first: level, last: level, alike: true})
		}
	}
	return boxes
}

// kinds numbers the steps so that those with one number are of one level and do the same,
// and so do those that they wait for and those that wait for them.
func (s shape) kinds() []int {
	numbers := map[string]int{}
	number := func(key string) int {
		if _, known := numbers[key]; !known {
			numbers[key] = len(numbers)
		}
		return numbers[key]
	}
	kinds := make([]int, len(s.Nodes))
	for i, n := range s.Nodes {
		own := fmt.Sprint("down ", s.levels[i], n.Action, n.Effect, n.Finally, n.Gates, n.Asks, n.times(), n.Skip, n.Closed, n.NoReturn)
		kinds[i] = number(own + kindsOf(kinds, s.needs[i]))
	}
	dependents := dag.New(s.needs).Dependents()
	for i := range slices.Backward(s.Nodes) {
		kinds[i] = number(fmt.Sprint("up ", kinds[i], kindsOf(kinds, dependents[i])))
	}
	return kinds
}

// kindsOf are the kinds of some steps, each once.
func kindsOf(kinds, steps []int) string {
	var found []int
	for _, step := range steps {
		found = append(found, kinds[step])
	}
	slices.Sort(found)
	return strings.Join(strings.Fields(fmt.Sprint(slices.Compact(found))), " ")
}

// stages makes boxes of whole levels. Those of finally are apart.
func (s shape) stages() []box {
	byLevel := map[int][]int{}
	deepest := 0
	for i, level := range s.levels {
		byLevel[level] = append(byLevel[level], i)
		deepest = max(deepest, level)
	}
	enough := max(minStage, len(s.Nodes)/maxStages)
	var boxes []box
	open := false
	for level := range deepest + 1 {
		steps := byLevel[level]
		if len(steps) == 0 {
			open = false // the seam of finally
			continue
		}
		if !open || len(boxes[len(boxes)-1].steps)+len(steps) > enough {
			boxes = append(boxes, box{first: level})
			open = true
		}
		last := &boxes[len(boxes)-1]
		last.steps, last.last = append(last.steps, steps...), level
	}
	return boxes
}

// join finds what there is between boxes.
func (s shape) join(boxes []box) folding {
	f := folding{boxes: boxes, of: make([]int, len(s.Nodes))}
	for i, b := range boxes {
		for _, step := range b.steps {
			f.of[step] = i
		}
	}
	places := map[[2]int]int{}
	for to, needs := range s.needs {
		for i, from := range needs {
			between := [2]int{f.of[from], f.of[to]}
			if between[0] == between[1] {
				continue
			}
			place, known := places[between]
			if !known {
				place = len(f.lines)
				places[between] = place
				f.lines = append(f.lines, joint{from: between[0], to: between[1]})
			}
			f.lines[place].edges = append(f.lines[place].edges, s.edges[to][i])
		}
	}
	return f
}

// reduce leaves out the lines between boxes that others lead between too, by way of more.
func (f *folding) reduce() {
	needs := make([][]int, len(f.boxes))
	for _, l := range f.lines {
		needs[l.to] = append(needs[l.to], l.from)
	}
	order := dag.New(needs)
	implied := map[[2]int]bool{}
	for to, froms := range needs {
		for _, by := range froms {
			above := order.Ancestors(by)
			for _, from := range froms {
				if above[from] {
					implied[[2]int{from, to}] = true
				}
			}
		}
	}
	f.lines = slices.DeleteFunc(f.lines, func(l joint) bool { return implied[[2]int{l.from, l.to}] })
	f.reduced = len(implied) > 0
}
