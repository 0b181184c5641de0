package stacks

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
)

// follow follows all services until each has converged and stayed healthy. Of an update from before the
// step, it is no news that the engine has taken it back.
func (r *run) follow(ctx context.Context) error {
	return together(ctx, len(r.Targets), func(ctx context.Context, i int) error {
		one := r.Targets[i]
		live, err := r.get(ctx, one.Name)
		if err != nil {
			return err
		}
		live.Spec = r.view.Services[one.Name].Spec // which the step has set: another one is somebody else's
		return r.Hold(ctx, r.call.Host, live, monitor(r.call.Input, live.Spec), r.call.Input.Stall.Std(), mark(r.view.Services[one.Name]) == one.Mark)
	})
}

// look looks at all that a stack may name.
func (s stacks) look(ctx context.Context) (stack.View, error) { return stack.Look(ctx, s.Engine) }

// get reads one service.
func (s stacks) get(ctx context.Context, name string) (service.Object, error) {
	single, cancel := s.Single(ctx)
	defer cancel()
	live, err := s.Get(single, name)
	return live, s.Fault(single, err, "read the service %s", name)
}

// monitor is how long all tasks of a service must have stayed healthy.
func monitor(in Input, spec swarm.ServiceSpec) time.Duration {
	if in.Monitor > 0 {
		return in.Monitor.Std()
	}
	return service.Monitor(spec)
}

// together does something for so many services at the same time. With the first that fails it ends, and
// says how many had come to their end.
func together(ctx context.Context, number int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error) // read as often as there are services
	for i := range number {
		go func() { ended <- do(ctx, i) }()
	}
	done := 0
	var first error
	for range number {
		switch err := <-ended; {
		case err == nil:
			done++
		case first == nil:
			first = err
			cancel()
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d services have converged: %w", done, number, first)
	}
	return nil
}

// settle follows the services that were put back, all at the same time, until each runs as before.
func (u *undoing) settle(ctx context.Context) error {
	return together(ctx, len(u.restored), func(ctx context.Context, i int) error {
		back := u.restored[i]
		live, err := u.get(ctx, back.name)
		if err != nil {
			return err
		}
		return u.Return(ctx, u.call.Host, live, u.call.Input.Stall.Std(), back.stood)
	})
}

// back is a service that was put back, and how it stood before the step.
type back struct {
	name  string
	stood service.Stood
}
