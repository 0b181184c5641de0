package graph

import (
	"io"
	"strconv"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// Text writes a graph as lines: each step below those that it waits for, in layers of
// steps that may run at one time, and those of finally after all others.
func Text(w io.Writer, g Graph, style layout.Style) error {
	out := &layout.Page{Style: style}
	needs := map[string][]string{}
	for _, e := range g.Edges {
		needs[e.To] = append(needs[e.To], e.From)
	}
	ids := 0
	for _, n := range g.Nodes {
		ids = max(ids, layout.Width(n.ID))
	}
	steps, finally := g.parts()
	layers := inLayers(steps, needs)
	last := len(layers)
	for i, nodes := range append(layers, inLayers(finally, needs)...) {
		head := strconv.Itoa(i + 1)
		if i == last {
			head += "  " + closing
		}
		out.Linef("%s", out.Bold(head))
		for _, n := range nodes {
			text := "  " + layout.Pad(n.ID, ids) + "  " + out.Dim(n.Action+" "+string(n.Effect))
			if times := n.times(); times != "" {
				text += out.Dim(", " + times)
			}
			if n.Skip != "" {
				text += out.Dim(", " + string(n.Skip))
			}
			if len(needs[n.ID]) > 0 {
				text += out.Dim("  after ") + layout.Steps(needs[n.ID])
			}
			out.Linef("%s", text)
		}
	}
	return out.Print(w)
}

// inLayers puts each of the nodes, which are in order, a layer below the lowest of those
// that it needs.
func inLayers(nodes []Node, needs map[string][]string) [][]Node {
	var layers [][]Node
	depths := make(map[string]int, len(nodes))
	for _, n := range nodes {
		depth := 0
		for _, need := range needs[n.ID] {
			depth = max(depth, depths[need]+1)
		}
		depths[n.ID] = depth
		for len(layers) <= depth {
			layers = append(layers, nil)
		}
		layers[depth] = append(layers[depth], n)
	}
	return layers
}
