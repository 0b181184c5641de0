package container

import (
	"slices"
	"unicode/utf8"
)

// Last keeps the last lines that were printed, bounded in their number and, with the
// line that breaks it cut, in their bytes.
type Last struct {
	MaxLines, MaxBytes int

	lines []string
	bytes int
}

// Add takes in the line that is printed next.
func (l *Last) Add(text []byte) {
	if l.MaxLines <= 0 {
		return
	}
	line := string(text)
	if over := len(line) - l.MaxBytes; over > 0 {
		for over < len(line) && !utf8.RuneStart(line[over]) {
			over++
		}
		line = CutMark + line[over:]
	}
	l.lines = append(l.lines, line)
	l.bytes += len(line)
	for len(l.lines) > l.MaxLines || l.bytes > l.MaxBytes && len(l.lines) > 1 {
		l.bytes -= len(l.lines[0])
		l.lines = l.lines[1:]
	}
}

// Lines are the last lines, the oldest first.
func (l *Last) Lines() []string { return slices.Clone(l.lines) }
