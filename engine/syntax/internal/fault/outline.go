package fault

import (
	"bytes"

	"github.com/gatebook/gatebook/engine/syntax/internal/layout"
)

// outline is a rough reading of a text that the YAML library refused: where quotes
// and brackets are open. It need only be right about common mistakes.
type outline struct {
	text     []byte
	brackets []int // offsets of those that are open
	open     int   // offset of the quote that is never closed, or closed too late; -1: none
	behind   int   // offset of text right behind a closing quote; -1: none
	stray    int   // offset of a closing bracket where a value should be; -1: none
}

// newOutline reads text up to the offset.
func newOutline(text []byte, end int) *outline {
	o := &outline{text: text, open: -1, behind: -1, stray: -1}
	fresh := true // whether a scalar may begin here
	for at := 0; at < min(end, len(text)) && o.open < 0 && o.behind < 0; {
		c := text[at]
		switch {
		case c == '\n':
			fresh = true
		case c == ' ' || c == '\t' || c == '\r':
		case c == '#' && (at == 0 || layout.IsSpace(text[at-1])):
			at = layout.LineEnd(text, at)
			continue
		case fresh && (c == '"' || c == '\''):
			at = o.quoted(at)
			fresh = false
			continue
		case (c == '[' || c == '{') && (fresh || len(o.brackets) > 0):
			o.brackets = append(o.brackets, at)
			fresh = true
		case (c == ']' || c == '}') && len(o.brackets) > 0:
			o.brackets = o.brackets[:len(o.brackets)-1]
			fresh = false
		case (c == ']' || c == '}' || c == ',') && fresh:
			o.stray = at
			fresh = false
		case fresh && (c == '|' || c == '>') && len(o.brackets) == 0:
			at = o.block(at)
			continue
		default:
			fresh = c == ',' && len(o.brackets) > 0 || (c == ':' || c == '-' && fresh) && o.spaceAt(at+1)
		}
		at++
	}
	return o
}

// isOpen reports whether a quote or a bracket before the offset is still open.
func (o *outline) isOpen(at int) bool {
	return o.open >= 0 && o.open < at || len(o.brackets) > 0 && o.brackets[0] < at
}

func (o *outline) spaceAt(at int) bool {
	return at >= len(o.text) || layout.IsSpace(o.text[at])
}

// quoted returns the offset behind a quoted scalar, and notes what is wrong with it.
func (o *outline) quoted(start int) int {
	quote := o.text[start]
	lines := 0
	for at := start + 1; at < len(o.text); at++ {
		switch c := o.text[at]; {
		case c == '\n':
			lines++
		case c == '\\' && quote == '"':
			at++
		case c != quote:
		case quote == '\'' && at+1 < len(o.text) && o.text[at+1] == quote:
			at++
		default:
			if next := at + 1; !o.spaceAt(next) && o.text[next] != ':' && !layout.IsFlowMark(o.text[next]) || o.wordBehind(at+1) {
				if lines > 0 {
					o.open = start
				} else {
					o.behind = at
				}
			}
			return at + 1
		}
	}
	o.open = start
	return len(o.text)
}

// wordBehind reports whether, on the same line, spaces and then a word follow.
func (o *outline) wordBehind(at int) bool {
	for at < len(o.text) && (o.text[at] == ' ' || o.text[at] == '\t') {
		at++
	}
	return at < len(o.text) && !layout.IsSpace(o.text[at]) && o.text[at] != '#' && o.text[at] != ':' && !layout.IsFlowMark(o.text[at])
}

// block returns the offset behind a block scalar: of the next line that is not
// indented further than the line that it begins on.
func (o *outline) block(at int) int {
	begin := bytes.LastIndexByte(o.text[:at], '\n') + 1
	indent := layout.Spaces(o.text[begin:])
	for at = layout.NextLine(o.text, at); at < len(o.text); at = layout.NextLine(o.text, at) {
		content := o.text[at:layout.LineEnd(o.text, at)]
		if depth := layout.Spaces(content); depth < len(content) && depth <= indent {
			break
		}
	}
	return at
}
