package layout

import (
	"encoding/json"
	"strings"

	"github.com/gatebook/gatebook/engine/expr"
	"github.com/gatebook/gatebook/engine/value"
)

// ValueWidth is how many columns a value takes at most; JSON forms have the whole.
const ValueWidth = 160

// Value shows a value on one line of limited width, secrets masked and what is unknown
// in words.
func (s Style) Value(v value.Value) string {
	text := s.cut(Plain(v))
	if v.IsUnknown() || v.IsSecret() {
		return s.Dim(text)
	}
	return text
}

// Brief is one line of text from outside which may have values in it: it is as wide as a
// [Style.Value] is at most.
func (s Style) Brief(text string) string { return s.cut(Line(text)) }

func (s Style) cut(text string) string {
	if s.Wide {
		return text
	}
	return Cut(text, ValueWidth)
}

// Plain is a value as people read it, on one line: a string as it is, anything else as JSON,
// and so is a string of which one line would not show all that it is.
func Plain(v value.Value) string {
	data := v.Redacted()
	if text, ok := data.(string); ok {
		text = strings.TrimSpace(text)
		if !strings.ContainsFunc(text, unlike) {
			return text
		}
		data = text
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return Line(v.String())
	}
	return Visible(strings.TrimSpace(b.String()))
}

// Block is a string of many lines as these: in a script each of them means something of its
// own. Of any other value it is nothing.
func Block(v value.Value) []string {
	text, ok := v.Redacted().(string)
	if !ok {
		return nil
	}
	text = strings.Trim(text, "\n")
	if !strings.Contains(text, "\n") {
		return nil
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		lines = append(lines, Visible(line))
	}
	return lines
}

// Explanation makes nodes of an expression's tree: each part with its value. Parts
// whose value is their own text, such as numbers, say nothing and are left out.
func (s Style) Explanation(e *expr.Explanation) []Node {
	if e == nil {
		return nil
	}
	var nodes []Node
	if e.Note != "" {
		nodes = append(nodes, Node{Text: Line(e.Note)})
	}
	for _, part := range e.Children {
		if part.Text == part.Value {
			continue
		}
		nodes = append(nodes, s.explained(part))
	}
	return nodes
}

func (s Style) explained(e *expr.Explanation) Node {
	shown := s.Brief(e.Value)
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
	return Node{Text: Line(e.Text) + s.Dim(" = ") + shown, Parts: s.Explanation(e)}
}
