package container

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gatebook/gatebook/plugins/sdk"
)

// Stream takes what a program prints on one of its streams: it passes the lines on, and
// keeps the end. It is safe for concurrent use, since who copies to it may outlive the
// program's end.
type Stream struct {
	Host sdk.Host
	Name string // of the stream, as the host is told
	Keep int    // in bytes

	mu     sync.Mutex
	kept   []byte // up to twice what is kept, so that it rarely moves
	total  int
	line   []byte // what has come of a line that is not complete
	last   string // the last line that was not empty
	cut    bool   // the line goes on with one that was cut
	closed bool
}

// Write takes in what is printed next. What comes after the end is dropped.
func (s *Stream) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return len(text), nil
	}
	s.total += len(text)
	if s.kept = append(s.kept, text...); len(s.kept) > 2*s.Keep {
		s.kept = append(s.kept[:0], s.kept[len(s.kept)-s.Keep:]...)
	}
	s.line = append(s.line, text...)
	for {
		end := bytes.IndexByte(s.line, '\n')
		switch {
		case end >= 0:
			s.pass(s.line[:end])
			s.line = append(s.line[:0], s.line[end+1:]...)
		case len(s.line) >= longLine:
			whole := wholeRunes(s.line)
			s.pass(append(bytes.Clone(s.line[:whole]), CutMark...))
			s.line, s.cut = append(s.line[:0], s.line[whole:]...), true
		default:
			return len(text), nil
		}
	}
}

// wholeRunes is how much of text there is before a character of which a part is missing.
func wholeRunes(text []byte) int {
	for back := 1; back < utf8.UTFMax && back < len(text); back++ {
		if begin := len(text) - back; utf8.RuneStart(text[begin]) {
			if utf8.FullRune(text[begin:]) {
				break
			}
			return begin
		}
	}
	return len(text)
}

// pass hands a line on. Of an empty one there is nothing to say.
func (s *Stream) pass(line []byte) {
	line = bytes.ToValidUTF8(bytes.TrimSuffix(line, []byte("\r")), []byte("\uFFFD"))
	if s.cut && len(line) > 0 {
		line = append([]byte(CutMark), line...)
	}
	s.cut = false
	if len(line) == 0 {
		return
	}
	s.last = string(line)
	if s.Host != nil {
		s.Host.Output(s.Name, line)
	}
}

// Close takes in that nothing more is printed.
func (s *Stream) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.pass(s.line)
		s.closed = true
	}
}

// Text is what is kept, without the newlines at its end. A mark at its beginning says
// that there was more before.
func (s *Stream) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	end := s.kept[max(0, len(s.kept)-s.Keep):]
	mark := ""
	if s.total > len(end) {
		mark = CutMark
		for len(end) > 0 && !utf8.RuneStart(end[0]) {
			end = end[1:]
		}
	}
	return mark + strings.TrimRight(strings.ToValidUTF8(string(end), "\uFFFD"), "\r\n")
}

// IsCut reports whether more was printed than is kept.
func (s *Stream) IsCut() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.total > s.Keep
}

// inError is what of a line an error shows.
const inError = 200

// LastLine is the last line that was not empty, for an error.
func (s *Stream) LastLine() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.last) <= inError {
		return s.last
	}
	return strings.ToValidUTF8(s.last[:inError], "") + CutMark
}
