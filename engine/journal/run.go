package journal

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// Run is the folder of one run. It is a name for what is on the disk and holds nothing
// open, so that any process may look at a run that another one drives.
type Run struct {
	id    string
	dir   string
	store *Store
}

// NewRunID makes the id of a run from the time and a random number: readable, and
// sorting by time to the millisecond, such as "20261121-193055-k3f9x".
func NewRunID(now time.Time, random uint64) string { return label.NewRunID(now, random) }

// ID returns the run's id.
func (r *Run) ID() string { return r.id }

// Made returns when the run's folder was made, by its id: to the second, and also where
// nothing in the folder can be read.
func (r *Run) Made() time.Time {
	made, _ := label.ReadRunID(r.id)
	return made
}

// JournalPath returns the journal's file, for people to look at.
func (r *Run) JournalPath() string { return filepath.Join(r.dir, "journal.jsonl") }

func (r *Run) inbox() string    { return filepath.Join(r.dir, "inbox") }
func (r *Run) outputs() string  { return filepath.Join(r.dir, "output") }
func (r *Run) lockPath() string { return filepath.Join(r.dir, "lock") }

// SaveRunbook keeps the bytes of the runbook that the run was made from.
func (r *Run) SaveRunbook(text []byte) error { return r.save("runbook.yaml", text) }

// Runbook returns the bytes of the runbook that the run was made from.
func (r *Run) Runbook() ([]byte, error) { return r.load("runbook.yaml") }

// SaveFile keeps a file that the runbook takes in, by the name that it has for it.
func (r *Run) SaveFile(name string, text []byte) error { return r.save(keptAs(name), text) }

// File returns a file that the runbook takes in, by the name that it has for it.
func (r *Run) File(name string) ([]byte, error) { return r.load(keptAs(name)) }

// keptAs is what such a file is called in the run's folder: its own name may lead out of it.
func keptAs(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "file-" + hex.EncodeToString(sum[:16])
}

// SavePlan keeps the plan that the run carries out.
func (r *Run) SavePlan(plan []byte) error { return r.save("plan.json", plan) }

// Plan returns the plan that the run carries out.
func (r *Run) Plan() ([]byte, error) { return r.load("plan.json") }

func (r *Run) save(name string, data []byte) error {
	if err := disk.WriteFile(filepath.Join(r.dir, name), data); err != nil {
		return fmt.Errorf("save %s of run %s: %w", name, r.id, err)
	}
	return nil
}

func (r *Run) load(name string) ([]byte, error) {
	data, err := disk.ReadFile(filepath.Join(r.dir, name))
	if err != nil {
		return nil, fmt.Errorf("load %s of run %s: %w", name, r.id, err)
	}
	return data, nil
}

// Discard removes the folder of a run that did not begin, so that no list shows it. The
// folder of one whose journal holds anything stays.
func (r *Run) Discard() error {
	journal, err := os.Stat(r.JournalPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) || err == nil && journal.Size() > 0 {
		return err
	}
	if err := os.RemoveAll(r.dir); err != nil {
		return fmt.Errorf("remove run %s, which did not begin: %w", r.id, err)
	}
	return nil
}

// CreateJournal begins the journal of a new run. The caller holds the run's lock.
func (r *Run) CreateJournal() (*Journal, error) { return createJournal(r.JournalPath()) }

// OpenJournal opens the run's journal to go on with it: each sees every record, as in
// [Replay], a torn last line is cut off and the repair told. The caller holds the run's
// lock, as two writers would break the chain. Where somebody has removed that lock while
// another process writes the journal, the error is a [HeldError] all the same.
func (r *Run) OpenJournal(each func(Record) error) (*Journal, Repair, error) {
	j, repaired, err := openJournal(r.JournalPath(), each)
	if errors.Is(err, errBusy) {
		err = &HeldError{Path: r.lockPath()}
	}
	return j, repaired, err
}

// Replay reads and verifies the run's journal as [Replay] does, and changes nothing;
// the run may be going on meanwhile.
func (r *Run) Replay(each func(Record) error) (Summary, error) {
	return r.ReplayOn(Summary{}, each)
}

// ReplayOn is [Run.Replay] of what was appended since an earlier reading, whose summary
// is given.
func (r *Run) ReplayOn(from Summary, each func(Record) error) (Summary, error) {
	f, err := disk.OpenFile(r.JournalPath(), os.O_RDONLY)
	if err != nil {
		return from, fmt.Errorf("open journal: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	if _, err := f.Seek(from.Bytes, io.SeekStart); err != nil {
		return from, fmt.Errorf("open journal: %w", err)
	}
	sum, err := replay(f, from, each)
	return sum, placed(err, f.Name())
}
