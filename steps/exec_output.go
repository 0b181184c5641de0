package steps

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	readSize = 32 << 10 // what is read of a pipe at once
	longLine = 16 << 10 // what is passed on as a line even if it goes on
	lastLine = 200      // what of the last line an error shows
)

// collector takes one output stream: it passes its lines on, and keeps its
// beginning and its end.
type collector struct {
	host   sdk.Host
	stream string
	keep   int

	head, tail []byte // tail holds up to twice what it must, so that it rarely moves
	total      int64
	ended      []byte // the last line that was not empty
}

// readFrom reads to the end, in chunks that end with a line.
func (c *collector) readFrom(file *os.File, buffers *sync.Pool) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	chunk, used := *buffer, 0
	for {
		n, err := file.Read(chunk[used:])
		c.hold(chunk[used : used+n])
		used = c.pass(chunk, used+n)
		if err == nil {
			continue
		}
		c.line(chunk[:used])
		if c.host != nil && !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrDeadlineExceeded) {
			c.host.Progress(sdk.Progress{Message: c.stream + " cannot be read: " + err.Error()})
		}
		return
	}
}

// pass gives on the lines of chunk[:used] that are complete, and moves what is left
// to its beginning.
func (c *collector) pass(chunk []byte, used int) (left int) {
	rest := chunk[:used]
	for {
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			break
		}
		c.line(rest[:end])
		rest = rest[end+1:]
	}
	for len(rest) >= longLine {
		end := wholeRunes(rest[:longLine])
		c.line(rest[:end])
		rest = rest[end:]
	}
	return copy(chunk, rest)
}

// wholeRunes returns how much of text there is before a character that is cut off.
func wholeRunes(text []byte) int {
	for back := 1; back < utf8.UTFMax; back++ {
		if i := len(text) - back; utf8.RuneStart(text[i]) {
			if utf8.FullRune(text[i:]) {
				break
			}
			return i
		}
	}
	return len(text)
}

func (c *collector) line(text []byte) {
	text = bytes.TrimSuffix(text, []byte("\r"))
	if len(text) == 0 {
		return
	}
	c.ended = append(c.ended[:0], text[:min(len(text), lastLine)]...)
	if c.host == nil {
		return
	}
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	c.host.Output(c.stream, text)
}

// hold keeps the beginning and the end of all that is read.
func (c *collector) hold(text []byte) {
	c.total += int64(len(text))
	half := c.keep / 2
	if room := c.keep - half - len(c.head); room > 0 {
		n := min(room, len(text))
		c.head = append(c.head, text[:n]...)
		text = text[n:]
	}
	c.tail = append(c.tail, text[max(0, len(text)-half):]...)
	if len(c.tail) > 2*half {
		c.tail = c.tail[:copy(c.tail, c.tail[len(c.tail)-half:])]
	}
}

// text returns what is kept, with a mark where something is cut out.
func (c *collector) text() string {
	tail := c.tail[max(0, len(c.tail)-c.keep/2):]
	var text strings.Builder
	text.Write(c.head)
	if cut := c.total - int64(len(c.head)+len(tail)); cut > 0 {
		fmt.Fprintf(&text, "\n… %d bytes cut …\n", cut)
	}
	text.Write(tail)
	return strings.TrimRight(strings.ToValidUTF8(text.String(), "\uFFFD"), "\r\n")
}

func (c *collector) last() string {
	return strings.ToValidUTF8(strings.TrimSpace(string(c.ended)), "\uFFFD")
}
