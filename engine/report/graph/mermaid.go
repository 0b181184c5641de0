package graph

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/report/layout"
)

// What Mermaid takes at most where nobody tells it otherwise, as on GitHub and GitLab.
const (
	mermaidSize  = 50_000 // characters
	mermaidEdges = 500
)

// Mermaid writes a graph as a Mermaid flowchart, of which as much is drawn as one as in the
// picture that [SVG] writes. Where Mermaid would not take even that, whole levels are.
func Mermaid(w io.Writer, g Graph) error {
	s := shapeOf(g)
	folded := s.fold()
	out, edges := s.mermaid(folded)
	if edges > mermaidEdges || utf8.RuneCountInString(out.Text()) > mermaidSize {
		out, _ = s.mermaid(s.coarse())
	}
	return out.Print(w)
}

// mermaid writes a folded graph, and counts its edges. Nodes are numbered: an id could be a
// word of Mermaid's.
func (s shape) mermaid(f folding) (out *layout.Page, edges int) {
	out = &layout.Page{}
	out.Linef("flowchart TD")
	ends, begins := s.joined(f)
	indent := "  "
	for i, b := range f.boxes {
		if s.Nodes[b.steps[0]].Finally && indent == "  " {
			out.Linef("  subgraph closing[%q]", closing)
			out.Linef("    direction TB")
			indent = "    "
		}
		s.mermaidBox(out, indent, i, b)
	}
	if indent != "  " {
		out.Linef("  end")
	}
	for _, l := range f.lines {
		arrow := "-->"
		if l.follows() {
			arrow = "-.->"
		}
		out.Linef("  s%d %s s%d", l.from, arrow, l.to)
	}
	if len(begins) > 0 {
		for _, end := range ends {
			out.Linef("  s%d ==> closing", end)
		}
		edges = len(ends)
	}
	if f.reduced {
		out.Linef("  legend[%q]:::legend", leftOut)
	}
	out.Linef("  classDef read fill:#eef,stroke:#557,color:#000")
	out.Linef("  classDef change fill:#fec,stroke:#a70,color:#000")
	out.Linef("  classDef destroy fill:#fcc,stroke:#a00,color:#000")
	for _, skip := range []Skip{MayBeSkipped, Skipped} {
		out.Linef("  classDef%s %s", skip.class(), mermaidLook(skip))
	}
	if f.reduced {
		out.Linef("  classDef legend fill:none,stroke:none")
	}
	return out, edges + len(f.lines)
}

// mermaidBox writes a box: with six corners where people are asked, and with two edges where
// it is several steps.
func (s shape) mermaidBox(out *layout.Page, indent string, i int, b box) {
	before, after := `["`, `"]`
	switch {
	case !b.single():
		before, after = `[["`, `"]]`
	case s.Nodes[b.steps[0]].Asks:
		before, after = `{{"`, `"}}`
	}
	lines := s.lines(b, named, named) // Mermaid breaks lines itself
	for i, line := range lines {
		lines[i] = mermaidText(line)
	}
	out.Linef("%ss%d%s%s%s:::%s", indent, i, before, strings.Join(lines, "<br/>"), after, s.worst(b))
	if skip := s.skip(b); skip != "" {
		out.Linef("%sclass s%d%s", indent, i, skip.class())
	}
}

// mermaidLook is how steps look that are skipped or may be.
func mermaidLook(s Skip) string {
	if s.never() {
		return "fill:#fff,color:#555,stroke:#777,stroke-dasharray:2 3"
	}
	return "stroke-dasharray:7 4"
}

// mermaidText keeps what Mermaid would read as its own syntax, as HTML or as Markdown out of
// a line of a label. Points, dashes and underscores within a word are none.
func mermaidText(text string) string {
	var b strings.Builder
	was := ' '
	rest := layout.Line(text)
	for rest != "" {
		r, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
		next, _ := utf8.DecodeRuneInString(rest)
		switch {
		case r > '~', isWord(r), strings.ContainsRune(" ,?!'", r), strings.ContainsRune("._-", r) && isWord(was) && isWord(next):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
		was = r
	}
	return b.String()
}

func isWord(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}
