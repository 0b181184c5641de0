package host

import (
	"bytes"
	"strings"
	"sync"
)

// tail passes on what a plugin logs, line by line, and remembers the last lines, to
// say what it said before it died.
type tail struct {
	to func(line []byte) // nil: nobody

	mu      sync.Mutex
	partial []byte
	last    []string
}

const (
	tailLines   = 5
	tailLineMax = 4 << 10 // a longer line is passed on in parts
	// cutMark stands at each cut, by which those who mask know to look for parts of
	// secrets there.
	cutMark = "…"
)

// Write takes what comes; it never fails.
func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partial = append(t.partial, text...)
	for {
		end := bytes.IndexByte(t.partial, '\n')
		switch {
		case end >= 0 && end <= tailLineMax:
			t.line(t.partial[:end])
			t.partial = t.partial[end+1:]
		case len(t.partial) > tailLineMax:
			rest := append([]byte(cutMark), t.partial[tailLineMax:]...)
			t.line(append(t.partial[:tailLineMax:tailLineMax], cutMark...))
			t.partial = rest
		default:
			t.partial = append([]byte(nil), t.partial...) // let go of what was read
			return len(text), nil
		}
	}
}

// end takes what has come for a line, though nothing ends it: nothing follows.
func (t *tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.partial) > 0 {
		t.line(t.partial)
		t.partial = nil
	}
}

func (t *tail) line(line []byte) {
	line = bytes.TrimRight(line, "\r")
	if t.to != nil {
		t.to(line)
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return
	}
	t.last = append(t.last, string(line))
	if len(t.last) > tailLines {
		t.last = t.last[1:]
	}
}

// cause is what the plugin said last, to follow an error; empty where it was silent.
func (t *tail) cause() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.last) == 0 {
		return ""
	}
	return "; it said last: " + strings.Join(t.last, " / ")
}
