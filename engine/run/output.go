package run

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

// outputLog keeps what an attempt prints, a line each with its time. It holds lines back
// until it is flushed, since a system call for each would cost more than the printing.
// A log that cannot be written is no reason to break off a change: the journal, on the
// same disk, will say so. It is not safe for concurrent use.
type outputLog struct {
	file  io.WriteCloser
	lines *bufio.Writer
	line  []byte
	room  int // in bytes, as they are written
	lost  int // lines for which there was no room
}

func newOutputLog(folder *journal.Run, op event.Op) *outputLog {
	name := op.Step
	if op.Part != event.Do {
		name += "." + string(op.Part)
	}
	return newLog(folder.Output(name))
}

func newLog(file io.WriteCloser) *outputLog {
	return &outputLog{file: file, lines: bufio.NewWriterSize(file, 64<<10), room: maxLog}
}

// logIsFull stands in the log behind the last line that it has room for.
func logIsFull() string {
	return fmt.Sprintf("what follows is not kept: such a log ends at %d MiB", maxLog>>20)
}

// keep writes a line, and reports whether it is the first for which there is no room.
func (l *outputLog) keep(now time.Time, attempt int, stream, text string) (full bool) {
	if l.lost > 0 {
		l.lost++
		return false
	}
	l.format(now, attempt, stream, text)
	if full = len(l.line) > l.room; full {
		l.lost++
		l.format(now, attempt, "gatebook", logIsFull())
	}
	l.room -= len(l.line)
	_, _ = l.lines.Write(l.line)
	return full
}

// format makes a line; what belongs to no attempt has none in it.
func (l *outputLog) format(now time.Time, attempt int, stream, text string) {
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

// lacks says what was printed and is not in the log; empty: nothing.
func (l *outputLog) lacks() string {
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

func (l *outputLog) flush() {
	if l.lines.Buffered() > 0 {
		_ = l.lines.Flush()
	}
}

func (l *outputLog) close() {
	l.flush()
	_ = l.file.Close()
}
