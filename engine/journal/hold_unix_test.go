//go:build unix

package journal

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/gatebook/gatebook/engine/journal/internal/disk"
)

// Whoever finds a run's lock in the way and removes it does not get in beside the process
// that drives the run.
func TestRemovingTheLockLetsNobodyIn(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	locks, err := run.Lock(t.Context(), testOwner(1))
	if err != nil {
		t.Fatal(err)
	}
	j, err := run.CreateJournal()
	if err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, sample...)
	if err := errors.Join(j.Sync(), os.Remove(run.lockPath())); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the first look leaves a lock behind
		_, err = run.Lock(t.Context(), testOwner(2))
		if held, ok := errors.AsType[*HeldError](err); !ok || held.Owner.PID != 1 {
			t.Fatalf("got %v", err)
		}
		if owner, alive, err := run.Alive(); err != nil || !alive || owner.PID != 1 {
			t.Fatalf("driven by %v, %v, %v", owner, alive, err)
		}
	}
	_, _, err = run.OpenJournal(nil)
	if _, ok := errors.AsType[*HeldError](err); !ok {
		t.Fatalf("got %v", err)
	}
	if err := errors.Join(j.Close(), locks.Close()); err != nil {
		t.Fatal(err)
	}
	second, err := run.Lock(t.Context(), testOwner(2))
	if err != nil || len(second.Taken) > 0 {
		t.Fatalf("%+v, %v", second, err)
	}
	j, _, err = run.OpenJournal(nil)
	if err := errors.Join(err, j.Close(), second.Close()); err != nil {
		t.Fatal(err)
	}
}

// A program that is being started has every open file of this process until it runs. What
// this process gives back in that moment is free all the same.
func TestWhatIsGivenBackIsFreeWhileAProgramStarts(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	locks, err := run.Lock(t.Context(), testOwner(1))
	if err != nil {
		t.Fatal(err)
	}
	j, err := run.CreateJournal()
	if err != nil {
		t.Fatal(err)
	}
	f, ok := j.file.(disk.File)
	if !ok {
		t.Fatalf("the journal writes to %T", j.file)
	}
	started, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(started) }()
	if err := errors.Join(j.Close(), locks.Close()); err != nil {
		t.Fatal(err)
	}
	if owner, alive, err := run.Alive(); err != nil || alive {
		t.Errorf("driven by %v, %v, %v", owner, alive, err)
	}
	again, _, err := run.OpenJournal(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// A record that is written where nobody finds it is not called safe.
func TestJournalThatIsTakenAwayIsNoticed(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(*Run) error{
		"removed":        func(r *Run) error { return os.Remove(r.JournalPath()) },
		"folder removed": func(r *Run) error { return os.RemoveAll(r.dir) },
		"folder moved":   func(r *Run) error { return os.Rename(r.dir, r.dir+".old") },
		"replaced": func(r *Run) error {
			text, err := os.ReadFile(r.JournalPath())
			return errors.Join(err, os.Remove(r.JournalPath()), os.WriteFile(r.JournalPath(), text, 0o600))
		},
	} {
		run := newRun(t)
		fill(t, run, sample...)
		j, _, err := run.OpenJournal(nil)
		if err != nil {
			t.Fatal(err)
		}
		appendAll(t, j, `"one"`)
		if err := errors.Join(j.Sync(), take(run)); err != nil {
			t.Fatal(err)
		}
		appendAll(t, j, `"two"`)
		failed, ok := errors.AsType[*WriteError](j.Sync())
		if !ok || failed.Durable != 0 || !errors.Is(failed, errGone) {
			t.Errorf("%s: %v", name, failed)
		}
		if err := j.Close(); !errors.Is(err, failed) {
			t.Errorf("%s: on closing: %v", name, err)
		}
	}
}
