// Package printed reads what a task of a service has printed, line by line. It leaves out whose lines are
// asked for, and what is made of them.
package printed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

const (
	// longLine is what of a line is handed on; the rest is cut.
	longLine = 16 << 10
	// CutMark stands wherever text was cut. Who masks secrets knows by it that there may be a part
	// of one beside it.
	CutMark = "…"
)

// Task is what a task has printed, as far as it is asked for.
type Task struct {
	*engine.Engine
	ID       string
	Terminal bool          // it has one, and prints on one stream
	Since    time.Duration // no older lines; 0: all
	Tail     *int64        // no more than these last lines; nil: all
}

// Each hands on the lines, one after the other; they are not kept.
func (t Task) Each(outer context.Context, line func(text []byte)) error {
	ctx, cancel := context.WithCancelCause(outer)
	defer cancel(nil)
	silent := sdk.Errorf(sdk.Transient, "nothing has come of the log for %s", t.Timeout)
	silence := time.AfterFunc(t.Timeout, func() { cancel(silent) })
	defer silence.Stop()
	options := client.TaskLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "all"}
	if t.Since > 0 {
		options.Since = strconv.FormatFloat(float64(time.Now().Add(-t.Since).UnixMilli())/1000, 'f', 3, 64)
	}
	if t.Tail != nil {
		options.Tail = strconv.FormatInt(*t.Tail, 10)
	}
	stream, err := t.Docker.TaskLogs(ctx, t.ID, options)
	if err != nil {
		return t.fault(ctx, err)
	}
	defer stream.Close()
	out, errs := &lines{each: line}, &lines{each: line}
	heard := io.TeeReader(stream, hearing(func() { silence.Reset(t.Timeout) }))
	if t.Terminal {
		_, err = io.Copy(out, heard)
	} else {
		_, err = stdcopy.StdCopy(out, errs, heard)
	}
	out.end()
	errs.end()
	return t.fault(ctx, err)
}

// fault is an error of reading the log, with its class.
func (t Task) fault(ctx context.Context, err error) error {
	if silent, is := errors.AsType[*sdk.Error](context.Cause(ctx)); is && err != nil {
		return fmt.Errorf("read the log of the task %s: %w", t.ID, silent)
	}
	return t.Fault(ctx, err, "read the log of the task %s", t.ID)
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
		l.pass(append(l.line[:longLine:longLine], CutMark...))
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
