package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
	"github.com/gatebook/gatebook/engine/journal/internal/label"
)

// A look at a lock ([Run.Alive]) holds it for an instant, and a new owner needs a
// moment to write its name. Trying for a while outlasts both.
const (
	patience = 250 * time.Millisecond
	between  = 5 * time.Millisecond
)

// Owner is who holds a lock. It is written beside the lock to be shown to others;
// whether the owner lives is never read from it.
type Owner struct {
	Run     string    `json:"run"` // set by [Run.Lock]
	Runbook string    `json:"runbook,omitempty"`
	Mode    string    `json:"mode,omitempty"` // in which the runbook is done; empty: in none
	PID     int       `json:"pid"`
	Started time.Time `json:"started"` // the process
	Host    string    `json:"host"`
	User    string    `json:"user"`
	Since   time.Time `json:"since"` // the lock
	// Paused is since when the run rests half-way, without a process. It keeps its
	// declared locks then. Zero: it does not.
	Paused time.Time `json:"paused,omitzero"`
}

// String returns the owner as an error message speaks of it.
func (o Owner) String() string {
	return fmt.Sprintf("%s (%s, process %d on host %s, since %s)",
		o.what(), o.User, o.PID, o.Host, o.Since.UTC().Format(time.RFC3339))
}

func (o Owner) what() string {
	text := "run " + o.Run
	if o.Runbook != "" {
		text += " of " + o.Runbook
	}
	if o.Mode != "" {
		text += " in mode " + o.Mode
	}
	return text
}

// Takeover says that a lock was free although its last owner never gave it back: that
// process has died, and left its run unfinished, or the run had paused and its folder
// has been removed since.
type Takeover struct {
	Name     string // of the declared lock; empty: the lock on the run itself
	Previous Owner  // zero where it could not be read
}

// Reason says why the lock was free, and what to look at.
func (t Takeover) Reason() string {
	switch {
	case t.Previous.Run == "":
		return "its last owner died without giving it back, and its name cannot be read"
	case !t.Previous.Paused.IsZero():
		return fmt.Sprintf("its last owner had paused, and its folder is gone: %s", t.Previous)
	default:
		return fmt.Sprintf("its last owner died without giving it back: %s; that run is unfinished, see: gatebook status %s",
			t.Previous, t.Previous.Run)
	}
}

func lockName(name string) string {
	if name == "" {
		return "the run"
	}
	return fmt.Sprintf("the lock %q", name)
}

// Locks are what a run holds while a process drives it. They also end with the
// process, however it ends; of a run that has paused, the declared ones stay its own.
type Locks struct {
	held []*lock
	// Taken are the locks whose last owner is no more. The caller tells the user, and writes
	// it into the journal.
	Taken []Takeover
}

// Lock takes the run's own lock and each of the declared locks, or none of them. Where
// another process has one, or another run that has paused, the error is a [HeldError].
func (r *Run) Lock(ctx context.Context, owner Owner, names ...string) (*Locks, error) {
	owner.Run = r.id
	locks := &Locks{}
	err := locks.take(ctx, r.store, "", r.lockPath(), owner)
	if err == nil {
		err = r.unwritten(ctx, locks.held[0].leaves)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock run %s: %w", r.id, err), locks.Close())
	}
	// In one order for all, so that of two runs that want the same locks one gets all.
	for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if err := locks.takeNamed(ctx, r.store, name, owner); err != nil {
			return nil, errors.Join(fmt.Errorf("lock run %s: %w", r.id, err), locks.Close())
		}
	}
	return locks, nil
}

