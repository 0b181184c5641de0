package journal

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gofrs/flock"
)

func TestLocksAreAllOrNone(t *testing.T) {
	t.Parallel()
	one := newRun(t)
	two, err := one.store.Create("20261121-200000-aaaa")
	if err != nil {
		t.Fatal(err)
	}
	locks, err := one.Lock(t.Context(), testOwner(1), "m")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := two.Lock(t.Context(), testOwner(2), "z", "m", "a"); err == nil {
		t.Fatal("got a lock that another run holds")
	}
	for _, name := range []string{"a", "z"} {
		if _, err := os.Stat(filepath.Join(one.store.Root(), "locks", name+".lock.json")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("lock %s kept its owner: %v", name, err)
		}
	}
	if _, alive, err := two.Alive(); alive || err != nil {
		t.Errorf("the refused run counts as driven: %v, %v", alive, err)
	}
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
	locks, err = two.Lock(t.Context(), testOwner(2), "z", "m", "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	if len(locks.Taken) > 0 {
		t.Errorf("taken over from nobody: %v", locks.Taken)
	}
	if err := errors.Join(locks.Close(), locks.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestLockFilesStay(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	locks, err := run.Lock(t.Context(), testOwner(1), "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{run.lockPath(), filepath.Join(run.store.Root(), "locks", "web.lock")} {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("removing a lock file lets two hold it: %v", err)
		}
	}
}

func TestLockNamesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "/etc/passwd", ".hidden", "-flag", "a\x00b", "ü", "a b", strings.Repeat("x", maxName+1)} {
		if _, err := run.Lock(t.Context(), testOwner(1), name); err == nil || !strings.Contains(err.Error(), "lock") {
			t.Errorf("%q: got %v", name, err)
		}
		if _, alive, err := run.Alive(); alive || err != nil {
			t.Errorf("%q: the run stays locked after the refusal: %v", name, err)
		}
	}
	for _, name := range []string{"web-production", "A.b_c-1", "0", strings.Repeat("x", maxName)} {
		locks, err := run.Lock(t.Context(), testOwner(1), name)
		if err != nil {
			t.Fatal(err)
		}
		if err := locks.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Where the state lies on a shared disk, a free lock does not prove that the owner on
// another host has died.
func TestOwnerOnAnotherHostIsNotTakenForDead(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	abroad := testOwner(7)
	abroad.Host, abroad.Run = "there", run.ID()
	if err := writeOwner(run.lockPath(), abroad); err != nil {
		t.Fatal(err)
	}
	_, err := run.Lock(t.Context(), testOwner(1))
	held, ok := errors.AsType[*HeldError](err)
	if !ok || !held.Elsewhere {
		t.Fatalf("got %v, want a HeldError from elsewhere", err)
	}
	remove := ownerPath(run.lockPath())
	if !strings.Contains(err.Error(), "look on host there, and if it has ended, remove "+remove+" and try again") {
		t.Fatalf("got %v", err)
	}
	if err := os.Remove(remove); err != nil { // what the message tells
		t.Fatal(err)
	}
	locks, err := run.Lock(t.Context(), testOwner(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestOwnerThatCannotBeReadIsTakenOverWithoutAName(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	if err := os.WriteFile(ownerPath(run.lockPath()), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	locks, err := run.Lock(t.Context(), testOwner(1))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "taken over", locks.Taken, []Takeover{{}})
	equal(t, "explanation", locks.Taken[0].String(),
		"the run was taken over from a process that died without giving it back, and whose name cannot be read")
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
}

// A look at the lock by [Run.Alive] holds it for an instant.
func TestLockOutlastsALookAtIt(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	look := flock.New(run.lockPath())
	if free, err := look.TryRLock(); !free || err != nil {
		t.Fatal(free, err)
	}
	got := make(chan error)
	go func() {
		locks, err := run.Lock(context.WithoutCancel(t.Context()), testOwner(1))
		if err == nil {
			err = locks.Close()
		}
		got <- err
	}()
	if err := look.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-got; err != nil {
		t.Fatal(err)
	}
}

func TestLockOfAnAnonymousHolder(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	other := flock.New(run.lockPath())
	if free, err := other.TryLock(); !free || err != nil {
		t.Fatal(free, err)
	}
	if _, alive, err := run.Alive(); !alive || err != nil {
		t.Errorf("got %v, %v, want alive", alive, err)
	}
	_, err := run.Lock(t.Context(), testOwner(1))
	if err == nil || !strings.Contains(err.Error(), "the run is held by a process that left no name") {
		t.Errorf("got %v", err)
	}
	if err := other.Unlock(); err != nil {
		t.Fatal(err)
	}
}

func TestLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newRun(t).Lock(ctx, testOwner(1)); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestRunThatWasNeverLockedIsNotAlive(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	if owner, alive, err := run.Alive(); alive || err != nil || owner != (Owner{}) {
		t.Fatalf("got %v, %v, %v", owner, alive, err)
	}
	if _, err := os.Stat(run.lockPath()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("looking made a lock file: %v", err)
	}
}
