package dossier

import (
	"strings"

	"github.com/gatebook/gatebook/engine/report/layout"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// foreseen is what the action of a step says that it would do: in a line, and for each
// thing that would change, the difference.
func (out *page) foreseen(preview *sdk.Preview) []layout.Node {
	if preview == nil || preview.Summary == "" && len(preview.Changes) == 0 {
		return nil
	}
	node := layout.Node{Text: layout.Line(preview.Summary)}
	if node.Text == "" {
		node.Text = "would change"
	}
	for _, c := range preview.Changes {
		node.Parts = append(node.Parts, layout.Node{
			Text: layout.Line(c.Op + " " + c.Target), Lines: out.diff(c.Diff),
		})
	}
	return []layout.Node{node}
}

// diff is a unified diff, coloured as such are.
func (out *page) diff(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		// Line takes blanks away at both ends, but here those in front mean something.
		line = strings.TrimPrefix(layout.Line("|"+line), "|")
		switch {
		case strings.HasPrefix(line, "+"):
			line = out.Good(line)
		case strings.HasPrefix(line, "-"):
			line = out.Bad(line)
		case strings.HasPrefix(line, "@"):
			line = out.Dim(line)
		}
		lines = append(lines, line)
	}
	return lines
}
