package run

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/engine/value"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// ear counts and keeps what it is told.
type ear struct {
	events int
	lines  []string
}

func (l *ear) Event(event.Event)               { l.events++ }
func (l *ear) Output(_, _ string, line string) { l.lines = append(l.lines, line) }
func (l *ear) Progress(string, sdk.Progress)   {}

// beginning returns a driver of a run that is about to begin.
func beginning(t *testing.T, pl *plan.Plan, watch Watcher) (*driver, *journal.Locks) {
	t.Helper()
	folder, err := journal.NewStore(t.TempDir()).Create("run")
	if err != nil {
		t.Fatal(err)
	}
	locks, err := folder.Lock(t.Context(), journal.Owner{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = locks.Close() })
	d := newDriver(context.Background(), Process{Now: time.Now, Watch: watch}, pl, nil, folder)
	if d.journal, err = folder.CreateJournal(); err != nil {
		t.Fatal(err)
	}
	return d, locks
}

// A run whose first record cannot be kept leaves nothing that could be resumed.
func TestRunWhoseFirstRecordTheJournalCannotHoldDoesNotBegin(t *testing.T) {
	t.Parallel()
	watch := &ear{}
	d, locks := beginning(t, planOf(t, 1, sdk.Change, false), watch)
	d.begin(event.Run{Inputs: value.String(strings.Repeat("x", journal.MaxPayload)), Parallelism: 1}, locks)
	_, err := d.drive(locks)
	if err == nil || !strings.Contains(err.Error(), "could not begin, and nothing was done") {
		t.Errorf("got %v", err)
	}
	if _, leftOff := errors.AsType[*AbandonedError](err); leftOff || watch.events > 0 {
		t.Errorf("left off: %t, told %d events", leftOff, watch.events)
	}
}

func TestNobodyIsToldWhatTheJournalDoesNotKeep(t *testing.T) {
	t.Parallel()
	watch := &ear{}
	d, locks := beginning(t, planOf(t, 1, sdk.Change, false), watch)
	d.begin(event.Run{Parallelism: 1}, locks)
	if watch.events > 0 {
		t.Errorf("told %d events before they were written", watch.events)
	}
	if err := d.commit(); err != nil || watch.events == 0 {
		t.Fatalf("told %d events, %v", watch.events, err)
	}
	told := watch.events
	d.fact(event.Event{Type: event.PauseAsked})
	if err := d.journal.Close(); err != nil {
		t.Fatal(err)
	}
	d.fact(event.Event{Type: event.CancelAsked})
	if err := d.commit(); err == nil || watch.events != told {
		t.Errorf("told %d events more of a group that was not written: %v", watch.events-told, err)
	}
	d.stop()
}
