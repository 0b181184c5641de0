package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/gatebook/gatebook/engine/journal/internal/label"
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

// The name beside a lock is on the disk before the run goes on, which takes a while: until
// then it is that of the owner before, who may be dead.
func TestHolderIsTheOneThatLives(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	locks, err := run.Lock(t.Context(), testOwner(2), "web")
	if err != nil {
		t.Fatal(err)
	}
	dead := testOwner(1)
	dead.Run = run.ID()
	for _, lock := range locks.held {
		if err := writeOwner(lock.path, dead); err != nil {
			t.Fatal(err)
		}
	}
	if owner, alive, err := run.Alive(); err != nil || !alive || owner.PID != 2 {
		t.Errorf("driven by %v, %v, %v", owner, alive, err)
	}
	_, err = run.Lock(t.Context(), testOwner(3))
	if held, ok := errors.AsType[*HeldError](err); !ok || held.Owner.PID != 2 {
		t.Errorf("the run is held: %v", err)
	}
	for _, lock := range locks.held { // as the end of their process would
		if err := lock.flock.Unlock(); err != nil {
			t.Fatal(err)
		}
	}
	if owner, alive, err := run.Alive(); err != nil || alive || owner.PID != 1 {
		t.Errorf("last driven by %v, %v, %v", owner, alive, err)
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

func TestPausedRunKeepsItsDeclaredLocks(t *testing.T) {
	t.Parallel()
	paused := newRun(t)
	other, err := paused.store.Create("20261121-200000-aaaa")
	if err != nil {
		t.Fatal(err)
	}
	since := time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC)
	pause(t, paused, since, "a", "b")
	if owner, alive, err := paused.Alive(); alive || err != nil || owner != (Owner{}) {
		t.Errorf("its own lock was not given back: %v, %v, %v", owner, alive, err)
	}
	_, err = other.Lock(t.Context(), testOwner(2), "b")
	held, ok := errors.AsType[*HeldError](err)
	if !ok || held.Name != "b" || held.Elsewhere || held.Owner.Run != paused.ID() || !held.Owner.Paused.Equal(since) {
		t.Fatalf("another run: %v", err)
	}
	equal(t, "message", err.Error(), fmt.Sprintf("lock run %s: the lock \"b\" is kept by run %[2]s of web-rolling-upgrade (ann), "+
		"which has been paused since 2026-11-21T20:00:00Z; go on with it: gatebook resume %[2]s, take it back: gatebook rollback %[2]s, "+
		"or end it: gatebook cancel %[2]s", other.ID(), paused.ID()))

	// It takes them itself, from any host, and whatever it does not get round to stays.
	abroad := testOwner(3)
	abroad.Host = "there"
	locks, err := paused.Lock(t.Context(), abroad, "a", "b")
	if err != nil || len(locks.Taken) > 0 {
		t.Fatalf("the run itself: %v, %v", locks, err)
	}
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Lock(t.Context(), testOwner(2), "a"); err == nil {
		t.Error("the mark went with a resumption that came to nothing")
	}
	locks, err = paused.Lock(t.Context(), testOwner(3), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	locks.Keep(time.Time{}) // it ended
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
	locks, err = other.Lock(t.Context(), testOwner(2), "a", "b")
	if err != nil || len(locks.Taken) > 0 {
		t.Fatalf("after its end: %v, %v", locks, err)
	}
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLockOfAPausedRunThatIsGoneIsTakenOver(t *testing.T) {
	t.Parallel()
	paused := newRun(t)
	pause(t, paused, time.Date(2026, 11, 21, 20, 0, 0, 0, time.UTC), "a")
	if err := os.RemoveAll(paused.dir); err != nil {
		t.Fatal(err)
	}
	other, err := paused.store.Create("20261121-200000-aaaa")
	if err != nil {
		t.Fatal(err)
	}
	locks, err := other.Lock(t.Context(), testOwner(2), "a")
	if err != nil {
		t.Fatal(err)
	}
	if len(locks.Taken) != 1 || locks.Taken[0].Name != "a" ||
		!strings.HasPrefix(locks.Taken[0].Reason(), "its last owner had paused, and its folder is gone: run "+paused.ID()) {
		t.Errorf("taken over: %v", locks.Taken)
	}
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
}

// pause has a run take its locks and pause.
func pause(t *testing.T, run *Run, since time.Time, names ...string) {
	t.Helper()
	locks, err := run.Lock(t.Context(), testOwner(1), names...)
	if err != nil {
		t.Fatal(err)
	}
	locks.Keep(since)
	if err := locks.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLockNamesStayInTheirFolder(t *testing.T) {
	t.Parallel()
	run := newRun(t)
	for _, name := range []string{"", ".", "..", "../x", "a/b", `a\b`, "/etc/passwd", ".hidden", "-flag", "a\x00b", "ü", "a b", strings.Repeat("x", label.Max+1)} {
		if _, err := run.Lock(t.Context(), testOwner(1), name); err == nil || !strings.Contains(err.Error(), "lock") {
			t.Errorf("%q: got %v", name, err)
		}
		if _, alive, err := run.Alive(); alive || err != nil {
			t.Errorf("%q: the run stays locked after the refusal: %v", name, err)
		}
	}
	for _, name := range []string{"web-production", "A.b_c-1", "0", strings.Repeat("x", label.Max)} {
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
	equal(t, "explanation", locks.Taken[0].Reason(),
		"its last owner died without giving it back, and its name cannot be read")
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
