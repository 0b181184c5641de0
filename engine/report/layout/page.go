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
	Diff  bool     // the lines are a difference
	Parts []Node
}

// Tree adds nodes with branches, each line behind the indent.
func (p *Page) Tree(indent string, nodes []Node) {
	for i, n := range nodes {
		branch, below := "├─ ", "│  "
		if i == len(nodes)-1 {
			branch, below = "└─ ", "   "
		}
		inner := indent + p.Dim(below)
		stem := inner + "  " // of the rest of a text that is folded
		if len(n.Lines)+len(n.Parts) > 0 {
			stem = inner + p.Dim("│ ")
		}
		p.folded(indent+p.Dim(branch), stem, n.Text)
		for _, line := range n.Lines {
			p.folded(inner, inner+p.Dim("↪ "), line)
		}
		p.Tree(inner, n.Parts)
	}
}

// Folded adds a line, and where that is too wide the rest of it below, further in.
func (p *Page) Folded(line string) {
	bare := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(bare)]
	p.folded(indent, indent+"    ", bare)
}

// narrowest is how few columns are left for text, however far in it stands.
const narrowest = 20

// folded adds text behind something, and the rest of it behind something as wide or wider.
func (p *Page) folded(before, below, text string) {
	columns := 0
	if p.Columns > 0 {
		columns = max(p.Columns-Width(Bare(below)), narrowest)
	}
	for i, line := range Fold(text, columns) {
		if i > 0 {
			before = below
		}
		p.Linef("%s%s", before, line)
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
