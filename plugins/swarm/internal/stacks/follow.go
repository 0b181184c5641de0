package stacks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

// follow follows services, all at the same time, until each has converged and stayed healthy. With the
// first that does not come to that it ends, and says how many had. Of an update that is old, it is no
// news that the engine has taken it back.
func (s stacks) follow(ctx context.Context, call *sdk.Call[Input], v view, names []string, old func(swarm.Service) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error) // read as often as there are services
	for _, name := range names {
		live := v.services[name]
		of := tasks.Followed{
			ID: live.ID, Spec: live.Spec, Stall: call.Input.Stall.Std(), Monitor: s.monitor(call.Input, v, name),
			Back: rolledBack(live) && old(live),
		}
		go func() {
			_, err := s.Tasks.Converge(ctx, call.Host.Progress, of)
			ended <- err
		}()
	}
	converged := 0
	var first error
	for range names {
		switch err := <-ended; {
		case err == nil:
			converged++
		case first == nil:
			first = err
			cancel()
		}
	}
	if first != nil {
		return fmt.Errorf("%d of %d services have converged: %w", converged, len(names), first)
	}
	return nil
}

// monitor is how long all tasks of a service must have stayed healthy.
func (s stacks) monitor(in Input, v view, name string) time.Duration {
	if in.Monitor > 0 {
		return in.Monitor.Std()
	}
	return service.Monitor(v.services[name].Spec)
}

// old says whether the last update of a service is from before the step.
func (k kept) old(live swarm.Service) bool {
	return slices.ContainsFunc(k.Targets, func(one target) bool { return one.Name == live.Spec.Name && one.Mark == mark(live) })
}

// names are those of all services that the compose file says.
func (k kept) names() []string {
	names := make([]string, 0, len(k.Targets))
	for _, one := range k.Targets {
		names = append(names, one.Name)
	}
	return names
}
