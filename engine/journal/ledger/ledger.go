package ledger

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// Who changes something in the ledger holds its lock for an instant. patience outlasts many
// of them.
const (
	patience = 10 * time.Second
	between  = 5 * time.Millisecond
)

// Ledger is what a state folder remembers of sealed plans. It holds nothing open.
type Ledger struct{ store *journal.Store }

// Of returns the ledger of a folder of runs. Nothing is made before it is needed.
func Of(store *journal.Store) Ledger { return Ledger{store} }

func (l Ledger) path(names ...string) string {
	return filepath.Join(append([]string{l.store.Root(), "plans"}, names...)...)
}

// KeyPath returns the file of the key, for people to copy and to keep.
func (l Ledger) KeyPath() string { return l.path("key") }

// Key returns the key that plans are sealed by here, which is made when it is first asked
// for.
func (l Ledger) Key() ([]byte, error) {
	key, err := l.readKey()
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	err = l.alone(func() error {
		if key, err = l.readKey(); !errors.Is(err, fs.ErrNotExist) {
			return err // another process was quicker
		}
		key = make([]byte, KeySize)
		rand.Read(key) // it never fails: it ends the process first
		if err := disk.WriteFile(l.KeyPath(), []byte(hex.EncodeToString(key)+"\n")); err != nil {
			return fmt.Errorf("write the key that plans are sealed by: %w", err)
		}
		return nil
	})
	return key, err
}

func (l Ledger) readKey() ([]byte, error) {
	text, err := disk.ReadStart(l.KeyPath(), 4*KeySize)
	if err != nil {
		return nil, fmt.Errorf("read the key that plans are sealed by: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("%s is no key that plans are sealed by, which is %d bytes in hexadecimal: "+
			"put the right one back, or remove it, and make the plans again that were sealed by it", l.KeyPath(), KeySize)
	}
	return key, nil
}

// UsedError says that a plan cannot be carried out, as a run has done so, or does.
type UsedError struct {
	Run string
	// Gone says that the folder of the run is not there any more.
	Gone bool
	// Began says that the run has a record, or may have: it is more than about to begin.
	Began bool
}

// Error says which run it was, and where to look.
func (e *UsedError) Error() string {
	if e.Gone {
		return fmt.Sprintf("run %s has carried it out, whose folder is gone, and a plan is carried out once", e.Run)
	}
	return fmt.Sprintf("run %s carries it out, or has, and a plan is carried out once; see: gatebook status %[1]s", e.Run)
}

// Used returns a [UsedError] where a run carries out the plan of the serial, or has.
func (l Ledger) Used(serial string) error {
	if err := label.Check("plan", serial); err != nil {
		return err
	}
	text, err := disk.ReadStart(l.path("used", serial), label.Max)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look whether the plan was used: %w", err)
	}
	return l.judge(strings.TrimSpace(string(text)))
}

// judge says whether a plan is used that a run has claimed. A process that died between its
// claim and the first record of its run has done nothing, and leaves the plan as it was.
func (l Ledger) judge(id string) error {
	run, err := l.store.Open(id)
	switch {
	case errors.Is(err, journal.ErrNoRun):
		return &UsedError{Run: id, Gone: true}
	case err != nil:
		return err
	}
	_, alive, err := run.Alive()
	if err != nil {
		return err
	}
	// In this order: one that lives now may write its first record before that is looked for.
	if begun := began(run); alive || begun {
		return &UsedError{Run: id, Began: begun}
	}
	return nil
}

// began reports whether a run has a record, or may have: one that cannot be read is taken
// for one.
func began(run *journal.Run) bool {
	entry := run.Entry()
	return len(entry.First) > 0 || entry.Err != nil && !errors.Is(entry.Err, fs.ErrNotExist)
}

// Claim makes the plan of the serial a run's own, with the answers that were left for plans of
// its digest, which it returns: in one act, so that no answer is lost or counts for another run.
// The claim is on the disk when it returns. The caller holds the run's lock and has written no
// record of it. The error is a [UsedError] where another run was first.
func (l Ledger) Claim(serial, digest string, run *journal.Run) (answers map[string][]byte, err error) {
	folder, err := answersTo(digest)
	if err != nil {
		return nil, err
	}
	err = l.alone(func() error {
		if err := errors.Join(l.Used(serial), l.settle()); err != nil {
			return err
		}
		if answers, err = l.read(folder); err != nil {
			return err
		}
		if err := l.write(run.ID()+"\n", "used", serial); err != nil || len(answers) == 0 {
			return err
		}
		return l.take(folder, run.ID())
	})
	return answers, err
}

// Release gives back the claim of a run that did not begin, and the answers that it has taken.
func (l Ledger) Release(serial string, run *journal.Run) error {
	if began(run) {
		return nil
	}
	return l.alone(func() error {
		if err := l.giveBack(run.ID()); err != nil {
			return err
		}
		text, err := disk.ReadStart(l.path("used", serial), label.Max)
		if errors.Is(err, fs.ErrNotExist) || strings.TrimSpace(string(text)) != run.ID() {
			return nil
		}
		return os.Remove(l.path("used", serial))
	})
}

// write puts a file of the ledger on the disk.
func (l Ledger) write(text string, names ...string) error {
	path := l.path(names...)
	err := disk.MakeDir(filepath.Dir(path))
	if err == nil {
		err = disk.WriteFile(path, []byte(text))
	}
	if err != nil {
		return fmt.Errorf("write down what becomes of the plan: %w", err)
	}
	return nil
}

// alone does something while no other process changes the ledger.
func (l Ledger) alone(do func() error) (err error) {
	if err := disk.MakeDir(l.path()); err != nil {
		return fmt.Errorf("make the folder of sealed plans: %w", err)
	}
	path := l.path("lock")
	if err := disk.CheckFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lock the sealed plans: %w", err)
	}
	waiting, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(disk.FileMode))
	if _, err := lock.TryLockContext(waiting, between); err != nil {
		return fmt.Errorf("lock the sealed plans by %s, which another process holds: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return do()
}
