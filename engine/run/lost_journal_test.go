package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// watched is a handler that says what it does.
func watched(tb testing.TB, apply func(ctx context.Context, call *sdk.Call[nothing]) error) sdk.Handler {
	tb.Helper()
	h, err := sdk.Action[nothing, nothing]{
		Name: "test.change", Summary: "change", Effect: sdk.Change,
		Apply: func(ctx context.Context, call *sdk.Call[nothing]) (nothing, error) {
			return nothing{}, apply(ctx, call)
		},
	}.Handler()
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// doing is a plan whose steps all do the same.
func doing(tb testing.TB, n int, chain bool, h sdk.Handler) *plan.Plan {
	tb.Helper()
	pl := planOf(tb, n, sdk.Change, chain)
	for _, s := range pl.Steps {
		s.Use.Handler, s.Use.Describe = h, h.Describe()
	}
	return pl
}

// spoiler has the journal fail behind so many events, whoever tells them.
type spoiler struct {
	ear
	after int
	spoil func()
}

func (s *spoiler) Event(event.Event) {
	if s.events++; s.events == s.after {
		s.spoil()
	}
}

// Whoever has the baton when the journal fails: nothing begins whose intent is not kept,
// nothing goes on behind the end, and the driver says so.
func TestAJournalThatFailsUnderWhoeverHasTheBaton(t *testing.T) {
	t.Parallel()
	for _, chain := range []bool{true, false} {
		for after := 1; after < 70; after += 3 {
			t.Run(fmt.Sprint(chain, after), func(t *testing.T) {
				t.Parallel()
				var begun, at atomic.Int32
				h := watched(t, func(_ context.Context, call *sdk.Call[nothing]) error {
					begun.Add(1)
					at.Add(1)
					defer at.Add(-1)
					_ = call.Note("n", 1)
					return nil
				})
				watch := &spoiler{after: after}
				d, locks := beginning(t, doing(t, 30, chain, h), watch)
				watch.spoil = func() { _ = d.journal.Close() }
				d.begin(event.Run{Parallelism: 12}, locks)
				_, err := d.drive(locks)
				if _, is := errors.AsType[*AbandonedError](err); !is {
					t.Fatalf("ended: %v", err)
				}
				if at.Load() != 0 {
					t.Errorf("%d actions go on behind the end", at.Load())
				}
				intents := 0
				if _, err := d.folder.Replay(func(r journal.Record) error {
					var e event.Event
					if err := json.Unmarshal(r.Payload, &e); err != nil {
						return err
					}
					if e.Type == event.AttemptStarted {
						intents++
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				if int(begun.Load()) > intents {
					t.Errorf("%d were begun, and %d intents are kept", begun.Load(), intents)
				}
			})
		}
	}
}

// A Ctrl-C that asks to stop is heeded also where it cannot be written down.
func TestACancelThatTheJournalCannotKeepIsHeeded(t *testing.T) {
	t.Parallel()
	works := make(chan struct{})
	h := watched(t, func(ctx context.Context, _ *sdk.Call[nothing]) error {
		close(works)
		<-ctx.Done()
		return ctx.Err()
	})
	d, locks := beginning(t, doing(t, 1, true, h), nil)
	controls := make(chan event.Event)
	d.process.Controls = controls
	d.begin(event.Run{Parallelism: 1}, locks)
	ends := make(chan error, 1)
	go func() {
		_, err := d.drive(locks)
		ends <- err
	}()
	<-works
	d.turns.take()
	_ = d.journal.Close()
	d.turns.leave()
	controls <- event.Event{Type: event.CancelAsked, By: "alice"}
	select {
	case err := <-ends:
		if _, is := errors.AsType[*AbandonedError](err); !is {
			t.Errorf("ended: %v", err)
		}
	case <-time.After(3 * time.Second):
		controls <- event.Event{Type: event.CancelAsked}
		t.Errorf("it is not cancelled; after another word it ends: %v", <-ends)
	}
}

// A worker fires what is due, as those who have the baton one after the other may leave
// the loop no time to.
func TestAWorkerFiresWhatIsDue(t *testing.T) {
	t.Parallel()
	d, locks := beginning(t, planOf(t, 3, sdk.Read, true), nil)
	defer d.stop()
	d.begin(event.Run{Parallelism: 2}, locks)
	if !d.turn() {
		t.Fatal("the run is over")
	}
	d.timers.add(event.Timer{Op: event.Op{Step: "s2", Part: event.Do, Attempt: 1}, At: d.now})
	if d.deliver(ended("s0")) == nil {
		t.Fatal("it has nothing to do next")
	}
	if len(d.timers.pending) > 0 {
		t.Error("what is due waits for another")
	}
}
