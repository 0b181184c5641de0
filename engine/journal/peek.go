package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// peekSize is how much of a journal is read at first, from either end.
const peekSize = 8 << 10

// Entry returns what a list shows of the run.
func (r *Run) Entry() Entry {
	e := Entry{Run: r}
	f, err := disk.OpenFile(r.JournalPath(), os.O_RDONLY)
	if err != nil {
		e.Err = fmt.Errorf("open journal: %w", err)
		return e
	}
	defer func() { _ = f.Close() }() // nothing was written
	err = e.peekFirst(f)
	if err == nil && e.First != nil {
		err = e.peekLast(f)
	}
	if err != nil {
		return Entry{Run: r, Err: placed(err, f.Name())}
	}
	return e
}

func (e *Entry) peekFirst(f *os.File) error {
	in := chain.NewLines(io.NewSectionReader(f, 0, chain.MaxLine), peekSize)
	line, _, err := in.Next()
	if errors.Is(err, io.EOF) {
		return nil // empty, or torn in its first record: the run never began
	}
	if err != nil {
		return err
	}
	rec, err := chain.New().Read(line)
	if err != nil {
		return damaged(Summary{}, err)
	}
	e.First = bytes.Clone(rec.Payload)
	return nil
}

// peekLast finds the last line that has a newline in a file that begins with a whole
// record, and checks it against the hash that the line before it ends with.
func (e *Entry) peekLast(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	for window := int64(peekSize); ; window *= 2 {
		window = min(window, size)
		tail := make([]byte, window)
		if _, err := f.ReadAt(tail, size-window); err != nil {
			return err
		}
		end := bytes.LastIndexByte(tail, '\n')
		start := bytes.LastIndexByte(tail[:max(end, 0)], '\n') + 1
		// The window must hold the end of the line before, with its hash.
		if start > chain.TailLen || window == size {
			return e.checkLast(tail[:start], tail[start:end], size-window+int64(start))
		}
		if window > 2*chain.MaxLine {
			return &DamagedError{Offset: size - window, Reason: chain.TooLong}
		}
	}
}

func (e *Entry) checkLast(before, line []byte, offset int64) error {
	rec, err := chain.New().ReadLast(before, line)
	if err != nil {
		return &DamagedError{Offset: offset, Reason: err.Error()}
	}
	e.Last, e.Records = bytes.Clone(rec.Payload), rec.Seq
	return nil
}
