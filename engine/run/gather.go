package run

import "time"

// A group of records waits for more of them for commitDelay when at least commitSiblings
// operations are in flight, as databases do: one wait for the disk then serves several.
const (
	commitDelay    = 300 * time.Microsecond
	commitSiblings = 8
)

// gather lets what is about to arrive share the group's wait for the disk, where so much
// is in flight that a moment more costs nobody anything.
func (d *driver) gather() {
	d.takeWaiting()
	if !d.urgent || len(d.work) < commitSiblings {
		return
	}
	patience := time.NewTimer(commitDelay)
	defer patience.Stop()
	for {
		select {
		case m := <-d.arrived:
			d.take(m)
		case <-patience.C:
			return
		}
	}
}

// takeWaiting takes in what else has arrived.
func (d *driver) takeWaiting() {
	for {
		select {
		case m := <-d.arrived:
			d.take(m)
		default:
			return
		}
	}
}
