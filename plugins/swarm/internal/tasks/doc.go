// Package tasks tells how a service is by its tasks: which are of its present spec, how they are,
// why they are not well, and when all of it has come to rest. It changes nothing, and leaves out what
// a service is to be.
package tasks

import (
	"context"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// Tasks looks at the tasks of services.
type Tasks struct{ *engine.Engine }

// Seen is a service with its tasks and the nodes of its swarm, as they were at one moment, or
// nearly.
type Seen struct {
	Service swarm.Service
	Tasks   []swarm.Task
	Nodes   []swarm.Node
}

// Look reads a service, by its name or ID, with its tasks.
func (t Tasks) Look(ctx context.Context, service string) (Seen, error) {
	return t.look(ctx, service, service)
}

// look reads the service of an ID that people know by a name.
func (t Tasks) look(ctx context.Context, id, service string) (Seen, error) {
	ctx, cancel := t.Single(ctx)
	defer cancel()
	found, err := t.Docker.ServiceInspect(ctx, id, client.ServiceInspectOptions{})
	if err != nil {
		return Seen{}, t.Fault(ctx, err, "read the service %s", service)
	}
	seen := Seen{Service: found.Service}
	of, err := t.Docker.TaskList(ctx, client.TaskListOptions{Filters: make(client.Filters).Add("service", seen.Service.ID)})
	if err != nil {
		return Seen{}, t.Fault(ctx, err, "read the tasks of the service %s", service)
	}
	nodes, err := t.Docker.NodeList(ctx, client.NodeListOptions{})
	if err != nil {
		return Seen{}, t.Fault(ctx, err, "read the nodes of the swarm")
	}
	seen.Tasks, seen.Nodes = of.Items, nodes.Items
	return seen, nil
}
