package run

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
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
	known map[connection]seen
}

// connection is one of a run: its name and its plugin's, as the runbook has them.
type connection struct{ name, plugin string }

// seen is what a connection has reached.
type seen struct {
	event.Target
	raw string // its id, where this process knows it: the journal's has no secrets
}

// OtherTargetError says that a connection reaches something else than it did when the run
// first used it, or than people saw before the run began. Nothing is done to that.
type OtherTargetError struct {
	Run      string
	Over     string // the connection
	Was, Now sdk.Target
	Shown    bool // people saw it; the run has not used it yet
}

// Error says what it was, what it is, and what to do.
func (e *OtherTargetError) Error() string {
	was, now := e.Was.Title, e.Now.Title
	if now == "" {
		now = "what its plugin cannot name"
	}
	switch {
	case was != now:
	case e.Was.ID != e.Now.ID: // an address at which there is another now
		was, now = was+" with the id "+e.Was.ID, now+" with the id "+e.Now.ID
	default:
		now = "another one" // of which all that is no secret is the same
	}
	if e.Shown {
		return fmt.Sprintf("it reaches %s now, where the plan that was shown before the run reached %s: nothing is done to another than that. "+
			"Point the connection back, by what configures it in the runbook and by the variables that it gets of the environment", now, was)
	}
	return fmt.Sprintf("it reaches %s now, where run %s has reached %s: nothing is done to another than that. "+
		"Point the connection back, by what configures it in the runbook and by the variables that it gets of the environment; "+
		"then resume the run, or roll it back. "+
		"Where the new one stands in for the old, say so: --new-target %s", now, e.Run, was, e.Over)
}

// know takes in what the journal says. A later word replaces an earlier one: there is one
// only where a person said that there may be.
func (t *targets) know(reached event.Target) { t.keep(seen{Target: reached}) }

func (t *targets) keep(it seen) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[connection{it.Connection, it.Plugin}] = it
}

// forget has a connection, by the name that people call it by, reach what it will, and
// reports whether the run has used it.
func (t *targets) forget(over string) (used bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for c, it := range t.known {
		if it.Over() == over {
			delete(t.known, c)
			used = true
		}
	}
	return used
}

// judge says whether a connection may be used that reaches the target. What it reaches at
// its first use is on the disk when judge returns, as whatever is done to it comes after.
func (t *targets) judge(_ context.Context, over *plan.Connection, now sdk.Target) error {
	bare := sdk.Target{ID: t.driver.secrets.text(now.ID), Title: t.driver.secrets.text(now.Title)}
	reached := event.Target{Connection: over.Name, Plugin: over.Plugin, Target: bare}
	other := &OtherTargetError{Run: t.driver.folder.ID(), Over: reached.Over(), Now: bare}
	was, known := t.of(over)
	shown := t.driver.plan.Targets.Shown(over)
	switch {
	case known && t.same(was, now.ID):
		return nil
	case known:
		other.Was = was.Target.Target
		return sdk.Errorf(sdk.Conflict, "%w", other).NothingChanged()
	case shown.ID != "" && shown.ID != now.ID:
		other.Was, other.Shown = sdk.Target{ID: t.driver.secrets.text(shown.ID), Title: t.driver.secrets.text(shown.Title)}, true
		return sdk.Errorf(sdk.Conflict, "%w", other).NothingChanged()
	case now.ID == "":
		return nil // its plugin cannot tell one from another
	case bare.ID != now.ID:
		reached.Seal = t.seal(now.ID)
	}
	if err := t.driver.keepTarget(reached); err != nil {
		return err
	}
	t.keep(seen{reached, now.ID})
	return nil
}

// same reports whether the id is that of what was seen.
func (t *targets) same(was seen, id string) bool {
	switch {
	case was.raw != "":
		return was.raw == id
	case was.Seal != "":
		return was.Seal == t.seal(id)
	default:
		return was.ID == id
	}
}

// sealing is how often a hash is made for a seal: a secret of few letters in an id must not
// be found by trying what it could be.
const sealing = 200_000

// seal tells an id that must not be written down from every other.
func (t *targets) seal(id string) string {
	key, err := pbkdf2.Key(sha256.New, id, []byte(t.driver.folder.ID()), sealing, sha256.Size)
	if err != nil {
		return "" // only of a FIPS module that finds the salt too short; then none is the same
	}
	return hex.EncodeToString(key)
}

func (t *targets) of(over *plan.Connection) (was seen, known bool) {
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
