package reading

import (
	"unicode/utf8"

	"github.com/gatebook/gatebook/plugins/swarm/internal/printed"
)

// latest keeps the last lines that were added, bounded in their number and, with the line that breaks it
// cut, in their bytes.
type latest struct {
	lines, bytes int

	all  []string
	size int
}

func (l *latest) add(text []byte) {
	if l.lines <= 0 {
		return
	}
	line := string(text)
	if over := len(line) - l.bytes; over > 0 {
		for over < len(line) && !utf8.RuneStart(line[over]) {
			over++
		}
		line = printed.CutMark + line[over:]
	}
	l.all = append(l.all, line)
	l.size += len(line)
	for len(l.all) > l.lines || l.size > l.bytes && len(l.all) > 1 {
		l.size -= len(l.all[0])
		l.all = l.all[1:]
	}
}

// kept are the last lines, the oldest first.
func (l *latest) kept() []string { return append([]string{}, l.all...) }
