// Package source holds the bytes of a file and turns byte offsets into the
// places that people read: file, line and column.
//
// Every finding of gatebook about a file is given as a [Range] of byte offsets;
// lines and columns are computed only when somebody looks. The package knows
// nothing of YAML and reads no disk. Floor 0: it imports the standard library.
package source

import (
	"bytes"
	"fmt"
	"sort"
	"unicode/utf8"
)

// File is one document: its name as the user typed it, its bytes, and where
// its lines begin. It is immutable, and safe for concurrent use.
type File struct {
	name  string
	text  []byte
	lines []int // byte offset of the start of each line
	marks []mark
}

// mark is a place in a file with a long line, so that a column far behind the line's
// start is found without counting all that is before it.
type mark struct {
	offset     int
	characters int // before the offset
}

// stride is about how many bytes are between two marks.
const stride = 4096

// bom is the byte order mark that some editors put before the text. It takes no
// column, so that places are the same with it and without.
const bom = "\uFEFF"

// NewFile indexes text, which must not be changed afterwards. A line ends at
// "\n"; the "\r" of a CRLF ending counts as part of the line's end.
func NewFile(name string, text []byte) *File {
	lines := make([]int, 1, 1+bytes.Count(text, []byte{'\n'}))
	if bytes.HasPrefix(text, []byte(bom)) {
		lines[0] = len(bom)
	}
	longest := 0
	for i, b := range text {
		if b == '\n' {
			longest = max(longest, i-lines[len(lines)-1])
			lines = append(lines, i+1)
		}
	}
	file := &File{name: name, text: text, lines: lines}
	if max(longest, len(text)-lines[len(lines)-1]) > stride {
		file.marks = marksOf(text)
	}
	return file
}

// marksOf puts marks into a text, none of them inside a character.
func marksOf(text []byte) []mark {
	marks := make([]mark, 1, 1+len(text)/stride)
	for end := stride; end < len(text); end += stride {
		for range utf8.UTFMax - 1 {
			if end < len(text) && !utf8.RuneStart(text[end]) {
				end++
			}
		}
		last := marks[len(marks)-1]
		marks = append(marks, mark{end, last.characters + utf8.RuneCount(text[last.offset:end])})
	}
	return marks
}

// characters counts the characters between two offsets.
func (f *File) characters(start, end int) int {
	if end-start <= stride {
		return utf8.RuneCount(f.text[start:end])
	}
	return f.before(end) - f.before(start)
}

// before counts the characters before an offset in a file that has marks.
func (f *File) before(offset int) int {
	behind := sort.Search(len(f.marks), func(i int) bool { return f.marks[i].offset > offset })
	last := f.marks[behind-1]
	return last.characters + utf8.RuneCount(f.text[last.offset:offset])
}

// Name returns the file's name as it was given to [NewFile].
func (f *File) Name() string { return f.name }

// Text returns the file's bytes. The caller must not change them.
func (f *File) Text() []byte { return f.text }

// LineCount returns how many lines the file has, at least 1.
func (f *File) LineCount() int { return len(f.lines) }

// Line returns line n, counted from 1, without its line ending; it is empty
// for a line that the file does not have.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return string(f.text[f.LineStart(n):f.LineEnd(n)])
}

// LineEnd returns the byte offset at which line n ends, without its line ending,
// counted from 1 and clamped to the file.
func (f *File) LineEnd(n int) int {
	start, end := f.LineStart(n), len(f.text)
	if n = max(n, 1); n < len(f.lines) {
		end = f.lines[n] - 1
	}
	if end > start && f.text[end-1] == '\r' {
		end--
	}
	return end
}

// LineStart returns the byte offset at which line n begins, counted from 1 and
// clamped to the file. A byte order mark belongs to no line.
func (f *File) LineStart(n int) int {
	switch {
	case n > len(f.lines):
		return len(f.text)
	case n <= 1:
		return f.lines[0]
	default:
		return f.lines[n-1]
	}
}

// Position is a place in a file, as editors count: lines from 1, columns from 1
// in characters (Unicode code points), not bytes.
type Position struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Position converts a byte offset. An offset outside the file is clamped to it.
func (f *File) Position(offset int) Position {
	offset = min(max(offset, f.lines[0]), len(f.text))
	line := sort.SearchInts(f.lines, offset+1)
	start := f.lines[line-1]
	return Position{Line: line, Column: f.characters(start, offset) + 1}
}

// Offset converts a position back to a byte offset, clamped to the line and
// the file.
func (f *File) Offset(p Position) int {
	if p.Line < 1 {
		return f.lines[0]
	}
	if p.Line > len(f.lines) {
		return len(f.text)
	}
	start := f.lines[p.Line-1]
	line := f.Line(p.Line)
	for i := range line {
		if p.Column <= 1 {
			return start + i
		}
		p.Column--
	}
	return start + len(line)
}

// Range is a half-open range of byte offsets in a file. The zero Range is
// nowhere: a finding about the whole, or about a value that came from no file.
type Range struct {
	File       *File
	Start, End int
}

// Range returns the range of f from start up to, and without, end.
func (f *File) Range(start, end int) Range {
	return Range{File: f, Start: start, End: max(start, end)}
}

// IsZero reports whether r is nowhere.
func (r Range) IsZero() bool { return r.File == nil }

// Text returns the bytes that r covers.
func (r Range) Text() string {
	if r.IsZero() {
		return ""
	}
	n := len(r.File.text)
	return string(r.File.text[min(max(r.Start, 0), n):min(max(r.End, 0), n)])
}

// From returns the position of the first character of r.
func (r Range) From() Position {
	if r.IsZero() {
		return Position{}
	}
	return r.File.Position(r.Start)
}

// To returns the position just behind the last character of r.
func (r Range) To() Position {
	if r.IsZero() {
		return Position{}
	}
	return r.File.Position(r.End)
}

// String returns "file:line:col", which terminals and editors make a link of.
func (r Range) String() string {
	if r.IsZero() {
		return "-"
	}
	p := r.From()
	return fmt.Sprintf("%s:%d:%d", r.File.name, p.Line, p.Column)
}

// Compare orders ranges by file name, then start, then end; nowhere first.
func (r Range) Compare(o Range) int {
	switch {
	case r.IsZero() && o.IsZero():
		return 0
	case r.IsZero():
		return -1
	case o.IsZero():
		return 1
	case r.File.name != o.File.name:
		if r.File.name < o.File.name {
			return -1
		}
		return 1
	case r.Start != o.Start:
		return r.Start - o.Start
	default:
		return r.End - o.End
	}
}
