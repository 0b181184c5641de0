package run

import (
	"time"

	"github.com/gatebook/gatebook/engine/event"
)

// turns are how those who have something for a run share it: one at a time has the
// baton, and with it all that belongs to the driver.
type turns struct {
	baton chan struct{} // full: somebody has it
	due   *time.Timer   // of the run's next timer
	bell  chan struct{} // full: something has arrived
}

func newTurns() turns {
	due := time.NewTimer(time.Hour)
	return turns{baton: make(chan struct{}, 1), due: due, bell: make(chan struct{}, 1)}
}

func (t turns) take()  { t.baton <- struct{}{} }
func (t turns) leave() { <-t.baton }

// takeIdle takes the baton where nobody has it.
func (t turns) takeIdle() bool {
	select {
	case t.baton <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turns) ring() {
	select {
	case t.bell <- struct{}{}:
	default:
	}
}

// loop carries the run on until it ends or pauses, and keeps the baton then.
func (d *driver) loop() (event.Result, error) {
	inbox := time.NewTicker(inboxInterval)
	defer inbox.Stop()
	defer d.turns.due.Stop()
	d.turns.take()
	for d.turn() {
		d.asked = event.Event{}
		d.turns.leave()
		var control event.Event
		happened := func() {}
		select {
		case <-d.turns.bell:
		case <-d.turns.due.C:
			happened = d.fireTimers
		case control = <-d.process.Controls:
			happened = func() { d.fact(control) }
		case <-inbox.C:
			happened = func() {
				d.flushLogs()
				d.takeInbox()
			}
		}
		d.turns.take()
		d.asked = control // abandon heeds what cannot be written down
		if d.over() {
			break
		}
		happened()
		d.gather()
	}
	if d.failed != nil {
		return event.Result{}, d.abandon(d.failed)
	}
	return *d.end, nil
}

// over reports whether nothing more will happen.
func (d *driver) over() bool { return d.end != nil || d.failed != nil }

// turn does all that follows from what has happened. It returns false when the run is
// over.
func (d *driver) turn() bool {
	for {
		if d.failed = d.commit(); d.over() {
			return false
		}
		d.pauseIfOnlyPeople()
		if len(d.todo) == 0 && !d.urgent && len(d.taken) == 0 {
			d.turns.due.Reset(d.timers.untilNext(d.tick()))
			return true
		}
	}
}

// deliver takes in how an operation ended, from the worker that did it. Where nobody has
// the baton, that worker does itself what follows, and the first job that comes of it is
// what it does next: to wake others for that takes longer than many a step.
func (d *driver) deliver(m message) (next job) {
	if !d.turns.takeIdle() {
		d.send(m)
		return nil
	}
	defer d.turns.leave()
	if d.over() {
		go d.send(m) // abandon waits for it
		return nil
	}
	d.keeps, d.kept = true, nil
	d.takeWaiting() // what came before
	d.take(m)
	d.fireTimers()
	d.gather()
	if !d.turn() {
		d.turns.ring()
	}
	d.keeps = false
	return d.kept
}

// start has a job done.
func (d *driver) start(do job) {
	if d.keeps && d.kept == nil {
		d.kept = do
		return
	}
	d.workers.start(do)
}

// send gives a message to whoever has the baton next; after the run there is nobody.
func (d *driver) send(m message) {
	select {
	case d.arrived <- m:
		d.turns.ring()
	case <-d.base.Done():
	}
}
