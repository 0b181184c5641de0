package graph

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// Mermaid writes a graph as a Mermaid flowchart. Nodes are numbered: an id could be a
// word of Mermaid's.
func Mermaid(w io.Writer, g Graph) error {
	out := &layout.Page{}
	out.Linef("flowchart TD")
	name := make(map[string]string, len(g.Nodes))
	for i, n := range g.Nodes {
		name[n.ID] = fmt.Sprintf("s%d", i)
	}
	node := func(indent string, n Node) {
		before, after := `["`, `"]`
		if n.Asks {
			before, after = `{{"`, `"}}`
		}
		out.Linef("%s%s%s%s%s:::%s", indent, name[n.ID], before, mermaidText(n.label("<br/>")), after, n.Effect)
	}
	steps, finally := g.parts()
	for _, n := range steps {
		node("  ", n)
	}
	if len(finally) > 0 {
		out.Linef("  subgraph closing[%q]", closing)
		for _, n := range finally {
			node("    ", n)
		}
		out.Linef("  end")
	}
	for _, e := range g.Edges {
		out.Linef("  %s %s %s", name[e.From], e.stroke("-->", "-.->"), name[e.To])
	}
	for _, n := range g.seam().ends {
		out.Linef("  %s ==> closing", name[n.ID])
	}
	out.Linef("  classDef read fill:#eef,stroke:#557")
	out.Linef("  classDef change fill:#fec,stroke:#a70")
	out.Linef("  classDef destroy fill:#fcc,stroke:#a00")
	for _, skip := range []Skip{MayBeSkipped, Skipped} {
		var names []string
		for _, n := range g.Nodes {
			if n.Skip == skip {
				names = append(names, name[n.ID])
			}
		}
		if len(names) > 0 {
			out.Linef("  class %s%s", strings.Join(names, ","), skip.class())
			out.Linef("  classDef%s %s", skip.class(), mermaidLook(skip))
		}
	}
	return out.Print(w)
}

// mermaidLook is how a step looks that is skipped or may be.
func mermaidLook(s Skip) string {
	if s == Skipped {
		return "fill:#fff,color:#555,stroke:#777,stroke-dasharray:2 3"
	}
	return "stroke-dasharray:7 4"
}

// mermaidText keeps what Mermaid would read as its own syntax out of a label.
func mermaidText(text string) string {
	return strings.NewReplacer(`"`, "#quot;", "#", "#35;").Replace(layout.Line(text))
}
