package connection

import (
	"slices"
	"sync"
)

// LogLine is a line that a plugin wrote to its log.
type LogLine struct {
	Plugin     string // its own name
	Connection string // over which it was used; empty: the default
	Text       []byte
}

// Logs passes on what the plugins of a plan write to their logs. What comes before
// anybody listens, as when a plan is previewed and then run, is kept for that. It is safe
// for concurrent use.
type Logs struct {
	mu      sync.Mutex
	to      func(LogLine)
	waiting []LogLine
	size    int  // of what waits, in bytes
	full    bool // there is no room for what comes
}

// maxWaiting bounds what is kept of logs that nobody listens to, in bytes.
const maxWaiting = 1 << 20

// To passes lines on from now on, and those first that have waited for it. It is called
// for one line at a time, and keeps none of it when it returns.
func (l *Logs) To(listener func(LogLine)) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.waiting {
		listener(line)
	}
	l.to, l.waiting, l.size = listener, nil, 0
}

// Of returns what takes the lines of a plugin over a connection.
func (l *Logs) Of(plugin, connection string) func(line []byte) {
	return func(text []byte) {
		l.mu.Lock()
		defer l.mu.Unlock()
		line := LogLine{Plugin: plugin, Connection: connection, Text: text}
		switch {
		case l.to != nil:
			l.to(line)
		case l.size+len(text) <= maxWaiting:
			line.Text = slices.Clone(text)
			l.waiting, l.size = append(l.waiting, line), l.size+len(text)
		case !l.full:
			line.Text = []byte("… what came here before the run began is not kept")
			l.waiting, l.full = append(l.waiting, line), true
		}
	}
}
