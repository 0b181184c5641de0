package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"
)

// ErrNoRun is wrapped by the error of [Store.Open] for a run that is not there.
var ErrNoRun = errors.New("there is no such run")

// AmbiguousError says that a name, in [Store.Open], could be that of several runs.
type AmbiguousError struct {
	Name string
	IDs  []string // of the runs that it could be, oldest first
}

// Error names some of them.
func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("run %q could be any of %d: %s", e.Name, len(e.IDs), strings.Join(e.IDs[:min(len(e.IDs), 5)], ", "))
}

// DamagedError says that a journal is not as it was written: a record before the
// last one, or a last one that is whole, does not fit into the chain. Such a journal
// is refused, because what it says about the system may be untrue.
type DamagedError struct {
	Path   string // empty where the journal was not read from a file
	Seq    uint64 // number of the record that was expected; 0: the last one's
	Offset int64  // byte at which its line begins
	Reason string // what is wrong with the line
}

// Error says where the damage is and what was expected there.
func (e *DamagedError) Error() string {
	file, record := "journal", "its last record"
	if e.Path != "" {
		file += " " + e.Path
	}
	if e.Seq > 0 {
		record = fmt.Sprintf("record %d", e.Seq)
	}
	return fmt.Sprintf("%s: %s, at byte %d, was changed after it was written: %s", file, record, e.Offset, e.Reason)
}

var (
	// errGone says that a journal is not where it was opened.
	errGone = errors.New("it was removed, moved or replaced while the run went on")
	// errBusy says that another process has a journal open for writing.
	errBusy = errors.New("another process is writing it")
)

// WriteError says that a journal could not be written. The journal takes no more
// records from then on; the run is to start nothing new, and can be resumed from
// what is on the disk.
type WriteError struct {
	Op      string // what was being done: "write", "sync" or "keep" where it was
	Path    string
	Durable uint64 // the last record that is surely on the disk; 0: none
	Written uint64 // the last record that is in the file, though perhaps not on the disk
	Lost    uint64 // how many records after Written were asked for and are not in the file
	Err     error
}

// Error says what was being done to which file, how much of the run is safe, and
// what to do next. A run of which nothing is in the file has not begun.
func (e *WriteError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s journal %s: %v; ", e.Op, e.Path, e.Err)
	if e.Durable == 0 {
		b.WriteString("no record is surely on the disk")
	} else {
		fmt.Fprintf(&b, "records up to %d are on the disk", e.Durable)
	}
	if later := e.Written - e.Durable; later > 0 {
		fmt.Fprintf(&b, ", %d more may be", later)
	}
	if e.Lost > 0 {
		fmt.Fprintf(&b, ", %d later ones are lost", e.Lost)
	}
	b.WriteString("; " + Advice(e.Err))
	if e.Written > 0 {
		b.WriteString(", then resume the run")
	}
	return b.String()
}

// Unwrap returns the error of the operating system.
func (e *WriteError) Unwrap() error { return e.Err }

// Advice says what a person does about an error of the file system, as the beginning
// of a sentence: "free space on that disk".
func Advice(err error) string {
	switch {
	case errors.Is(err, errGone):
		return "put the run's folder back as it was"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space on that disk"
	case errors.Is(err, syscall.EROFS):
		return "make that file system writable"
	case errors.Is(err, fs.ErrPermission):
		return "give this user the right to write there"
	case errors.Is(err, syscall.EFBIG):
		return "raise the limit on the size of files"
	case errors.Is(err, syscall.EIO):
		return "check that disk"
	default:
		return "mend the cause"
	}
}

// HeldError says that a lock is taken, by a process or by a run that has paused, and
// what can be done.
type HeldError struct {
	Name  string // of the declared lock; empty: the lock on the run itself
	Path  string // of the lock file
	Owner Owner  // zero where the owner could not be read
	// Elsewhere is true where nobody on this host holds the lock, but its owner ran
	// on another one, so that nobody here can tell whether it lives.
	Elsewhere bool
}

// ByAnother reports whether a declared lock is certainly held or kept by another run than the
// one of the name, and so is no longer that one's.
func (e *HeldError) ByAnother(run string) bool {
	return e.Name != "" && !e.Elsewhere && e.Owner.Run != "" && e.Owner.Run != run
}

// Error names the owner, since when it has the lock or has paused, and what to type.
func (e *HeldError) Error() string {
	what := lockName(e.Name)
	switch {
	case e.Elsewhere:
		return fmt.Sprintf("%s belongs to %s, and from here nobody can tell whether that process lives; "+
			"look on host %s, and if it has ended, remove %s and try again", what, e.Owner, e.Owner.Host, ownerPath(e.Path))
	case !e.Owner.Paused.IsZero():
		return fmt.Sprintf("%s is kept by %s (%s), which has been paused since %s; go on with it: gatebook resume %[5]s, "+
			"take it back: gatebook rollback %[5]s, or end it: gatebook cancel %[5]s",
			what, e.Owner.what(), e.Owner.User, e.Owner.Paused.UTC().Format(time.RFC3339), e.Owner.Run)
	case e.Owner.Run == "":
		return fmt.Sprintf("%s is held by a process that left no name in %s; try again in a moment", what, ownerPath(e.Path))
	default:
		return fmt.Sprintf("%s is held by %s; follow it with: gatebook status %s, or stop it with: gatebook cancel %s",
			what, e.Owner, e.Owner.Run, e.Owner.Run)
	}
}
