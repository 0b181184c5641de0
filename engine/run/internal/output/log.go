// Package output keeps what attempts print and plugins log, in the run's folder. Part of
// engine/run.
package output

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

// maxLog bounds what is kept of one attempt's output, in bytes: one noisy command must
// not fill the disk that all journals are on.
const maxLog = 256 << 20

// Log keeps what an attempt prints, a line each with its time. It holds lines back
// until it is flushed, since a system call for each would cost more than the printing.
// A log that cannot be written is no reason to break off a change: the journal, on the
// same disk, will say so. It is not safe for concurrent use.
type Log struct {
	Room int // for what is still to be kept, in bytes, as they are written

	file  io.WriteCloser
	lines *bufio.Writer
	line  []byte
	lost  int // lines for which there was no room
}

// OfAttempt returns the log of what the attempts of a step's part print.
func OfAttempt(folder *journal.Run, op event.Op) *Log {
	name := op.Step
	if op.Part != event.Do {
		name += "." + string(op.Part)
	}
	return New(folder.Output(name))
}

// New returns a log that is written to a file.
func New(file io.WriteCloser) *Log {
	return &Log{file: file, lines: bufio.NewWriterSize(file, 64<<10), Room: maxLog}
}

// Full stands in the log behind the last line that it has room for.
func Full() string {
	return fmt.Sprintf("what follows is not kept: such a log ends at %d MiB", maxLog>>20)
}

// Keep writes a line, and reports whether it is the first for which there is no room.
func (l *Log) Keep(now time.Time, attempt int, stream, text string) (full bool) {
	if l.lost > 0 {
		l.lost++
		return false
	}
	l.format(now, attempt, stream, text)
	if full = len(l.line) > l.Room; full {
		l.lost++
		l.format(now, attempt, "gatebook", Full())
	}
	l.Room -= len(l.line)
	_, _ = l.lines.Write(l.line)
	return full
}

// format makes a line; what belongs to no attempt has none in it.
func (l *Log) format(now time.Time, attempt int, stream, text string) {
	l.line = now.UTC().AppendFormat(l.line[:0], "2006-01-02T15:04:05.000Z ")
	if attempt > 0 {
		l.line = strconv.AppendInt(l.line, int64(attempt), 10)
		l.line = append(l.line, ' ')
	}
	l.line = append(l.line, stream...)
	l.line = append(l.line, ' ')
	l.line = append(l.line, text...)
	l.line = append(l.line, '\n')
}

// Lacks says what was printed and is not in the log; empty: nothing.
func (l *Log) Lacks() string {
	if l.lost == 0 {
		return ""
	}
	return fmt.Sprintf("its log ends at %d MiB, and does not have the last %s that it printed", maxLog>>20, count(l.lost))
}

func count(lines int) string {
	if lines == 1 {
		return "line"
	}
	return strconv.Itoa(lines) + " lines"
}

// Flush gives what is held back to the kernel.
func (l *Log) Flush() {
	if l.lines.Buffered() > 0 {
		_ = l.lines.Flush()
	}
}

// Close flushes the log and closes its file.
func (l *Log) Close() {
	l.Flush()
	_ = l.file.Close()
}
