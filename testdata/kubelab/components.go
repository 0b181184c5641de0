package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// stopLimit is how long a component may take to stop before it is left behind.
const stopLimit = 10 * time.Second

// A component is one part of the control plane, running.
type component struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{} // closed by the goroutine that runs it
}

// components are the parts that run, in the order in which they were started. They
// do not stop with the context of whoever asks for the cluster: each has its own,
// so that they can be stopped in the reverse order, none before who depends on it.
type components struct {
	running []component
	failed  chan error // gets the first failure; later ones are dropped
}

func newComponents() *components { return &components{failed: make(chan error, 1)} }

// start runs a component. That it returns before it is asked to is a failure.
func (c *components) start(name string, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	part := component{name: name, cancel: cancel, done: make(chan struct{})}
	c.running = append(c.running, part)
	go func() {
		defer close(part.done)
		err := run(ctx)
		if ctx.Err() != nil {
			return // as asked
		}
		select {
		case c.failed <- fmt.Errorf("%s stopped: %w", name, orUnexplained(err)):
		default:
		}
	}()
}

func orUnexplained(err error) error {
	if err == nil {
		return errors.New("it returned without an error")
	}
	return err
}

// stop ends all components, the last started first, and says which had to be left.
func (c *components) stop(log io.Writer) {
	for i := len(c.running) - 1; i >= 0; i-- {
		part := c.running[i]
		part.cancel()
		select {
		case <-part.done:
		case <-time.After(stopLimit):
			fmt.Fprintf(log, "kubelab: %s did not stop within %s and is left behind\n", part.name, stopLimit)
		}
	}
}

// waitFor polls until check finds nothing to complain about. It gives up when the
// context ends, when a component fails, and after a limit, saying the last complaint.
func (c *components) waitFor(ctx context.Context, what string, check func(context.Context) error) error {
	const limit = 2 * time.Minute
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		complaint := check(ctx)
		if complaint == nil {
			return nil
		}
		select {
		case err := <-c.failed:
			return fmt.Errorf("waiting until %s: %w", what, err)
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w: %w", what, ctx.Err(), complaint)
		case <-tick.C:
		}
	}
}
