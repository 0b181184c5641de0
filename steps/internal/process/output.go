package process

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gatebook/gatebook/plugins/sdk"
)

const (
	readSize = 32 << 10 // what is read of a pipe at once
	longLine = 16 << 10 // what is passed on as a line even if it goes on
	lastLine = 200      // what of the last line an error shows
	// cutMark stands wherever text was cut: who masks secrets knows by it that there may
	// be a part of one beside it.
	cutMark = "…"
)

// collector takes one output stream: it passes its lines on, and keeps its
// beginning and its end.
type collector struct {
	Kept

	host   sdk.Host
	stream string

	buffers *sync.Pool // of *[]byte
	buffer  *[]byte    // the line that is not complete yet; nil until something is read
	used    int
	ended   []byte // the last line that was not empty
	// continued is set where the line that comes next goes on with one that was cut.
	continued bool
}

// collector returns one for a stream of a process.
func (r *Runner) collector(spec Spec, stream string) collector {
	return collector{Kept: Kept{limit: spec.Keep}, host: spec.Host, stream: stream, buffers: &r.buffers}
}

// room returns where to read the next bytes to.
func (c *collector) room() []byte {
	if c.buffer == nil {
		c.buffer = c.buffers.Get().(*[]byte)
	}
	return (*c.buffer)[c.used:]
}

// took takes in the n bytes that were read.
func (c *collector) took(n int) {
	chunk := *c.buffer
	c.hold(chunk[c.used : c.used+n])
	c.used = c.pass(chunk, c.used+n)
}

// end takes in that nothing more will be read.
func (c *collector) end() {
	if c.buffer != nil {
		c.line((*c.buffer)[:c.used])
	}
	c.release()
}

// release gives the buffer back; doing it twice does no harm.
func (c *collector) release() {
	if c.buffer != nil {
		c.buffers.Put(c.buffer)
		c.buffer, c.used = nil, 0
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
		// The mark stands for the rest, and for the part before: see [cutMark].
		end := wholeRunes(rest[:longLine-2*len(cutMark)])
		c.line(append(bytes.Clone(rest[:end]), cutMark...))
		rest = rest[end:]
		c.continued = true
	}
	return copy(chunk, rest)
}

// wholeRunes returns how much of text there is before a character that is cut off.
func wholeRunes(text []byte) int {
	for back := 1; back < utf8.UTFMax && back <= len(text); back++ {
		if i := len(text) - back; utf8.RuneStart(text[i]) {
			if utf8.FullRune(text[i:]) {
				break
			}
			return i
		}
	}
	return len(text)
}

// line gives one line on. Of an empty one there is nothing to say.
func (c *collector) line(text []byte) {
	text = bytes.TrimSuffix(text, []byte("\r"))
	if len(text) == 0 {
		return
	}
	if c.continued {
		text, c.continued = append([]byte(cutMark), text...), false
	}
	c.ended = append(c.ended[:0], text...)
	if len(text) > lastLine {
		c.ended = append(c.ended[:wholeRunes(text[:lastLine])], cutMark...)
	}
	if c.host == nil {
		return
	}
	if !utf8.Valid(text) {
		text = bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	c.host.Output(c.stream, text)
}

// last returns the beginning of the last line that was not empty.
func (c *collector) last() string {
	return strings.ToValidUTF8(strings.TrimSpace(string(c.ended)), "\uFFFD")
}
