package run

import "context"

// job is work that a worker does, and what it does next; nil: it has nothing to do.
type job func() (next job)

// workers do jobs, each in a goroutine that is kept for the next one: the stack that an
// action needs is grown once and not for every step.
type workers struct {
	idle  chan job
	until context.Context // they go when it ends
}

func newWorkers(until context.Context) workers {
	return workers{idle: make(chan job), until: until}
}

// start has a worker do a job at once, a new one where none is idle.
func (w workers) start(do job) {
	select {
	case w.idle <- do:
	default:
		go w.serve(do)
	}
}

func (w workers) serve(do job) {
	for {
		for do != nil {
			do = do()
		}
		select {
		case do = <-w.idle:
		case <-w.until.Done():
			return
		}
	}
}
