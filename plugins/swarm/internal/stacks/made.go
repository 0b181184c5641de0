package stacks

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/moby/moby/api/types/swarm"
)

// owned are the IDs of the services that a step has made, by their names. `docker stack deploy` takes the mark of
// the step from a service, and an undo is told nothing of what the step has noted, so that they are kept in the
// swarm. Before they are, and where somebody has removed them, a step knows its services by the mark alone.
type owned map[string]string

// creates says whether a step makes services.
func (k kept) creates() bool {
	return slices.ContainsFunc(k.Targets, func(one target) bool { return one.ID == "" })
}

// known reads what is kept of them.
func (s stacks) known(ctx context.Context, k kept) (owned, error) {
	ids := owned{}
	if !k.creates() {
		return ids, nil
	}
	_, err := s.vault().Find(ctx, k.Key, k.services(), &ids)
	return ids, err
}

// disown removes what is kept of them.
func (s stacks) disown(ctx context.Context, k kept) error {
	if !k.creates() {
		return nil
	}
	return s.vault().Drop(ctx, k.Key, k.services())
}

// record keeps which services the step has made so far.
func (r *run) record(ctx context.Context) error {
	if !r.creates() {
		return nil
	}
	known, err := r.known(ctx, r.kept)
	if err != nil {
		return err
	}
	v, err := r.look(ctx)
	if err != nil {
		return err
	}
	all := maps.Clone(known)
	for _, one := range r.Targets {
		if live := v.Services[one.Name]; one.ID == "" && r.owns(known, live) {
			all[one.Name] = live.ID
		}
	}
	if maps.Equal(all, known) {
		return nil
	}
	// A later attempt may have made more, and what is kept cannot be changed.
	return cmp.Or(r.disown(ctx, r.kept), r.vault().Keep(ctx, r.call.Log, r.Key, r.services(), all))
}

// owns says whether the step has made a service, whoever has changed it since.
func (k kept) owns(known owned, live swarm.Service) bool {
	marked := k.madeBy(live.Spec.Labels) || live.PreviousSpec != nil && k.madeBy(live.PreviousSpec.Labels)
	return marked || live.ID != "" && known[live.Spec.Name] == live.ID
}

// services is what the IDs of services are of, as what is kept of them in the swarm says.
func (k kept) services() string { return "services of the stack " + k.Stack }
