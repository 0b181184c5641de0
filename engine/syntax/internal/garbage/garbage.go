// Package garbage finds the bytes that do not belong in a text file. It knows
// nothing of YAML but which characters that forbids. Floor 2.
package garbage

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/gatebook/gatebook/engine/diag"
	"github.com/gatebook/gatebook/engine/source"
)

// Replace reports bytes that do not belong in a runbook, and returns the text with
// each of them replaced by as many harmless ones, so that the rest is still read
// and every offset stays true. Without such bytes the text is returned as it is; nil
// says that the file is no text, so that nothing else need be said of it.
func Replace(file *source.File) ([]byte, diag.List) {
	s := sanitizer{file: file, text: file.Text()}
	if isUTF16(s.text) {
		return nil, diag.List{diag.InvalidUTF8.At(file.Range(0, 2), "The file is not in UTF-8.").
			WithHint("the file is in UTF-16: save it as UTF-8")}
	}
	for i := file.LineStart(1); i < len(s.text); {
		if len(s.found) == limit {
			last := &s.found[limit-1]
			last.Detail += fmt.Sprintf(" A file with %d such places is no text, and is not read any further.", limit)
			return nil, s.found
		}
		if c := s.text[i]; c >= ' ' && c < 0x7F || c == '\n' || c == '\t' {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s.text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			size = s.invalid(i)
		case r == '\r':
			if i+1 == len(s.text) || s.text[i+1] != '\n' {
				s.control(i, size, r)
			}
		case isControl(r):
			s.control(i, size, r)
		}
		i += size
	}
	if s.clean == nil {
		return s.text, s.found
	}
	return s.clean, s.found
}

// isControl covers what YAML does not allow beside what nobody can see.
func isControl(r rune) bool {
	return diag.Hidden(r) || r == '\uFEFF' || r == '\uFFFE' || r == '\uFFFF'
}

type sanitizer struct {
	file  *source.File
	text  []byte
	clean []byte // nil until something is replaced
	found diag.List
}

// limit is how many places of garbage are reported before it is clear that the
// file is no text at all.
const limit = 20

// isUTF16 reports whether a text is in the other encoding that is common: it has the
// byte order mark of that, or begins with two characters of which one byte is zero.
func isUTF16(text []byte) bool {
	if bytes.HasPrefix(text, []byte{0xFF, 0xFE}) || bytes.HasPrefix(text, []byte{0xFE, 0xFF}) {
		return true
	}
	return len(text) >= 4 && (text[0] == 0) != (text[1] == 0) && (text[0] == 0) == (text[2] == 0) && (text[1] == 0) == (text[3] == 0)
}

func (s *sanitizer) add(d diag.Diagnostic) { s.found = append(s.found, d) }

func (s *sanitizer) replace(start, end int) {
	if s.clean == nil {
		s.clean = bytes.Clone(s.text)
	}
	for i := start; i < end; i++ {
		s.clean[i] = '_'
	}
}

// invalid reports a run of bytes that are not UTF-8, and returns its length.
func (s *sanitizer) invalid(start int) int {
	end := start
	for end < len(s.text) {
		if r, size := utf8.DecodeRune(s.text[end:]); r != utf8.RuneError || size != 1 {
			break
		}
		end++
	}
	s.replace(start, end)
	s.add(diag.InvalidUTF8.At(s.file.Range(start, end), "The byte 0x%02X does not belong to any character of UTF-8.", s.text[start]).
		WithHint("save the file as UTF-8"))
	return end - start
}

func (s *sanitizer) control(start, size int, r rune) {
	s.replace(start, start+size)
	d := diag.ControlCharacter.At(s.file.Range(start, start+size), "The character U+%04X cannot be seen and does not belong in a runbook.", r)
	switch {
	case r == '\r':
		d = d.WithHint("end lines with a line feed (LF), or with CR LF")
	case r == 0:
		d = d.WithHint("is this a text file?")
	case r <= 0xFF:
		d = d.WithHint("in double quotes it can be written as \\x%02X", r)
	default:
		d = d.WithHint("in double quotes it can be written as \\u%04X", r)
	}
	s.add(d)
}
