package graph

import (
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// junction is the point that the last steps lead to and those of finally come from. No
// step can be called so.
const junction = "all have ended"

// dotBeside is how many names of steps stand on one line of a box.
const dotBeside = 6

// DOT writes a graph for Graphviz, of which as much is drawn as one as in the picture that
// [SVG] writes.
func DOT(w io.Writer, g Graph) error {
	s := shapeOf(g)
	f := s.fold()
	out := &layout.Page{}
	out.Linef("digraph %s {", dotText(g.Name))
	out.Linef("  rankdir=TB; node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];")
	if f.reduced {
		out.Linef("  label=%s; fontname=\"sans-serif\";", dotText(leftOut))
	}
	indent := "  "
	for _, b := range f.boxes {
		if s.Nodes[b.steps[0]].Finally && indent == "  " {
			out.Linef("  subgraph cluster_finally {")
			out.Linef("    label=%s; style=dashed; fontname=\"sans-serif\";", dotText(closing))
			indent = "    "
		}
		s.dotBox(out, indent, b)
	}
	if indent != "  " {
		out.Linef("  }")
	}
	for _, l := range f.lines {
		style := "solid"
		if l.follows() {
			style = "dashed"
		}
		out.Linef("  %s -> %s [style=%s, tooltip=%s];", s.dotName(f.boxes[l.from]), s.dotName(f.boxes[l.to]), style, dotText(l.reasons()))
	}
	s.dotSeam(out, f)
	out.Linef("}")
	return out.Print(w)
}

// dotSeam writes how the steps of finally are joined to the others.
func (s shape) dotSeam(out *layout.Page, f folding) {
	ends, begins := s.joined(f)
	if len(begins) == 0 {
		return
	}
	out.Linef("  %s [shape=point];", dotText(junction))
	for _, end := range ends {
		out.Linef("  %s -> %s [style=bold, arrowhead=none];", s.dotName(f.boxes[end]), dotText(junction))
	}
	for _, begin := range begins {
		out.Linef("  %s -> %s [style=bold];", dotText(junction), s.dotName(f.boxes[begin]))
	}
}

// dotBox writes a box: with six corners where people are asked, and with two edges where it
// is several steps. Graphviz takes all of their names.
func (s shape) dotBox(out *layout.Page, indent string, b box) {
	look := fmt.Sprintf("fillcolor=%q", fill(s.worst(b)))
	switch {
	case !b.single():
		look += ", peripheries=2"
	case s.Nodes[b.steps[0]].Asks:
		look += ", shape=hexagon"
	}
	switch s.skip(b) {
	case MayBeSkipped:
		look += `, style="rounded,filled,dashed"`
	case Skipped, LeftOut:
		look += `, style="rounded,dotted", fontcolor="#555555"`
	}
	out.Linef("%s%s [label=%s, %s];", indent, s.dotName(b), dotText(strings.Join(s.lines(b, len(b.steps), dotBeside), "\n")), look)
}

// dotName is what a box is called in edges. No step can be called as one of several is.
func (s shape) dotName(b box) string {
	first := s.Nodes[b.steps[0]].ID
	if b.single() {
		return dotText(first)
	}
	return dotText(fmt.Sprintf("%s and %d more", first, len(b.steps)-1))
}

// dotText is text in quotes. Graphviz reads entities of HTML in it, and some letters behind a
// backslash.
func dotText(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;", "\n", `\n`).Replace(text) + `"`
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