// unwritten returns a [HeldError] where a process writes the run's journal whose lock
// somebody took for a stale one and removed. The name that was beside the lock is its.
func (r *Run) unwritten(ctx context.Context, last *Owner) error {
	free, err := patiently(ctx, func() (bool, error) {
		held, err := disk.Held(r.JournalPath())
		return !held, err
	})
	switch {
	case free || errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	held := &HeldError{Path: r.lockPath()}
	if last != nil {
		held.Owner = *last
	}
	return held
}

// patiently tries until it works, for as long as a look from elsewhere may be in the way.
func patiently(ctx context.Context, try func() (bool, error)) (bool, error) {
	waiting, stop := context.WithTimeout(ctx, patience)
	defer stop()
	again := time.NewTicker(between)
	defer again.Stop()
	for {
		if done, err := try(); done || err != nil {
			return done, err
		}
		select {
		case <-again.C:
		case <-waiting.Done():
			return false, ctx.Err()
		}
	}
}

func (l *Locks) takeNamed(ctx context.Context, s *Store, name string, owner Owner) error {
	if err := label.Check("lock", name); err != nil {
		return err
	}
	dir := filepath.Join(s.root, "locks")
	if err := disk.MakeDir(dir); err != nil {
		return err
	}
	return l.take(ctx, s, name, filepath.Join(dir, name+".lock"), owner)
}

func (l *Locks) take(ctx context.Context, s *Store, name, path string, owner Owner) error {
	lock, previous, err := acquire(ctx, path, owner, s.has)
	if held, ok := errors.AsType[*HeldError](err); ok {
		held.Name = name
	}
	if err != nil {
		return err
	}
	l.held = append(l.held, lock)
	if previous == nil {
		return nil
	}
	if previous.Run == owner.Run {
		lock.leaves = previous
	}
	if !previous.rests(owner.Run) {
		l.Taken = append(l.Taken, Takeover{Name: name, Previous: *previous})
	}
	return nil
}

// rests reports whether the owner is a run that keeps the lock while it pauses.
func (o Owner) rests(run string) bool { return !o.Paused.IsZero() && o.Run == run }

// Keep says since when the run has paused: from then on its declared locks are refused
// to others, also after Close. With the zero time, as of a run that has ended, they are
// not. Of a run of which neither is said, as it was not taken up after all, Close leaves
// what Lock found.
func (l *Locks) Keep(since time.Time) {
	for i, lock := range l.held {
		lock.leaves = nil
		if i > 0 && !since.IsZero() { // the first is the run's own
			owner := lock.owner
			owner.Paused = since
			lock.leaves = &owner
		}
	}
}

// Close gives all locks back, the last first.
func (l *Locks) Close() error {
	var errs []error
	for _, lock := range slices.Backward(l.held) {
		errs = append(errs, lock.release())
	}
	l.held = nil
	return errors.Join(errs...)
}

// Alive reports whether a process drives the run now, by trying its lock, and the journal,
// which that process writes also where somebody has removed the lock. The owner is the one
// that does or, where none does, the last one that died without giving the lock back; zero
// where it was given back. A process on another host is seen only where the file system
// carries locks between hosts.
func (r *Run) Alive() (Owner, bool, error) {
	owner, alive, err := r.alive()
	if err != nil {
		return Owner{}, alive, fmt.Errorf("look at the lock of run %s: %w", r.id, err)
	}
	if owner == nil {
		owner = &Owner{}
	}
	return *owner, alive, nil
}

func (r *Run) alive() (*Owner, bool, error) {
	writes, err := disk.Held(r.JournalPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	probe := flock.New(r.lockPath(), flock.SetFlag(os.O_RDONLY))
	free := false
	err = disk.CheckFile(r.lockPath())
	if errors.Is(err, fs.ErrNotExist) && !writes {
		return nil, false, nil
	}
	if err == nil {
		free, err = probe.TryRLock()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, false, err
	}
	read := readHolder
	if free {
		read = readOwner
	}
	owner, err := read(r.lockPath())
	if free {
		err = errors.Join(err, probe.Unlock())
	}
	return owner, writes || !free, err
}

// lock is one lock file, held. The file stays for ever: whoever removed it could remove
// one that another process has just opened, and then two would hold "the" lock.
type lock struct {
	flock  *flock.Flock
	path   string
	owner  Owner
	leaves *Owner // who is named when the lock is given back; nil: nobody
}

// acquire takes a lock and writes the owner beside it. The previous owner is returned
// where it paused or died; the operating system lets go of the locks of a dead process,
// so that having the lock is the proof. exists tells whether a run is still there.
func acquire(ctx context.Context, path string, owner Owner, exists func(run string) bool) (*lock, *Owner, error) {
	l := &lock{path: path, owner: owner, flock: flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(disk.FileMode))}
	if err := l.try(ctx); err != nil {
		return nil, nil, err
	}
	l.sign()
	previous, err := readOwner(path)
	if err == nil && previous != nil {
		err = previous.yields(path, owner, exists)
	}
	if err == nil {
		err = writeOwner(path, owner)
	}
	if err != nil {
		return nil, nil, errors.Join(err, l.flock.Unlock())
	}
	return l, previous, nil
}

// yields returns an error where a free lock may still be the previous owner's.
func (o Owner) yields(path string, next Owner, exists func(run string) bool) error {
	paused := !o.Paused.IsZero()
	switch {
	case paused && (o.rests(next.Run) || !exists(o.Run)):
		return nil
	case paused:
		return &HeldError{Path: path, Owner: o}
	case o.Host != "" && o.Host != next.Host:
		return &HeldError{Path: path, Owner: o, Elsewhere: true}
	default:
		return nil
	}
}

func (l *lock) try(ctx context.Context) error {
	if err := disk.CheckFile(l.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("lock: %w", err)
	}
	waiting, stop := context.WithTimeout(ctx, patience)
	defer stop()
	locked, err := l.flock.TryLockContext(waiting, between)
	switch {
	case locked:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("lock %s: %w", l.path, ctx.Err())
	case !errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("lock %s: %w", l.path, err)
	}
	held := &HeldError{Path: l.path}
	if owner, err := readHolder(l.path); err == nil && owner != nil {
		held.Owner = *owner
	}
	return held
}

// sign writes the owner into the lock file itself, which says who has the lock for as
// long as it is held. The name beside it outlives the owner and so waits for the disk;
// until then it is still that of the one before. Without this one, that is what is shown.
func (l *lock) sign() {
	if data, err := json.Marshal(l.owner); err == nil {
		_ = os.WriteFile(l.path, data, disk.FileMode) // not where the disk is full
	}
}

// release removes the owner's name, or says that it keeps the lock, while the lock is
// still held, so that nobody takes a lock that was given back for one whose owner died.
func (l *lock) release() error {
	if l.leaves == nil {
		return errors.Join(os.Remove(ownerPath(l.path)), l.flock.Unlock())
	}
	// Where this cannot be written the name stays as it is, and whoever comes next is
	// told that it takes the lock over.
	return errors.Join(writeOwner(l.path, *l.leaves), l.flock.Unlock())
}

func ownerPath(lock string) string { return lock + ".json" }

func writeOwner(lock string, owner Owner) error {
	data, err := json.Marshal(owner)
	if err != nil {
		return err
	}
	return disk.WriteFile(ownerPath(lock), append(data, '\n'))
}

// readHolder returns who has a lock that is held, nil where nobody left a name.
func readHolder(lock string) (*Owner, error) {
	owner := new(Owner)
	if data, err := disk.ReadFile(lock); err == nil && json.Unmarshal(data, owner) == nil {
		return owner, nil
	}
	return readOwner(lock)
}

// readOwner returns nil where nobody left a name, and a zero owner where the name
// cannot be made out.
func readOwner(lock string) (*Owner, error) {
	data, err := disk.ReadFile(ownerPath(lock))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no owner is an answer
	}
	if err != nil {
		return nil, err
	}
	owner := new(Owner)
	if json.Unmarshal(data, owner) != nil {
		*owner = Owner{}
	}
	return owner, nil
}
