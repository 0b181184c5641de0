// Package target is what the connections of a run have reached, so that the run does nothing
// to another: neither in this process nor when it is taken up again.
//
// A target is known by names, the surest first, and what of them is a secret is told apart by
// a seal. Part of engine/run.
package target

import (
	"sync"

	"github.com/gatebook/gatebook/engine/event"
	"github.com/gatebook/gatebook/engine/plan"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Known is what is known of the connections of one run. It is safe for concurrent use.
type Known struct {
	run  string
	mask func(string) string
	keep func(event.Target) error

	mu      sync.Mutex
	reached map[connection]seen
}

// Of returns what is known of the connections of a run, by its id, before anything is. mask
// masks the secrets in a text; keep returns when it is on the disk what a connection reached.
func Of(run string, mask func(string) string, keep func(event.Target) error) *Known {
	return &Known{run: run, mask: mask, keep: keep, reached: make(map[connection]seen)}
}

// connection is one of a run: its name and its plugin's, as the runbook has them.
type connection struct{ name, plugin string }

// seen is what a connection has reached.
type seen struct {
	event.Target
	raw []string // what it is known by, where this process knows it: the journal's has no secrets
}

// Learn takes in what the journal says. A later word replaces an earlier one: there is one
// only where a person said that there may be.
func (k *Known) Learn(reached event.Target) { k.note(seen{Target: reached}) }

func (k *Known) note(it seen) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.reached[connection{it.Connection, it.Plugin}] = it
}

// Forget has a connection, by the name that people call it by, reach what it will, and
// reports whether the run has used it.
func (k *Known) Forget(over string) (used bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c, it := range k.reached {
		if it.Over() == over {
			delete(k.reached, c)
			used = true
		}
	}
	return used
}

// Judge says whether a connection may be used that reaches the target. What it reaches at
// its first use is on the disk when Judge returns, as whatever is done to it comes after.
func (k *Known) Judge(over *plan.Connection, now sdk.Target) error {
	reached := event.Target{Connection: over.Name, Plugin: over.Plugin, Target: k.bare(now)}
	other := &OtherError{Run: k.run, Over: reached.Over(), Now: reached.Target}
	was, known := k.of(over)
	switch {
	case known && !k.same(was, now):
		other.Was, other.Shown = was.Target.Target, was.Shown
		return sdk.Errorf(sdk.Conflict, "%w", other).NothingChanged()
	case known && !was.Shown && !surer(now, was.Target.Target):
		k.note(seen{was.Target, now.Names()}) // so that no seal is made for it again
		return nil
	case now.ID == "":
		return nil // its plugin cannot tell one from another
	}
	reached.Seals = k.seals(now, reached.Target)
	if err := k.keep(reached); err != nil {
		return err
	}
	k.note(seen{reached, now.Names()})
	return nil
}

// Show takes in what people saw before the run began that a connection reaches, which is what
// it may be used for, and returns it as the journal may have it.
func (k *Known) Show(over *plan.Connection, target sdk.Target) event.Target {
	saw := event.Target{Connection: over.Name, Plugin: over.Plugin, Target: k.bare(target), Shown: true}
	saw.Seals = k.seals(target, saw.Target)
	k.note(seen{saw, target.Names()})
	return saw
}

// Has reports whether it is known what a connection has reached.
func (k *Known) Has(over *plan.Connection) bool {
	_, known := k.of(over)
	return known
}

func (k *Known) of(over *plan.Connection) (was seen, known bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	was, known = k.reached[connection{over.Name, over.Plugin}]
	return was, known
}
