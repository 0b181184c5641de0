package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gatebook/gatebook/engine/journal/internal/chain"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// readSize is how much is read at once; most lines are far shorter.
const readSize = 64 << 10

// Summary is what reading a journal to its end has shown.
type Summary struct {
	Head  Head  // the last whole record
	Bytes int64 // of all whole records
	// Torn counts the bytes behind these: a line without its newline, which is what
	// a write that was cut off leaves. Nobody was ever told that it is on the disk.
	Torn int64
}

// Replay reads the journal in r to its end, checks every record against the chain,
// and gives each to each, which may be nil. It holds one record at a time, and reads
// the bytes as they are, so that a sound journal of any length verifies in one pass.
//
// A torn last line is no error, and is not given to each. Anything else that is not
// as it was written gives a [DamagedError]; an error of each ends the reading and is
// returned wrapped. The summary then tells how far it came.
func Replay(r io.Reader, each func(Record) error) (Summary, error) {
	return replay(r, Summary{}, each)
}

// replay reads on from where another reading has come to; the zero one is none.
func replay(r io.Reader, sum Summary, each func(Record) error) (Summary, error) {
	in := chain.NewLines(r, readSize)
	c := chain.New()
	if sum.Head.Seq > 0 {
		c.Head = sum.Head
	}
	sum.Head, sum.Torn = c.Head, 0
	for {
		line, size, err := in.Next()
		if errors.Is(err, io.EOF) {
			sum.Torn = size
			return sum, nil
		}
		if err != nil {
			return sum, fmt.Errorf("read record %d of the journal: %w", sum.Head.Seq+1, err)
		}
		if size > chain.MaxLine {
			return sum, damaged(sum, errors.New(chain.TooLong))
		}
		rec, err := c.Read(line)
		if err != nil {
			return sum, damaged(sum, err)
		}
		if each != nil {
			if err := each(rec); err != nil {
				return sum, fmt.Errorf("record %d: %w", rec.Seq, err)
			}
		}
		sum.Head = c.Head
		sum.Bytes += size
	}
}

func damaged(sum Summary, reason error) error {
	return &DamagedError{Seq: sum.Head.Seq + 1, Offset: sum.Bytes, Reason: reason.Error()}
}

// placed adds the file to an error about damage in it.
func placed(err error, path string) error {
	if damage, ok := errors.AsType[*DamagedError](err); ok {
		damage.Path = path
	}
	return err
}

// Repair says what was cut off the end of a journal when it was opened for writing.
// The zero Repair is that of a journal that needed none.
type Repair struct {
	After uint64 // the last whole record
	Bytes int64  // how many bytes were cut off
	Saved string // the file that they are kept in
}

// repair cuts a torn line off f, after keeping its bytes in a file beside it: cutting
// is right, as nobody was told that the record is safe, but a person may want to look.
func repair(f *os.File, path string, sum Summary) (Repair, error) {
	if sum.Torn == 0 {
		return Repair{}, nil
	}
	saved, err := saveTorn(f, path, sum)
	if err != nil {
		return Repair{}, fmt.Errorf("keep the torn end of journal %s: %w", path, err)
	}
	if err := f.Truncate(sum.Bytes); err != nil {
		return Repair{}, fmt.Errorf("cut the torn end off journal %s: %w", path, err)
	}
	return Repair{After: sum.Head.Seq, Bytes: sum.Torn, Saved: saved}, nil
}

func saveTorn(f *os.File, path string, sum Summary) (string, error) {
	kept, err := disk.CreateNumbered(filepath.Join(filepath.Dir(path), "journal.torn-"))
	if err != nil {
		return "", err
	}
	_, err = io.Copy(kept, io.NewSectionReader(f, sum.Bytes, sum.Torn))
	err = errors.Join(err, kept.Sync(), kept.Close(), disk.SyncDir(filepath.Dir(path)))
	return kept.Name(), err
}
