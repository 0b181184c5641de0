package run

import "context"

// workers carry out operations, each in a goroutine that is kept for the next one: the
// stack that an action needs is grown once and not for every step.
type workers struct {
	idle  chan func()
	until context.Context // they go when it ends
}

func newWorkers(until context.Context) workers {
	return workers{idle: make(chan func()), until: until}
}

// start has a worker do the work at once, a new one where none is idle.
func (w workers) start(work func()) {
	select {
	case w.idle <- work:
	default:
		go w.serve(work)
	}
}

func (w workers) serve(work func()) {
	for {
		work()
		select {
		case work = <-w.idle:
		case <-w.until.Done():
			return
		}
	}
}
