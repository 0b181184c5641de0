package plan

// Order gives of each step the edges by which it waits for others, as if there were no
// runbook that is taken in: what waits for a step that takes one in waits for the last in it, the
// first in it wait for that step, and its finally for the others. Each leads to an earlier place.
func (p *Plan) Order() [][]Edge {
	if len(p.order) != len(p.Steps) { // it was not made by [New]
		return orderOf(p)
	}
	return p.order
}

// orderOf works the order of a plan out, whose steps have their places.
func orderOf(p *Plan) [][]Edge {
	o := orderer{plan: p, outer: make([]int, len(p.Steps)), waited: make([]bool, len(p.Steps)), inside: make([][]int, len(p.Steps)), last: make([][]int, len(p.Steps))}
	for i, s := range p.Steps {
		o.outer[i] = -1
		if at, ok := p.index[s.Within]; ok && s.Within != "" {
			o.outer[i] = at
			o.inside[at] = append(o.inside[at], i)
		}
		for _, edge := range s.Needs {
			o.waited[edge.From] = true
		}
	}
	order := make([][]Edge, len(p.Steps))
	for i, s := range p.Steps {
		order[i] = o.edges(i, s)
	}
	return order
}

type orderer struct {
	plan   *Plan
	outer  []int   // of each step the one that takes it in; -1: none does
	waited []bool  // whether another step of its runbook waits for it
	inside [][]int // the steps of the runbook that it takes in
	last   [][]int // those of its steps that are done last; worked out when it is asked for
}

func (o *orderer) edges(i int, s *Step) []Edge {
	if len(s.Needs) == 0 {
		return o.first(i, s)
	}
	plain := true
	for _, edge := range s.Needs {
		plain = plain && o.plan.Steps[edge.From].Runbook == nil
	}
	if plain {
		return s.Needs
	}
	var edges []Edge
	for _, edge := range s.Needs {
		edges = o.toAll(edges, o.ends(edge.From), edge)
	}
	return edges
}

// first are the edges of a step that waits for none of its runbook.
func (o *orderer) first(i int, s *Step) []Edge {
	outer := o.outer[i]
	if outer < 0 {
		return nil
	}
	if s.Closing {
		return o.toAll(nil, o.lastOf(outer, false), Edge{Reason: InOrder, Range: s.Range})
	}
	return o.toAll(nil, []int{outer}, Edge{Reason: Needed, Range: s.Range})
}

// toAll adds an edge to each of some steps.
func (o *orderer) toAll(edges []Edge, to []int, as Edge) []Edge {
	for _, at := range to {
		as.From, as.Step = at, o.plan.Steps[at].ID
		edges = append(edges, as)
	}
	return edges
}

// ends are the steps that are done last where a step is done: it itself, or the last of what it
// takes in.
func (o *orderer) ends(i int) []int {
	if o.plan.Steps[i].Runbook == nil {
		return []int{i}
	}
	if o.last[i] == nil {
		if o.last[i] = o.lastOf(i, true); len(o.last[i]) == 0 {
			o.last[i] = o.lastOf(i, false)
		}
	}
	return o.last[i]
}

// lastOf are the last of the finally of what a step takes in, or of its other steps.
func (o *orderer) lastOf(i int, closing bool) []int {
	var last []int
	for _, at := range o.inside[i] {
		if o.plan.Steps[at].Closing == closing && !o.waited[at] {
			last = append(last, o.ends(at)...)
		}
	}
	return last
}
