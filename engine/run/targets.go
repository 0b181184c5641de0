package run

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	raw []string // what it is known by, where this process knows it: the journal's has no secrets
}

// names is what a target is known by, the surest first.
func names(t sdk.Target) []string { return append([]string{t.ID}, t.Also...) }

// kindOf is what a name of a target is of; empty where it does not say.
func kindOf(name string) string {
	kind, _, says := strings.Cut(name, ":")
	if !says {
		return ""
	}
	return kind
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
		"Where the new one stands in for the old, say so: --new-target %[4]s. "+
		"Where the old one is gone, have all taken back that can be without it: gatebook rollback %[2]s --without %[4]s", now, e.Run, was, e.Over)
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
	reached := event.Target{Connection: over.Name, Plugin: over.Plugin, Target: t.bare(now)}
	other := &OtherTargetError{Run: t.driver.folder.ID(), Over: reached.Over(), Now: reached.Target}
	was, known := t.of(over)
	switch {
	case t.driver.without[over.Called()]:
		return givenUp(over.Called())
	case known && !t.same(was, now):
		other.Was, other.Shown = was.Target.Target, was.Shown
		return sdk.Errorf(sdk.Conflict, "%w", other).NothingChanged()
	case known && !was.Shown && !surer(now, was.Target.Target):
		t.keep(seen{was.Target, names(now)}) // so that no seal is made for it again
		return nil
	case now.ID == "":
		return nil // its plugin cannot tell one from another
	}
	reached.Seals = t.seals(now, reached.Target)
	if err := t.driver.keepTarget(reached); err != nil {
		return err
	}
	t.keep(seen{reached, names(now)})
	return nil
}

// surer reports whether a target is known by a surer name now than it was.
func surer(now, was sdk.Target) bool {
	return kindOf(now.ID) != kindOf(was.ID) && len(now.Also) > len(was.Also)
}

// shown is what people saw before the run began that its connections reach, which is what
// they may be used for.
func (t *targets) shown() []event.Event {
	var facts []event.Event
	for _, c := range t.driver.plan.Connections {
		target := t.driver.plan.Targets.Shown(c)
		if target.ID == "" {
			continue
		}
		saw := event.Target{Connection: c.Name, Plugin: c.Plugin, Target: t.bare(target), Shown: true}
		saw.Seals = t.seals(target, saw.Target)
		t.keep(seen{saw, names(target)})
		facts = append(facts, event.Event{Type: event.TargetReached, Target: &saw})
	}
	return facts
}

// bare is a target without the secrets that are in its words.
func (t *targets) bare(target sdk.Target) sdk.Target {
	bare := sdk.Target{ID: t.driver.secrets.Text(target.ID), Title: t.driver.secrets.Text(target.Title)}
	for _, name := range target.Also {
		bare.Also = append(bare.Also, t.driver.secrets.Text(name))
	}
	return bare
}

// same reports whether the target is what was seen: by the surest kind of name that both
// have.
func (t *targets) same(was seen, now sdk.Target) bool {
	known := was.raw
	if known == nil {
		known = names(was.Target.Target)
	}
	for i, before := range known {
		sealed := was.raw == nil && i < len(was.Seals) && was.Seals[i] != ""
		for _, name := range names(now) {
			switch {
			case sealed && t.seal(name) == was.Seals[i]:
				return true // of what kind it is may be a part of the secret
			case !sealed && kindOf(name) == kindOf(before):
				return name == before
			}
		}
	}
	return false
}

// seals seals the names that hold a secret; nil: none does.
func (t *targets) seals(target, bare sdk.Target) []string {
	with, without := names(target), names(bare)
	if slices.Equal(with, without) {
		return nil
	}
	seals := make([]string, len(with))
	for i := range with {
		if with[i] != without[i] {
			seals[i] = t.seal(with[i])
		}
	}
	return seals
}

// sealing is how often a hash is made for a seal: a secret of few letters in an id must not
// be found by trying what it could be.
const sealing = 200_000

// seal tells a name that must not be written down from every other.
func (t *targets) seal(name string) string {
	key, err := pbkdf2.Key(sha256.New, name, []byte(t.driver.folder.ID()), sealing, sha256.Size)
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
// word, and those that are given up. One that cannot be made just now may not be needed
// either; where it is, it is judged when it is used. What could not be compared is returned
// in words.
func (d *driver) sameTargets(ctx context.Context, r Resumption) (unseen string, err error) {
	for _, over := range r.NewTargets {
		switch {
		case d.targets.forget(over):
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
		_, used := d.targets.of(c)
		return !used || d.without[c.Called()]
	})
	if len(used) == 0 {
		return "", nil
	}
	ctx, stopped := d.interruptible(ctx)
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
