package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// judge says whether a connection may be used that reaches the target.
func (d *driver) judge(_ context.Context, over *plan.Connection, now sdk.Target) error {
	if d.without[over.Called()] {
		return givenUp(over.Called())
	}
	return d.targets.Judge(over, now)
}

// shown is what people saw before the run began that its connections reach.
func (d *driver) shown() []event.Event {
	var facts []event.Event
	for _, c := range d.plan.Connections {
		if target := d.plan.Targets.Shown(c); target.ID != "" {
			saw := d.targets.Show(c, target)
			facts = append(facts, event.Event{Type: event.TargetReached, Target: &saw})
		}
	}
	return facts
}

// early are facts from before a run is driven that is taken up: nobody writes them down until then.
type early struct {
	mu    sync.Mutex
	facts []event.Event
}

func (e *early) add(fact event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.facts = append(e.facts, fact)
}

// keepTarget returns when it is on the disk what a connection reached; before the run is driven,
// when it will be on the disk before anything is done.
func (d *driver) keepTarget(reached event.Target) error {
	fact := event.Event{Type: event.TargetReached, Target: &reached}
	if d.early != nil {
		d.early.add(fact)
		return nil
	}
	saved := make(chan error, 1)
	d.send(message{fact: fact, saved: saved, urgent: true})
	select {
	case err := <-saved:
		return err
	case <-d.base.Done():
		return errOver
	}
}

// sameTargets refuses to take a run up where a connection that it has used reaches
// something else by now, before anything is done: but for those that may, by a person's
// word, and those that are given up. One that cannot be made just now may not be needed
// either; where it is, it is judged when it is used. What could not be compared is returned
// in words. What is new of a target, as that one is reached which people only saw before, is a fact
// of the run when it is driven.
func (d *driver) sameTargets(ctx context.Context, r Resumption) (unseen string, err error) {
	for _, over := range r.NewTargets {
		switch {
		case d.targets.Forget(over):
		case d.hasConnection(over):
			return "", &RefusedError{Run: d.folder.ID(), Reason: "what its connection " + over + " reached is not known, so that it may reach another without --new-target"}
		default:
			return "", &RefusedError{Run: d.folder.ID(), Reason: "it has no connection " + over}
		}
	}
	d.without = make(map[string]bool)
	for _, over := range r.Without {
		if !d.hasConnection(over) {
			return "", &RefusedError{Run: d.folder.ID(), Reason: "it has no connection " + over}
		}
		d.without[over] = true
	}
	used := slices.DeleteFunc(slices.Clone(d.plan.Connections), func(c *plan.Connection) bool {
		return !d.targets.Has(c) || d.without[c.Called()]
	})
	if len(used) == 0 {
		return "", nil
	}
	ctx, stopped := d.interruptible(ctx)
	d.early = &early{}
	errs := make([]error, len(used))
	var looks sync.WaitGroup
	for i, c := range used {
		looks.Go(func() { errs[i] = c.Reach(ctx) })
	}
	looks.Wait()
	if stopped() {
		return "", &StoppedError{Run: d.folder.ID()}
	}
	for i, err := range errs {
		if other, is := errors.AsType[*OtherTargetError](err); is {
			return "", fmt.Errorf("run %s is left as it is: connection %s: %w", other.Run, other.Over, other)
		}
		if err != nil {
			fault := *sdk.AsError(err)
			fault.Connection = ""
			unseen = both(unseen, "what connection "+used[i].Called()+" reaches cannot be told now: "+d.secrets.Told(fault.Error()))
		}
	}
	return unseen, nil
}

// hasConnection reports whether people call a connection of the run so.
func (d *driver) hasConnection(called string) bool {
	return slices.ContainsFunc(d.plan.Connections, func(c *plan.Connection) bool { return c.Called() == called })
}

// interruptible returns a context that whoever asks the process to end ends, before the
// run is driven. That is listened for until stopped is called, which reports whether
// somebody has.
func (d *driver) interruptible(ctx context.Context) (bounded context.Context, stopped func() bool) {
	bounded, cancel := context.WithCancel(ctx)
	over := make(chan struct{})
	asked := make(chan bool, 1)
	go func() {
		select {
		case <-d.process.Controls:
			cancel()
			asked <- true
		case <-over:
			asked <- false
		}
	}()
	return bounded, func() bool {
		close(over)
		cancel()
		return <-asked
	}
}
