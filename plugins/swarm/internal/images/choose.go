package images

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// choose finds the nodes that shall have an image for some platforms.
func (i images) choose(ctx context.Context, in PrefetchInput, platforms []swarm.Platform) (chosen, error) {
	nodes, err := state.Nodes(ctx, i.Engine)
	if err != nil {
		return chosen{}, err
	}
	c := chosen{state: nodes, placement: swarm.Placement{Constraints: in.Constraints, Platforms: platforms}}
	if in.Service != "" {
		of, err := i.placed(ctx, in.Service)
		if err != nil {
			return c, err
		}
		c.placement.Constraints = of.Constraints
	}
	if len(in.Nodes) > 0 {
		return c, c.named(in)
	}
	for _, node := range nodes.Nodes {
		if node.Spec.Availability == swarm.NodeAvailabilityActive && capacity.Unsuited(node, swarm.TaskSpec{Placement: &c.placement}) == "" {
			c.take(node)
		}
	}
	return c, nil
}

// take adds a node that takes tasks, when it is not down.
func (c *chosen) take(node swarm.Node) {
	if node.Status.State == swarm.NodeStateDown {
		c.down = append(c.down, c.state.Node(node.ID))
		return
	}
	c.nodes = append(c.nodes, node)
}

// named takes the nodes of a list. Constraints can say of one node that it shall be, and of others that
// they shall not.
func (c *chosen) named(in PrefetchInput) error {
	wanted := map[string]bool{}
	for n, name := range in.Nodes {
		field := fmt.Sprintf("nodes[%d]", n)
		node, err := c.state.Find(field, name)
		if err != nil {
			return err
		}
		if node.Spec.Availability != swarm.NodeAvailabilityActive {
			return sdk.FieldErrorf(field, "the node %s %s, and takes no tasks", c.state.Node(node.ID), capacity.Open(node))
		}
		if why := capacity.Unsuited(node, swarm.TaskSpec{Placement: &c.placement}); why != "" {
			return sdk.FieldErrorf(field, "the node %s %s", c.state.Node(node.ID), why)
		}
		if !wanted[node.ID] {
			c.take(node)
		}
		wanted[node.ID] = true
	}
	for _, node := range c.state.Nodes {
		if !wanted[node.ID] {
			c.placement.Constraints = append(c.placement.Constraints, "node.id!="+node.ID)
		}
	}
	return nil
}

// placed is where a service says that its tasks may run.
func (i images) placed(ctx context.Context, service string) (swarm.Placement, error) {
	ctx, cancel := i.Single(ctx)
	defer cancel()
	found, err := i.Docker.ServiceInspect(ctx, service, client.ServiceInspectOptions{})
	is := found.Service
	if engine.IsGone(err) || err == nil && is.Spec.Name != service && is.ID != service {
		return swarm.Placement{}, sdk.FieldErrorf("service", "there is no service %s", service)
	}
	if err != nil {
		return swarm.Placement{}, i.Fault(ctx, err, "read the service %s", service)
	}
	if is.Spec.TaskTemplate.Placement == nil {
		return swarm.Placement{}, nil
	}
	return *is.Spec.TaskTemplate.Placement, nil
}
