// Package dag is a directed graph over the integers 0…n-1: a stable topological
// order, a cycle as a path that can be printed, and the critical path.
//
// It knows nothing of steps; whoever uses it keeps the names. All operations are
// linear in nodes and edges. Floor 0: the standard library alone.
package dag

import (
	"container/heap"
	"slices"
	"time"
)

// Graph holds, for each node, the nodes that it needs. An edge may be given twice.
type Graph struct {
	needs [][]int
}

// New makes a graph of which node i needs the nodes needs[i]. The slices are kept,
// not copied.
func New(needs [][]int) Graph { return Graph{needs: needs} }

// Len returns the number of nodes.
func (g Graph) Len() int { return len(g.needs) }

// Dependents returns, for each node, the nodes that need it, in ascending order, an
// edge that was given twice twice.
func (g Graph) Dependents() [][]int {
	counts := make([]int, len(g.needs))
	edges := 0
	for _, needs := range g.needs {
		edges += len(needs)
		for _, n := range needs {
			counts[n]++
		}
	}
	// One array holds all lists: a wide graph has many short ones.
	backing := make([]int, edges)
	dependents := make([][]int, len(g.needs))
	for n, count := range counts {
		dependents[n], backing = backing[:0:count], backing[count:]
	}
	for node, needs := range g.needs {
		for _, n := range needs {
			dependents[n] = append(dependents[n], node)
		}
	}
	return dependents
}

// Order returns the nodes so that each comes after all that it needs, and otherwise
// in ascending order; ok is false when a cycle prevents that, and order then holds
// only the nodes that are on no cycle and behind none.
func (g Graph) Order() (order []int, ok bool) {
	dependents := g.Dependents()
	unmet := make([]int, len(g.needs))
	ready := &minHeap{}
	for node, needs := range g.needs {
		unmet[node] = len(needs)
		if len(needs) == 0 {
			*ready = append(*ready, node) // ascending, and so a heap already
		}
	}
	order = make([]int, 0, len(g.needs))
	for ready.Len() > 0 {
		node := heap.Pop(ready).(int)
		order = append(order, node)
		for _, d := range dependents[node] {
			if unmet[d]--; unmet[d] == 0 {
				heap.Push(ready, d)
			}
		}
	}
	return order, len(order) == len(g.needs)
}

// Cycle returns the nodes of one cycle, each needed by the one before it and the first
// not repeated at the end; nil when there is none. It starts at its smallest node, so
// that the same graph always gives the same answer.
func (g Graph) Cycle() []int {
	const (
		fresh = iota
		open
		closed
	)
	state := make([]uint8, len(g.needs))
	type frame struct{ node, next int }
	for start := range g.needs {
		if state[start] != fresh {
			continue
		}
		// A stack of our own: a chain of 10,000 steps must not overflow Go's.
		stack := []frame{{node: start}}
		state[start] = open
		for len(stack) > 0 {
			top := &stack[len(stack)-1]
			if top.next == len(g.needs[top.node]) {
				state[top.node] = closed
				stack = stack[:len(stack)-1]
				continue
			}
			need := g.needs[top.node][top.next]
			top.next++
			switch state[need] {
			case fresh:
				state[need] = open
				stack = append(stack, frame{node: need})
			case open:
				var cycle []int
				from := slices.IndexFunc(stack, func(f frame) bool { return f.node == need })
				for _, f := range stack[from:] {
					cycle = append(cycle, f.node)
				}
				return rotated(cycle)
			}
		}
	}
	return nil
}

func rotated(cycle []int) []int {
	first := slices.Index(cycle, slices.Min(cycle))
	return append(slices.Clone(cycle[first:]), cycle[:first]...)
}

// CriticalPath returns the longest way through the graph when node i takes cost[i],
// and how long it takes. The graph must have no cycle.
func (g Graph) CriticalPath(cost []time.Duration) (path []int, total time.Duration) {
	order, _ := g.Order()
	finish := make([]time.Duration, len(g.needs))
	via := make([]int, len(g.needs))
	last := -1
	for _, node := range order {
		via[node] = -1
		var start time.Duration
		for _, need := range g.needs[node] {
			if via[node] < 0 || finish[need] > start {
				start, via[node] = finish[need], need
			}
		}
		finish[node] = start + cost[node]
		if last < 0 || finish[node] > finish[last] {
			last = node
		}
	}
	for node := last; node >= 0; node = via[node] {
		path = append(path, node)
	}
	slices.Reverse(path)
	if last >= 0 {
		total = finish[last]
	}
	return path, total
}

// Ancestors returns, for a node, every node that it needs directly or through others,
// as a set over all nodes.
func (g Graph) Ancestors(node int) []bool {
	seen := make([]bool, len(g.needs))
	stack := slices.Clone(g.needs[node])
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if !seen[n] {
			seen[n] = true
			stack = append(stack, g.needs[n]...)
		}
	}
	return seen
}

// minHeap gives the smallest node first, so that equal choices follow file order.
type minHeap []int

func (h minHeap) Len() int           { return len(h) }
func (h minHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h minHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push adds a node; container/heap calls it.
func (h *minHeap) Push(x any) { *h = append(*h, x.(int)) }

// Pop removes the last node; container/heap calls it.
func (h *minHeap) Pop() any {
	old := *h
	node := old[len(old)-1]
	*h = old[:len(old)-1]
	return node
}
