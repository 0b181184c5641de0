package graph

import (
	"fmt"
	"io"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// junction is the point that the last steps lead to and those of finally come from. No
// step can be called so.
const junction = "all have ended"

// DOT writes a graph for Graphviz.
func DOT(w io.Writer, g Graph) error {
	out := &layout.Page{}
	out.Linef("digraph %q {", g.Name)
	out.Linef("  rankdir=TB; node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];")
	node := func(indent string, n Node) {
		look := fmt.Sprintf("fillcolor=%q", fill(n.Effect))
		if n.Asks {
			look += ", shape=hexagon"
		}
		switch n.Skip {
		case MayBeSkipped:
			look += `, style="rounded,filled,dashed"`
		case Skipped:
			look += `, style="rounded,dotted", fontcolor="#555555"`
		}
		out.Linef("%s%q [label=%q, %s];", indent, n.ID, n.label("\n"), look)
	}
	steps, finally := g.parts()
	for _, n := range steps {
		node("  ", n)
	}
	if len(finally) > 0 {
		out.Linef("  subgraph cluster_finally {")
		out.Linef("    label=%q; style=dashed; fontname=\"sans-serif\";", closing)
		for _, n := range finally {
			node("    ", n)
		}
		out.Linef("  }")
	}
	for _, e := range g.Edges {
		out.Linef("  %q -> %q [style=%s, tooltip=%q];", e.From, e.To, e.stroke("solid", "dashed"), string(e.Reason))
	}
	between := g.seam()
	if len(between.ends) > 0 && len(between.begins) > 0 {
		out.Linef("  %q [shape=point];", junction)
	}
	for _, n := range between.ends {
		out.Linef("  %q -> %q [style=bold, arrowhead=none];", n.ID, junction)
	}
	for _, n := range between.begins {
		out.Linef("  %q -> %q [style=bold];", junction, n.ID)
	}
	out.Linef("}")
	return out.Print(w)
}

func fill(effect sdk.Effect) string {
	switch effect {
	case sdk.Change:
		return "#ffeecc"
	case sdk.Destroy:
		return "#ffcccc"
	case sdk.Read:
		return "#eeeeff"
	default:
		return "#ffffff"
	}
}
