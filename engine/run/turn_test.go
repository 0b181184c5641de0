package run

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/journal"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// ended is the message that a step's first attempt has ended well.
func ended(step string) message {
	return message{fact: event.Event{Type: event.AttemptFinished, Op: &event.Op{Step: step, Part: event.Do, Attempt: 1}}}
}

// A worker goes on with the step that follows its own, and wakes nobody for it.
func TestAWorkerDoesWhatFollowsItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, locks := beginning(t, planOf(t, 2, sdk.Change, true), nil)
		defer d.stop()
		d.begin(event.Run{Parallelism: 2}, locks)
		if !d.turn() {
			t.Fatal("the run is over")
		}
		next := d.deliver(ended("s0"))
		if next == nil {
			t.Fatal("it has nothing to do next")
		}
		if last := next(); last != nil || d.end == nil {
			t.Errorf("behind the last step it has a job: %t; the run has ended: %t", last != nil, d.end != nil)
		}
		select {
		case <-d.turns.bell:
		default:
			t.Error("nobody is told that the run has ended")
		}
	})
}

func TestAWorkerLeavesItsResultWithWhoHasTheBaton(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	d.turns.take()
	if d.deliver(ended("s0")) != nil {
		t.Error("it has a job")
	}
	<-d.turns.bell
	if m := <-d.arrived; m.fact.Op.Step != "s0" {
		t.Errorf("arrived: %+v", m.fact)
	}
}

// Whoever abandons the run waits for what is at work.
func TestAResultThatComesTooLateIsStillTold(t *testing.T) {
	t.Parallel()
	d := idle(t)
	defer d.stop()
	d.failed = &journal.WriteError{Op: "write", Written: 1, Err: errors.New("the disk is full")}
	if d.deliver(ended("s0")) != nil {
		t.Error("it has a job")
	}
	if m := <-d.arrived; m.fact.Op.Step != "s0" {
		t.Errorf("arrived: %+v", m.fact)
	}
}
