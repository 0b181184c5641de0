package layout

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/diag/render"
	"github.com/gatebook/gatebook/engine/source"
)

// Page collects the lines of a document, which are written at once.
type Page struct {
	Style
	text strings.Builder
}

// Linef adds a line.
func (p *Page) Linef(format string, args ...any) {
	fmt.Fprintf(&p.text, format, args...)
	p.text.WriteByte('\n')
}

// Text returns the page as it is so far.
func (p *Page) Text() string { return p.text.String() }

// Print writes the page.
func (p *Page) Print(w io.Writer) error {
	if _, err := io.WriteString(w, p.text.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// Node is a line with the lines that belong to it.
type Node struct {
	Text  string
	Lines []string // stand below the text as they are
	Parts []Node
}

// Tree adds nodes with branches, each line behind the indent.
func (p *Page) Tree(indent string, nodes []Node) {
	for i, n := range nodes {
		branch, below := "├─ ", "│  "
		if i == len(nodes)-1 {
			branch, below = "└─ ", "   "
		}
		p.Linef("%s%s%s", indent, p.Dim(branch), n.Text)
		for _, line := range n.Lines {
			p.Linef("%s%s%s", indent, p.Dim(below), line)
		}
		p.Tree(indent+p.Dim(below), n.Parts)
	}
}

// Excerpt adds the lines of a file in which something stands, which is underlined.
func (p *Page) Excerpt(indent string, at source.Range) {
	for line := range strings.Lines(render.Excerpt(at, p.Colour)) {
		p.Linef("%s%s", indent, strings.TrimSuffix(line, "\n"))
	}
}

// JSON writes one document, indented for people who look at it.
func JSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
