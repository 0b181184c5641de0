package reading

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	// longLine is what of a line is handed on; the rest is cut.
	longLine = 16 << 10
	// cutMark stands wherever text was cut. Who masks secrets knows by it that there may be a part
	// of one beside it.
	cutMark = "…"
)

// printed is what a task has printed, as far as it is asked for.
type printed struct {
	reading
	task  string
	raw   bool          // it has a terminal
	since time.Duration // no older lines; 0: all
	tail  *int64        // no more than these last lines; nil: all
}

// each hands on the lines, one after the other; they are not kept.
func (p printed) each(outer context.Context, line func(text []byte)) error {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	silent := sdk.Errorf(sdk.Transient, "nothing has come of the log for %s", p.Timeout)
	silence := time.AfterFunc(p.Timeout, func() { cancel(silent) })
	defer silence.Stop()
	options := client.TaskLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "all"}
	if p.since > 0 {
		options.Since = strconv.FormatFloat(float64(time.Now().Add(-p.since).UnixMilli())/1000, 'f', 3, 64)
	}
	if p.tail != nil {
		options.Tail = strconv.FormatInt(*p.tail, 10)
	}
	stream, err := p.Docker.TaskLogs(ctx, p.task, options)
	if err != nil {
		return p.fault(ctx, err)
	}
	defer stream.Close()
	out, errs := &lines{each: line}, &lines{each: line}
	heard := io.TeeReader(stream, hearing(func() { silence.Reset(p.Timeout) }))
	if p.raw {
		_, err = io.Copy(out, heard)
	} else {
		_, err = stdcopy.StdCopy(out, errs, heard)
	}
	out.end()
	errs.end()
	return p.fault(ctx, err)
}

// fault is an error of reading the log, with its class.
func (p printed) fault(ctx context.Context, err error) error {
	if silent, is := errors.AsType[*sdk.Error](context.Cause(ctx)); is && err != nil {
		return fmt.Errorf("read the log of the task %s: %w", p.task, silent)
	}
	return p.Fault(ctx, err, "read the log of the task %s", p.task)
}

// hearing is told that something has come.
type hearing func()

func (h hearing) Write(text []byte) (int, error) {
	h()
	return len(text), nil
}

// lines takes what is printed on one stream, and hands it on line by line.
type lines struct {
	each func(text []byte)
	line []byte // what has come of a line that is not complete
	long bool   // its beginning was handed on, and the rest is dropped
}

// Write takes in what is printed next.
func (l *lines) Write(text []byte) (int, error) {
	rest := text
	for {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			l.take(rest)
			return len(text), nil
		}
		l.take(rest[:end])
		if !l.long {
			l.pass(l.line)
		}
		l.line, l.long = l.line[:0], false
		rest = rest[end+1:]
	}
}

// take adds to the line that is not complete, and hands its beginning on where it is too long.
func (l *lines) take(text []byte) {
	if l.long {
		return
	}
	if l.line = append(l.line, text...); len(l.line) > longLine {
		l.pass(append(l.line[:longLine:longLine], cutMark...))
		l.line, l.long = l.line[:0], true
	}
}

// pass hands a line on.
func (l *lines) pass(line []byte) {
	l.each(bytes.ToValidUTF8(bytes.TrimSuffix(line, []byte("\r")), []byte("\uFFFD")))
}

// end takes in that nothing more is printed.
func (l *lines) end() {
	if len(l.line) > 0 {
		l.pass(l.line)
		l.line = nil
	}
}

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
		line = cutMark + line[over:]
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
