package drilled

import (
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/drill/proof"
	"github.com/gatebook/gatebook/engine/report/layout"
)

// Mermaid writes the shortest rehearsal of each violation as a sequence of Mermaid's, each in a
// block of Markdown with what does not hold above it.
func Mermaid(w io.Writer, p *proof.Proof) error {
	var out layout.Page
	if len(p.Violations) == 0 {
		out.Linef("Nothing was found that does not hold.")
	}
	for i, v := range p.Violations {
		if i > 0 {
			out.Linef("")
		}
		out.Linef("%s: %s", v.Says, layout.Line(v.Detail))
		out.Linef("")
		out.Linef("```mermaid")
		out.Linef("sequenceDiagram")
		sequence(&out, v)
		out.Linef("```")
	}
	return out.Print(w)
}

// sequence draws a rehearsal: the run, the world in which it goes, and people where there are
// any.
func sequence(out *layout.Page, v proof.Violation) {
	out.Linef("  participant run as gatebook")
	out.Linef("  participant world as the world")
	trace, left := told(v)
	for _, m := range trace {
		if m.Who == "people" {
			out.Linef("  participant people")
			break
		}
	}
	for _, m := range trace {
		text := plain(what(m))
		if m.Wrong {
			text = "✗ " + text
		}
		switch m.Who {
		case "people":
			out.Linef("  people->>run: %s", text)
		case "world":
			out.Linef("  world-->>run: %s", text)
		default:
			if strings.HasPrefix(m.What, "begins") || strings.HasPrefix(m.What, "is taken back by") {
				out.Linef("  run->>world: %s", text)
				continue
			}
			out.Linef("  Note over run: %s", text)
		}
	}
	for _, more := range left {
		out.Linef("  Note over run: %s", plain(more))
	}
	out.Linef("  Note over run,world: ✗ %s", plain(layout.Line(v.Detail)))
}

// plain takes out of a text what Mermaid would read as its own.
func plain(text string) string {
	return strings.NewReplacer(";", ",", "#", "number ", "\n", " ", ":", " –", "<", "‹", ">", "›").Replace(text)
}
