package tasks

import (
	"context"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// Room is how many of the tasks that a service is to have find a node at this moment; see [capacity.Room].
func Room(ctx context.Context, e *engine.Engine, of swarm.Service, asked uint64) (uint64, error) {
	s, err := state.Look(ctx, e)
	if err != nil {
		return 0, err
	}
	return capacity.Room(s, of, asked), nil
}
