package chain

import (
	"bufio"
	"errors"
	"io"
)

// Lines cuts a stream into lines without holding more than one, and without
// holding one that is longer than any that was written.
type Lines struct {
	buf  *bufio.Reader
	long []byte // a line that does not fit into buf
}

// TooLong says what is wrong with a line that [Lines] does not hold.
const TooLong = "its line is longer than gatebook writes any"

// NewLines returns a reader of r that reads size bytes at once.
func NewLines(r io.Reader, size int) *Lines {
	return &Lines{buf: bufio.NewReaderSize(r, size)}
}

// Next returns a line without its newline, valid until the next call, and how many
// bytes it took. At the end of the stream it returns io.EOF, with the count of the
// bytes that no newline followed.
func (l *Lines) Next() (line []byte, size int64, err error) {
	l.long = l.long[:0]
	for {
		part, err := l.buf.ReadSlice('\n')
		size += int64(len(part))
		switch {
		case err == nil && size == int64(len(part)):
			return part[:len(part)-1], size, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, size, err
		}
		if size <= MaxLine {
			l.long = append(l.long, part...)
		}
		if err == nil {
			return l.long[:max(len(l.long)-1, 0)], size, nil
		}
	}
}
