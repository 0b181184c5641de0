package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// maxKept is the largest buffer that is kept from one group of records to the next.
const maxKept = 1 << 20

// file is the part of *os.File that a journal writes through; tests put a failing
// disk in its place.
type file interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

// Journal is the log of one run, open for writing. One goroutine owns it: it appends
// what has happened, and syncs once for all of it before it acts upon any of it.
type Journal struct {
	file    file
	path    string
	opened  fs.FileInfo // the file that path led to; nil: nobody looks whether it still does
	chain   *chain.Chain
	buf     []byte // whole lines that are not written yet
	size    int64  // of the file, whole records only
	written uint64 // the last record that the kernel has
	durable uint64 // the last record that the disk has
	stats   Stats
	err     *WriteError // set once, never cleared
}

// Stats counts what a journal has done since it was opened.
type Stats struct {
	Records uint64 // appended
	Bytes   uint64 // written
	Writes  uint64 // calls that wrote
	Syncs   uint64 // calls that waited for the disk
}

// createJournal makes a new journal file and puts its name on the disk.
func createJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, disk.FileMode)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	opened, err := hold(f)
	if err == nil {
		err = disk.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create journal %s: %w", path, err), disk.Close(f))
	}
	j := newJournal(disk.File{File: f}, path, chain.New(), 0)
	j.opened = opened
	return j, nil
}

// openJournal reads a journal to its end, repairs it, and opens it for appending.
func openJournal(path string, each func(Record) error) (*Journal, Repair, error) {
	f, err := disk.OpenFile(path, os.O_RDWR|os.O_APPEND)
	if err != nil {
		return nil, Repair{}, fmt.Errorf("open journal: %w", err)
	}
	j, repaired, err := goOn(f, path, each)
	if err != nil {
		return nil, Repair{}, errors.Join(err, disk.Close(f))
	}
	return j, repaired, nil
}

func goOn(f *os.File, path string, each func(Record) error) (*Journal, Repair, error) {
	opened, err := hold(f)
	if err != nil {
		return nil, Repair{}, fmt.Errorf("open journal %s: %w", path, err)
	}
	sum, err := Replay(f, each)
	if err != nil {
		return nil, Repair{}, placed(err, path)
	}
	repaired, err := repair(f, path, sum)
	if err != nil {
		return nil, Repair{}, err
	}
	// The process that wrote the last records may have died before its sync, and from
	// here on they are acted upon.
	if err := f.Sync(); err != nil {
		return nil, Repair{}, fmt.Errorf("sync journal %s: %w", path, err)
	}
	c := chain.New()
	c.Head = sum.Head
	j := newJournal(disk.File{File: f}, path, c, sum.Bytes)
	j.opened = opened
	return j, repaired, nil
}

// hold keeps every other writer out of a journal for as long as it is open. The run's lock
// does so too, until somebody removes it for a stale one.
func hold(f *os.File) (fs.FileInfo, error) {
	held, err := patiently(context.Background(), func() (bool, error) { return disk.Hold(f) })
	if err == nil && !held {
		err = errBusy
	}
	if err != nil {
		return nil, err
	}
	return f.Stat()
}

func newJournal(f file, path string, c *chain.Chain, size int64) *Journal {
	return &Journal{file: f, path: path, chain: c, size: size, written: c.Head.Seq, durable: c.Head.Seq}
}

// Append adds a record and returns its number. The payload is one JSON value without
// newlines, and is copied. Nothing is in the file before [Journal.Flush], and nothing
// is safe from a power cut before [Journal.Sync].
func (j *Journal) Append(payload []byte) (uint64, error) {
	if j.err != nil {
		return 0, j.err
	}
	if err := checkPayload(payload); err != nil {
		return 0, fmt.Errorf("append record %d: %w", j.chain.Head.Seq+1, err)
	}
	j.buf = j.chain.Write(j.buf, payload)
	j.stats.Records++
	return j.chain.Head.Seq, nil
}

func checkPayload(payload []byte) error {
	switch {
	case len(payload) > MaxPayload:
		return fmt.Errorf("the event has %d bytes, and at most %d are allowed", len(payload), MaxPayload)
	case bytes.IndexByte(payload, '\n') >= 0 || !json.Valid(payload):
		return errors.New("the event is not JSON on one line")
	default:
		return nil
	}
}

// Flush gives everything that was appended to the kernel, in one write: it then
// survives the death of this process, though not that of the machine.
func (j *Journal) Flush() error {
	if j.err != nil {
		return j.err
	}
	if len(j.buf) == 0 {
		return nil
	}
	n, err := j.file.Write(j.buf)
	j.stats.Writes++
	j.stats.Bytes += uint64(n)
	if err != nil {
		return j.failWrite(n, err)
	}
	j.size += int64(n)
	j.written = j.chain.Head.Seq
	if j.buf = j.buf[:0]; cap(j.buf) > maxKept {
		j.buf = nil
	}
	return nil
}

// Sync puts everything that was appended on the disk. All of it shares one wait for
// the disk, and there is none where nothing was added since the last.
func (j *Journal) Sync() error {
	if err := j.Flush(); err != nil {
		return err
	}
	if j.durable == j.written {
		return nil
	}
	j.stats.Syncs++
	if err := j.file.Sync(); err != nil {
		// The kernel may have dropped what it could not write and would call a second
		// sync a success, so there is none.
		return j.fail("sync", err)
	}
	if err := j.inPlace(); err != nil {
		return j.fail("keep", err)
	}
	j.durable = j.written
	return nil
}

// inPlace returns an error where the journal's path leads to the file no more, as when the
// run's folder was removed: what is written then is kept by nobody. Beside the wait for
// the disk that goes before it, the look costs nothing.
func (j *Journal) inPlace() error {
	if j.opened == nil {
		return nil
	}
	info, err := os.Stat(j.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(info, j.opened) {
		j.durable = 0 // wherever it is, nobody finds it there
		return errGone
	}
	return err
}

// failWrite saves what can be saved of a group of which n bytes were written: whole
// records stay, the rest is cut off. Where even that does not work, a torn line stays,
// and is repaired when the run is resumed.
func (j *Journal) failWrite(n int, cause error) error {
	whole := bytes.LastIndexByte(j.buf[:n], '\n') + 1
	j.written += uint64(bytes.Count(j.buf[:whole], []byte("\n")))
	j.size += int64(whole)
	if n > whole {
		if err := j.file.Truncate(j.size); err != nil {
			cause = fmt.Errorf("%w (and its torn end stays: %w)", bare(cause), bare(err))
		}
	}
	if j.durable < j.written {
		j.stats.Syncs++
		if j.file.Sync() == nil {
			j.durable = j.written
		}
	}
	return j.fail("write", cause)
}

func (j *Journal) fail(op string, cause error) error {
	j.err = &WriteError{
		Op: op, Path: j.path, Err: bare(cause),
		Durable: j.durable, Written: j.written, Lost: j.chain.Head.Seq - j.written,
	}
	return j.err
}

// bare takes off an error what [WriteError] says itself: the operation and the path.
func bare(err error) error {
	if at, ok := err.(*fs.PathError); ok { //nolint:errorlint // only the outermost
		return at.Err
	}
	return err
}

// Stats returns what the journal has done since it was opened.
func (j *Journal) Stats() Stats { return j.stats }

// Close syncs and closes the journal. After a failed write it returns that error
// again, so that nobody takes the run for a complete one.
func (j *Journal) Close() error {
	return errors.Join(j.Sync(), j.file.Close())
}
