package engine_test

import (
	"errors"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
)

// limitFiles keeps this process from writing files beyond a size, as a full disk does.
func limitFiles(size uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = size
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

// wideAndLong has several changes in flight at most moments.
const wideAndLong = `
onFailure: rollback
steps:
  - {id: first, uses: crash.seen, with: {name: first}}
  - {id: left, uses: crash.seen, with: {name: left}, needs: [first]}
  - {id: right, uses: crash.put, with: {name: right}, needs: [first]}
  - {id: blind, uses: crash.blind, with: {name: blind}, needs: [first]}
  - {id: join, uses: crash.seen, with: {name: join}, needs: [left, right, blind]}
`

// The journal of the run meets the limit at one size after the other; whatever is
// lost, the run goes on later and nothing is done twice.
func TestRunThatCannotWriteItsJournal(t *testing.T) {
	t.Parallel()
	calm := newCrashOrder(t, wideAndLong)
	want := spawn(t, calm)
	if want.Error != "" || want.Outcome != event.OutcomeSucceeded {
		t.Fatalf("undisturbed: %+v", want)
	}
	leftOff := 0
	for size := uint64(400); size < 9000; size += 300 {
		order := newCrashOrder(t, wideAndLong)
		order.Limit = size
		got := spawn(t, order)
		switch {
		case got.Error == "":
			if got.Outcome != want.Outcome {
				t.Errorf("limit %d: %+v", size, got)
			}
			continue
		case !strings.Contains(got.Error, "was left off"):
			if listed, err := journal.NewStore(order.State).Open(journal.Latest); !errors.Is(err, journal.ErrNoRun) {
				t.Errorf("limit %d: %v is listed, and never began; %v", size, listed, err)
			}
			if had := effects(t, order); len(had) > 0 || !strings.Contains(got.Error, "file too large") {
				t.Errorf("limit %d: %v were had, and it says %s", size, had, got.Error)
			}
			continue
		}
		leftOff++
		checkLeftOff(t, order, got.Error)
		order.Limit = 0
		crashAndResumeWith(t, order, want)
	}
	if leftOff < 5 {
		t.Errorf("only %d runs were left off", leftOff)
	}
}

// checkLeftOff holds what the run said when it was left off against the world.
func checkLeftOff(t *testing.T, order crashOrder, said string) {
	t.Helper()
	if !strings.Contains(said, "go on with: gatebook resume 20") || !strings.Contains(said, "raise the limit on the size of files") {
		t.Errorf("limit %d: it does not say what to do: %s", order.Limit, said)
	}
	finished := make(map[string]bool)
	for _, e := range events(t, order) {
		if e.Type == event.AttemptFinished {
			finished[e.Op.Step] = true
		}
	}
	for _, step := range effects(t, order) {
		if !finished[step] && !strings.Contains(said, "\n  "+step+": done\n") {
			t.Errorf("limit %d: %s was done, is not in the journal, and was not told of:\n%s", order.Limit, step, said)
		}
	}
	if strings.Contains(said, "cancelled") {
		t.Errorf("limit %d: a change was broken off: %s", order.Limit, said)
	}
}

// crashAndResumeWith resumes a run that was left off to its end.
func crashAndResumeWith(t *testing.T, order crashOrder, want *crashReport) {
	t.Helper()
	order.Resume = true
	got := spawn(t, order)
	if got.Outcome == event.OutcomePaused {
		got = spawn(t, order)
	}
	if got.Error != "" || got.Outcome != want.Outcome {
		t.Fatalf("resumed: %+v\n%s", got, journalText(t, order))
	}
	if diff := cmp.Diff([]string{"blind", "first", "join", "left", "right"}, made(t, order)); diff != "" || len(effects(t, order)) != 5 {
		t.Errorf("effects %q, %s", effects(t, order), diff)
	}
	checkNothingTwice(t, order)
}

func TestLockOfAProcessThatWasKilledIsTakenOver(t *testing.T) {
	t.Parallel()
	order := newCrashOrder(t, wideAndLong)
	order.Lock, order.KillAtEffect = "web", 2
	if got := spawn(t, order); got != nil {
		t.Fatalf("it was not killed: %+v", got)
	}
	killed := events(t, order)[0].Run.ID
	order.KillAtEffect = 0
	if got := spawn(t, order); got.Error != "" || got.Outcome != event.OutcomeSucceeded { // another run
		t.Fatalf("%+v", got)
	}
	for _, e := range events(t, order) {
		if e.Type == event.LockTaken {
			if e.Name != "web" || !strings.Contains(e.Reason, killed) {
				t.Errorf("taken: %+v", e)
			}
			return
		}
	}
	t.Errorf("nothing says that the lock was taken over\n%s", journalText(t, order))
}
