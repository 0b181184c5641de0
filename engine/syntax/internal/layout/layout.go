// Package layout knows where lines of a text begin and end, how deep they are indented,
// and the few bytes that part one value of YAML from the next. It reads no YAML. Floor 2.
package layout

import "bytes"

// LineEnd returns where the line with the offset at ends, without its line ending.
func LineEnd(text []byte, at int) int {
	end := len(text)
	if i := bytes.IndexByte(text[min(at, end):], '\n'); i >= 0 {
		end = at + i
	}
	if end > at && text[end-1] == '\r' {
		end--
	}
	return end
}

// NextLine returns where the line behind the one with the offset at begins.
func NextLine(text []byte, at int) int {
	if i := bytes.IndexByte(text[min(at, len(text)):], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

// Spaces counts the spaces that a text begins with.
func Spaces[T string | []byte](text T) int {
	for i := range len(text) {
		if text[i] != ' ' {
			return i
		}
	}
	return len(text)
}

// IsSpace reports whether a byte is white space or part of a line ending.
func IsSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// IsFlowMark reports whether a byte has a meaning of its own inside [ ] and { }.
func IsFlowMark(b byte) bool { return b == ',' || b == '[' || b == ']' || b == '{' || b == '}' }
