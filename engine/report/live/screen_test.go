package live_test

import (
	"strconv"
	"strings"
	"testing"
)

// screen is a terminal as far as the views speak its language: it keeps every line that
// was ever shown, so that what scrolled out can be looked at too. Anything that it does
// not know fails the test.
type screen struct {
	t           *testing.T
	columns     int
	lines       [][]rune
	row, column int
	writes      int
}

func newScreen(t *testing.T, columns int) *screen {
	t.Helper()
	return &screen{t: t, columns: columns, lines: [][]rune{{}}}
}

// Write takes what a view writes.
func (s *screen) Write(p []byte) (int, error) {
	s.writes++
	for text := string(p); text != ""; {
		if sequence, ok := strings.CutPrefix(text, "\x1b["); ok {
			end := strings.IndexFunc(sequence, func(r rune) bool { return r >= 0x40 && r <= 0x7e })
			s.control(sequence[:end], sequence[end])
			text = sequence[end+1:]
			continue
		}
		r := []rune(text)[0]
		s.put(r)
		text = text[len(string(r)):]
	}
	return len(p), nil
}

func (s *screen) control(arguments string, final byte) {
	switch final {
	case 'A':
		n, err := strconv.Atoi(arguments)
		if err != nil || n > s.row {
			s.t.Errorf("the cursor is moved up %q rows from row %d", arguments, s.row)
		}
		s.row -= n
	case 'K':
		s.lines[s.row] = s.lines[s.row][:min(s.column, len(s.lines[s.row]))]
	case 'J':
		s.lines[s.row] = s.lines[s.row][:min(s.column, len(s.lines[s.row]))]
		s.lines = s.lines[:s.row+1]
	case 'm', 'h', 'l':
	default:
		s.t.Errorf("the view writes the sequence %q%c", arguments, final)
	}
}

func (s *screen) put(r rune) {
	switch r {
	case '\r':
		s.column = 0
	case '\n':
		s.row, s.column = s.row+1, 0
		if s.row == len(s.lines) {
			s.lines = append(s.lines, nil)
		}
	default:
		if s.column == s.columns {
			s.put('\n')
		}
		for len(s.lines[s.row]) <= s.column {
			s.lines[s.row] = append(s.lines[s.row], ' ')
		}
		s.lines[s.row][s.column] = r
		s.column++
	}
}

// text is what can be read, without the empty lines at the end.
func (s *screen) text() string {
	var lines []string
	for _, line := range s.lines {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}
