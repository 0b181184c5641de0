package journal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
)

// peekSize is how much of a journal is read at first, from either end.
const peekSize = 8 << 10

// Entry returns what a list shows of the run.
func (r *Run) Entry() Entry {
	e := Entry{Run: r}
	f, err := os.Open(r.JournalPath())
	if err != nil {
		e.Err = fmt.Errorf("open journal: %w", err)
		return e
	}
	defer f.Close()
	if err := e.peek(f); err != nil {
		var damage *DamagedError
		if errors.As(err, &damage) {
			damage.Path = f.Name()
		}
		e.First, e.Last, e.Records, e.Err = nil, nil, 0, err
	}
	return e
}

func (e *Entry) peek(f *os.File) error {
	if err := e.peekFirst(f); err != nil || e.First == nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return e.peekLast(f, info.Size())
}

func (e *Entry) peekFirst(f *os.File) error {
	in := newLineReader(io.NewSectionReader(f, 0, maxLine), peekSize)
	line, _, err := in.next()
	if errors.Is(err, io.EOF) {
		return nil // empty, or torn in its first record: the run never began
	}
	if err != nil {
		return err
	}
	rec, err := newChain().read(line)
	if err != nil {
		return damaged(Summary{}, err)
	}
	e.First = bytes.Clone(rec.Payload)
	return nil
}

// peekLast finds the last line that has a newline in a file that begins with a whole
// record, and checks it against the hash that the line before it ends with.
func (e *Entry) peekLast(f *os.File, size int64) error {
	for window := int64(peekSize); ; window *= 2 {
		window = min(window, size)
		tail := make([]byte, window)
		if _, err := f.ReadAt(tail, size-window); err != nil {
			return err
		}
		end := bytes.LastIndexByte(tail, '\n')
		start := bytes.LastIndexByte(tail[:max(end, 0)], '\n') + 1
		// The window must hold the end of the line before, with its hash.
		if start > tailLen || window == size {
			return e.checkLast(tail[:start], tail[start:end], size-window+int64(start))
		}
		if window > 2*maxLine {
			return damaged(Summary{Bytes: size - window}, errors.New("its line is longer than gatebook writes any"))
		}
	}
}

func (e *Entry) checkLast(before, line []byte, offset int64) error {
	seq, _, _, err := split(line)
	if err != nil {
		return &DamagedError{Offset: offset, Reason: err.Error()}
	}
	n, err := strconv.ParseUint(string(seq), 10, 64)
	if err != nil || n == 0 {
		return &DamagedError{Offset: offset, Reason: "it has no number"}
	}
	c := newChain()
	if len(before) > 0 {
		c.head.Seq = n - 1
		if err := c.resumeAfter(before); err != nil {
			return &DamagedError{Seq: n - 1, Offset: offset, Reason: err.Error()}
		}
	}
	rec, err := c.read(line)
	if err != nil {
		return &DamagedError{Seq: n, Offset: offset, Reason: err.Error()}
	}
	e.Last, e.Records = bytes.Clone(rec.Payload), rec.Seq
	return nil
}

// resumeAfter takes the head's hash from the end of a line, newline and all.
func (c *chain) resumeAfter(line []byte) error {
	line = bytes.TrimSuffix(line, []byte(afterHash+"\n"))
	text := line[max(len(line)-hexLen, 0):]
	if !isHex(text) {
		return errors.New("it does not end with a hash")
	}
	_, err := hex.Decode(c.head.Hash[:], text)
	return err
}
