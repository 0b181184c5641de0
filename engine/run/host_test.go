package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// idle returns a driver whose owner does nothing unless the test does it.
func idle(t *testing.T) *driver {
	t.Helper()
	return newDriver(t.Context(), Process{}, planOf(t, 1, sdk.Change, false), nil, folderFor(t))
}

// More actions tell something at once than there is room for, as the owner looks after
// their logs.
func TestOwnerWaitsForNoActionThatWaitsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := idle(t)
		defer d.stop()
		told := make(chan error, 2*cap(d.arrived))
		var hosts []*host
		for i := range 2 * cap(d.arrived) {
			h := d.newHost(event.Op{Step: fmt.Sprint("s", i), Part: event.Do, Attempt: 1})
			hosts = append(hosts, h)
			go func() { told <- h.Note("process", json.RawMessage("{}")) }()
		}
		synctest.Wait()
		for _, h := range hosts {
			if !h.mu.TryLock() {
				t.Fatalf("%s waits for the owner with its lock held", h.op.Step)
			}
			h.mu.Unlock()
		}
		d.flushLogs()
		d.stop()
		for range hosts {
			if err := <-told; !errors.Is(err, errOver) {
				t.Errorf("told after the run: %v", err)
			}
		}
	})
}

// What an action tells as it ends may arrive behind its end.
func TestWhatArrivesBehindTheEndOfAnAttemptIsNotKept(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	saved := make(chan error, 1)
	d.take(message{fact: event.Event{Type: event.AttemptSaved, Op: &event.Op{Step: "s0", Part: event.Do, Attempt: 1}}, saved: saved})
	if err := <-saved; !errors.Is(err, errOver) {
		t.Errorf("told: %v", err)
	}
}
