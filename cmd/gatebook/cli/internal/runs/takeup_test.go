package runs

import (
	"errors"
	"strings"
	"testing"

	"github.com/gatebook/gatebook/cmd/gatebook/cli/internal/console"
	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/report/standing"
	"github.com/gatebook/gatebook/engine/run"
)

// Of two who take a run up at one time, one is told of the other. The journal does not
// know the other yet: its last process is the one that died.
func TestWhoResumesSecondIsToldOfTheFirst(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	all, folder := asking(t, &said)
	locks, err := folder.Lock(t.Context(), journal.Owner{PID: 4242, Host: "ops2"})
	if err != nil {
		t.Fatal(err)
	}
	defer locks.Close()
	found, err := all.Open(journal.Latest)
	if err != nil {
		t.Fatal(err)
	}
	_, held := folder.Lock(t.Context(), journal.Owner{PID: 4243, Host: "ops1"})
	for name, err := range map[string]error{
		"by the look before":  all.TakeUp(t.Context(), TakeUp{Run: journal.Latest, Wish: Resume}, nil),
		"by the lock after":   all.explain(held, found.Status, true),
		"by a lock of no one": all.explain(&journal.HeldError{}, found.Status, true),
	} {
		want := "goes on in pid 4242 on ops2"
		if name == "by a lock of no one" {
			want = "goes on in another process"
		}
		if usage, ok := errors.AsType[*console.UsageError](err); !ok || !strings.Contains(usage.Message, want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if found.Status.Drive != standing.Driven {
		t.Errorf("the run is %v", found.Status.Drive)
	}
}

// Whoever is stopped before a run is taken up has typed nothing wrong: the run can be resumed.
func TestWhoIsStoppedBeforeARunIsTakenUpCanResumeIt(t *testing.T) {
	t.Parallel()
	var said strings.Builder
	all, folder := asking(t, &said)
	found, err := all.Open(journal.Latest)
	if err != nil {
		t.Fatal(err)
	}
	err = all.explain(&run.StoppedError{Run: folder.ID()}, found.Status, true)
	if code, is := errors.AsType[console.CodeError](err); !is || int(code) != event.OutcomePaused.ExitCode() {
		t.Errorf("it ends with %v", err)
	}
}
