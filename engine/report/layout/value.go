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
	text := Plain(v)
	if !s.Wide {
		text = Cut(text, ValueWidth)
	}
	if v.IsUnknown() || v.IsSecret() {
		return s.Dim(text)
	}
	return text
}

// Plain is a value as people read it: a string as it is, anything else as JSON.
func Plain(v value.Value) string {
	data := v.Redacted()
	if text, ok := data.(string); ok {
		return Line(text)
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(data); err != nil {
		return Line(v.String())
	}
	return Line(b.String())
}

// Explanation makes nodes of an expression's tree: each part with its value. Parts
// whose value is their own text, such as numbers, say nothing and are left out.
func (s Style) Explanation(e *expr.Explanation) []Node {
	if e == nil {
		return nil
	}
	var nodes []Node
	for _, part := range e.Children {
		if part.Text == part.Value {
			continue
		}
		nodes = append(nodes, s.explained(part))
	}
	return nodes
}

func (s Style) explained(e *expr.Explanation) Node {
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
	return Node{Text: Line(e.Text) + s.Dim(" = ") + shown, Parts: s.Explanation(e)}
}
