package syntax

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/syntax/internal/layout"
)

// scalar converts a scalar whose properties are skipped, and finds its end.
func (c *converter) scalar(y *yaml.Node, start int) *Node {
	node := c.newNode(String, Plain, start, start)
	node.text = y.Value
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		node.style = DoubleQuoted
		c.quoted(node, '"')
	case y.Style&yaml.SingleQuotedStyle != 0:
		node.style = SingleQuoted
		c.quoted(node, '\'')
	case y.Style&yaml.LiteralStyle != 0:
		node.style = Literal
		c.block(node)
	case y.Style&yaml.FoldedStyle != 0:
		node.style = Folded
		c.block(node)
	default:
		c.plain(node)
	}
	return node
}

func (c *converter) plain(node *Node) {
	node.kind = resolve(node.text)
	start := int(node.start)
	if node.text == "" {
		// The library may put what is not there where the next token begins.
		start = min(start, c.afterIndicator())
		node.start = int32(start)
	}
	end := start + len(node.text)
	if end > len(c.text) || string(c.text[start:end]) != node.text {
		end = node.walk(c.text, func(piece) bool { return true })
	}
	node.end = int32(end)
	c.last = max(c.last, end)
	c.checkNumber(node)
}

// afterIndicator is where the value behind the next colon or hyphen would stand.
func (c *converter) afterIndicator() int {
	at := c.skipSpace(c.last)
	if at < len(c.text) && (c.text[at] == ':' || c.text[at] == '-' || c.text[at] == '?') {
		return at + 1
	}
	return c.last
}

func (c *converter) quoted(node *Node, quote byte) {
	start := min(int(node.start)+1, len(c.text))
	end := start
	for end < len(c.text) {
		switch {
		case c.text[end] == '\\' && quote == '"':
			end++
		case c.text[end] != quote:
		case quote == '\'' && end+1 < len(c.text) && c.text[end+1] == quote:
			end++
		default:
			node.start, node.end = int32(start), int32(end)
			c.last = max(c.last, end+1)
			return
		}
		end++
	}
	node.start, node.end = int32(start), int32(len(c.text))
	c.last = len(c.text)
}

// block finds the content of a block scalar. The first line with content tells the
// indentation: the spaces it has in the file without those it has in the text.
func (c *converter) block(node *Node) {
	at := layout.NextLine(c.text, int(node.start))
	text := strings.TrimLeft(node.text, "\n")
	for range len(node.text) - len(text) {
		at = layout.NextLine(c.text, at)
	}
	if text == "" {
		node.start = int32(layout.LineEnd(c.text, int(node.start)))
		node.end = node.start
		c.last = max(c.last, int(node.start))
		return
	}
	indent := max(0, layout.Spaces(c.text[at:])-layout.Spaces([]byte(text)))
	node.indent = int32(indent)
	node.start = int32(min(at+indent, len(c.text)))
	end := node.start
	for line := at; line < len(c.text); line = layout.NextLine(c.text, line) {
		content := c.text[line:layout.LineEnd(c.text, line)]
		if len(bytes.TrimLeft(content, " ")) == 0 && len(content) <= indent {
			continue
		}
		if layout.Spaces(content) < indent {
			break
		}
		end = int32(line + len(content))
	}
	node.end = max(node.start, end)
	c.last = max(c.last, int(node.end))
}

// plainly says how to write a number with a leading zero so that all agree on it. Only a
// number without a sign, and of the digits up to 7, has an octal form.
func plainly(text string) string {
	unsigned := strings.TrimLeft(text, "+-")
	digits := cmp.Or(strings.TrimLeft(unsigned, "0"), "0")
	sign := text[:len(text)-len(unsigned)]
	if sign != "" || strings.Trim(digits, "01234567") != "" {
		return fmt.Sprintf("write %s%s for the decimal number, or put it in quotes", sign, digits)
	}
	return fmt.Sprintf("write %s for the decimal number, 0o%s for the octal one, or put it in quotes", digits, digits)
}

func (c *converter) checkNumber(node *Node) {
	switch node.kind {
	case Int:
		if isAmbiguousInt(node.text) {
			c.add(diag.AmbiguousNumber.At(node.Range(), "%s is octal to some programs and decimal to others.", node.text).
				WithHint("%s", plainly(node.text)))
		} else if _, err := parseInt(node.text); err != nil {
			c.add(diag.UnusableNumber.At(node.Range(), "This integer does not fit in 64 bits.").
				WithHint("if it is a string such as an identifier, put it in quotes"))
		}
	case Float:
		if _, ok := scalarValue(Float, node.text).AsFloat(); !ok {
			c.add(diag.UnusableNumber.At(node.Range(), "Numbers are between %g and %g; infinity and NaN cannot be used.",
				-math.MaxFloat64, math.MaxFloat64).
				WithHint("if it is a string, put it in quotes"))
		}
	default:
	}
}
