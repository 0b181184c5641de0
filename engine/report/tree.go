package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/gatebook/gatebook/engine/expr"
)

// page collects the lines of a document before they are written at once.
type page struct {
	strings.Builder
	Style
}

func (p *page) line(format string, args ...any) {
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

func (p *page) writeTo(w io.Writer) error {
	if _, err := io.WriteString(w, p.String()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// node is a line with the lines that belong to it.
type node struct {
	text  string
	parts []node
}

// tree writes nodes with branches, each line behind the indent.
func (p *page) tree(indent string, nodes []node) {
	for i, n := range nodes {
		branch, below := "├─ ", "│  "
		if i == len(nodes)-1 {
			branch, below = "└─ ", "   "
		}
		p.line("%s%s%s", indent, p.Dim(branch), n.text)
		p.tree(indent+p.Dim(below), n.parts)
	}
}

// explanation makes nodes of an expression's tree: each part with its value. Parts
// whose value is their own text, such as numbers, say nothing and are left out.
func (s Style) explanation(e *expr.Explanation) []node {
	if e == nil {
		return nil
	}
	var nodes []node
	for _, part := range e.Children {
		if part.Text == part.Value {
			continue
		}
		nodes = append(nodes, s.explained(part))
	}
	return nodes
}

func (s Style) explained(e *expr.Explanation) node {
	shown := Line(e.Value)
	switch {
	case e.State == "error":
		shown = s.Bad(shown)
	case e.State == "skipped":
		shown = s.Dim("not needed")
	case e.State == "unknown":
		shown = s.Warn(shown)
	case shown == "false":
		shown = s.Bad(shown)
	}
	return node{text: Line(e.Text) + s.Dim(" = ") + shown, parts: s.explanation(e)}
}

// recorded reads the explanation that a verdict carries in the journal; one that
// cannot be read is left out, as the verdict stands without it.
func recorded(raw json.RawMessage) *expr.Explanation {
	var e expr.Explanation
	if len(raw) == 0 || json.Unmarshal(raw, &e) != nil {
		return nil
	}
	return &e
}

// writeJSON writes one document, indented for people who look at it.
func writeJSON(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
