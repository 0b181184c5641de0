package run

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// targets are what the connections of a run have reached, by the journal, so that the run
// does nothing to another: neither in this process nor when it is taken up again. It is
// safe for concurrent use.
type targets struct {
	driver *driver

	mu    sync.Mutex
	known map[connection]sdk.Target
}

// connection is one of a run: its name and its plugin's, as the runbook has them.
type connection struct{ name, plugin string }

// OtherTargetError says that a connection reaches something else than it did when the run
// first used it, to which nothing is done.
type OtherTargetError struct {
	Run      string
	Over     string // the connection
	Was, Now sdk.Target
}

// Error says what it was, what it is, and what to do.
func (e *OtherTargetError) Error() string {
	was, now := e.Was.Title, e.Now.Title
	if now == "" {
		now = "what its plugin cannot name"
	}
	if was == now { // an address at which there is another now
		was, now = was+" with the id "+e.Was.ID, now+" with the id "+e.Now.ID
	}
	return fmt.Sprintf("it reaches %s now, where run %s has reached %s: nothing is done to another than that. "+
		"Point the connection back, by what configures it in the runbook and by the variables that it gets of the environment; "+
		"then resume the run, or roll it back. "+
		"Where the new one stands in for the old, say so: --new-target", now, e.Run, was)
}

// know takes in what the journal says. A later word replaces an earlier one: there is one
// only where a person said that there may be.
func (t *targets) know(reached event.Target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[connection{reached.Connection, reached.Plugin}] = reached.Target
}

// forget has a connection, by the name that people call it by, reach what it will, and
// reports whether the run has used it.
func (t *targets) forget(over string) (used bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c, target := range t.known {
		if (event.Target{Connection: c.name, Plugin: c.plugin, Target: target}).Over() == over {
			delete(t.known, c)
			used = true
		}
	}
	return used
}

// judge says whether a connection may be used that reaches the target. What it reaches at
// its first use is on the disk when judge returns, as whatever is done to it comes after.
func (t *targets) judge(_ context.Context, over *plan.Connection, now sdk.Target) error {
	now = sdk.Target{ID: t.driver.secrets.text(now.ID), Title: t.driver.secrets.text(now.Title)}
	reached := event.Target{Connection: over.Name, Plugin: over.Plugin, Target: now}
	was, known := t.of(over)
	switch {
	case known && was.ID == now.ID:
		return nil
	case known:
		return sdk.Errorf(sdk.Conflict, "%w", &OtherTargetError{Run: t.driver.folder.ID(), Over: reached.Over(), Was: was, Now: now}).NothingChanged()
	case now.ID == "":
		return nil // its plugin cannot tell one from another
	}
	if err := t.driver.keepTarget(reached); err != nil {
		return err
	}
	t.know(reached)
	return nil
}

func (t *targets) of(over *plan.Connection) (was sdk.Target, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	was, known = t.known[connection{over.Name, over.Plugin}]
	return was, known
}

// keepTarget returns when it is on the disk what a connection reached.
func (d *driver) keepTarget(reached event.Target) error {
	saved := make(chan error, 1)
	d.send(message{fact: event.Event{Type: event.TargetReached, Target: &reached}, saved: saved, urgent: true})
	select {
	case err := <-saved:
		return err
	case <-d.base.Done():
		return errOver
	}
}

// sameTargets refuses to take a run up where a connection that it has used reaches
// something else by now, before anything is done: but for those that may, by a person's
// word. One that cannot be made just now may not be needed either; where it is, it is judged
// when it is used.
func (d *driver) sameTargets(ctx context.Context, may []string) error {
	for _, over := range may {
		if !d.targets.forget(over) {
			return &RefusedError{Run: d.folder.ID(), Reason: "it has not used a connection " + over}
		}
	}
	for _, c := range d.plan.Connections {
		if _, used := d.targets.of(c); !used {
			continue
		}
		if other, is := errors.AsType[*OtherTargetError](c.Reach(ctx)); is {
			return fmt.Errorf("run %s is left as it is: connection %s: %w", other.Run, other.Over, other)
		}
	}
	return nil
}
