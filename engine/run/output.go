package run

import (
	"bufio"
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
	room  int
}

func newOutputLog(folder *journal.Run, op event.Op) *outputLog {
	name := op.Step
	if op.Part != event.Do {
		name += "." + string(op.Part)
	}
	file := folder.Output(name)
	return &outputLog{file: file, lines: bufio.NewWriterSize(file, 64<<10), room: maxLog}
}

func (l *outputLog) keep(now time.Time, attempt int, stream, text string) {
	if l.room <= 0 {
		return
	}
	if l.room -= len(text) + 48; l.room <= 0 {
		stream, text = "gatebook", "what follows is not kept: the log of an attempt ends at "+strconv.Itoa(maxLog>>20)+" MiB"
	}
	l.line = now.UTC().AppendFormat(l.line[:0], "2006-01-02T15:04:05.000Z ")
	l.line = strconv.AppendInt(l.line, int64(attempt), 10)
	l.line = append(l.line, ' ')
	l.line = append(l.line, stream...)
	l.line = append(l.line, ' ')
	l.line = append(l.line, text...)
	_, _ = l.lines.Write(append(l.line, '\n'))
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
