package process

import (
	"bytes"
	"slices"
	"strings"
	"sync"

	"github.com/gatebook/gatebook/plugins/sdk/wire"
)

// tail passes on what a plugin logs, line by line, and remembers the last lines, to
// say what it said before it died.
type tail struct {
	to func(line []byte) // nil: nobody

	mu      sync.Mutex
	partial []byte
	cut     bool // the partial line is the rest of one
	last    []string
}

const (
	tailLines   = 5
	tailLineMax = 4 << 10 // a longer line is passed on in parts
)

// Write takes what comes; it never fails.
func (t *tail) Write(text []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.partial = append(t.partial, text...)
	for {
		line, rest, whole := bytes.Cut(t.partial, []byte("\n"))
		if !whole && len(line) <= tailLineMax {
			t.partial = slices.Clone(line) // let go of what was read
			return len(text), nil
		}
		part, left := wire.Cut(line, t.cut, tailLineMax)
		t.line(part)
		if t.cut = left != nil; t.cut {
			rest = t.partial[len(line)-len(left):]
		}
		t.partial = rest
	}
}

// end takes what has come for a line, though nothing ends it: nothing follows.
func (t *tail) end() {
	t.mu.Lock()
	begun := len(t.partial) > 0
	t.mu.Unlock()
	if begun {
		_, _ = t.Write([]byte("\n"))
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
