// Package content takes the text of a calendar apart into the lines that RFC 5545 calls content
// lines, each with its place. What they mean is for engine/window. Floor 0, inside engine/window.
package content

import (
	"bytes"
	"iter"
	"strings"
)

// Line is one line of a calendar, put together again where it was folded.
type Line struct {
	Name       string // in capital letters
	Params     map[string]string
	Value      string
	Start, End int // in the text
}

// Lines yields the lines that are not blank, and whether each is one of a calendar: of one that
// is not, the place alone is known. A line that begins with a space goes on with the one before.
func Lines(text []byte) iter.Seq2[Line, bool] {
	return func(yield func(Line, bool) bool) {
		for at := 0; at < len(text); {
			begin, end := at, at
			var whole []byte
			for first := true; at < len(text) && (first || text[at] == ' ' || text[at] == '\t'); first = false {
				rest := text[at:]
				if !first {
					rest = rest[1:]
				}
				part, _, _ := bytes.Cut(rest, []byte("\n"))
				end = len(text) - len(rest) + len(part)
				at = end + 1
				whole = append(whole, bytes.TrimSuffix(part, []byte("\r"))...)
			}
			if len(bytes.TrimSpace(whole)) == 0 {
				continue
			}
			line := Line{Start: begin, End: min(end, len(text))}
			ok := line.read(strings.TrimPrefix(string(whole), "\ufeff"))
			if !yield(line, ok) {
				return
			}
		}
	}
}

// read takes a line apart: NAME;PARAM=VALUE;PARAM="VALUE":VALUE.
func (l *Line) read(text string) bool {
	quoted, from := false, 0
	for i, c := range []byte(text) {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted || c != ';' && c != ':':
		default:
			if from == 0 {
				l.Name = strings.ToUpper(text[:i])
			} else {
				l.add(text[from:i])
			}
			if c == ':' {
				l.Value = strings.TrimSpace(text[i+1:])
				return l.Name != ""
			}
			from = i + 1
		}
	}
	return false
}

// add adds a parameter.
func (l *Line) add(part string) {
	name, value, ok := strings.Cut(part, "=")
	if !ok {
		return
	}
	if l.Params == nil {
		l.Params = map[string]string{}
	}
	l.Params[strings.ToUpper(name)] = strings.Trim(value, `"`)
}
