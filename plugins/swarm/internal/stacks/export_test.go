package stacks

import (
	"context"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
)

// Requests are what single requests of a stack say, by what they do.
func Requests(ctx context.Context, e *engine.Engine) map[string]error {
	s := stacks{service.Of(e)}
	_, reads := s.get(ctx, "web")
	_, looks := s.look(ctx)
	u := &undoing{stacks: s}
	return map[string]error{
		"read the service web":    reads,
		"list the services":       looks,
		"set the secret key":      s.setSecret(ctx, swarm.Secret{Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: "key"}}}, swarm.SecretSpec{}),
		"set the config site":     s.setConfig(ctx, swarm.Config{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: "site"}}}, swarm.ConfigSpec{}),
		"remove the network back": u.try(ctx, networkKind, "back", "id"),
		"make the service web":    s.putWith(ctx, swarm.Service{}, swarm.ServiceSpec{Annotations: swarm.Annotations{Name: "web"}}, ""),
	}
}
