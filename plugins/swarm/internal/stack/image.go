package stack

import (
	"context"
	"fmt"

	"github.com/docker/cli/cli/compose/convert"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
)

// Fixed is the image of a service that is to be set, and for which platforms it is.
type Fixed struct {
	registry.Found
	Called  string // how a plan names it; empty: no registry has a say in it, so that it follows from what else a plan saw
	Warning string // a whole sentence; empty: there is nothing to warn of
}

// Fixed fixes the image of a service that is to be set: by the registry, or where that does not answer by the plan
// that people agreed to, or as it is. What cannot be fixed is run as its tag says, on each node for itself, which is
// worth a warning.
func (in Given) Fixed(ctx context.Context, e *engine.Engine, asked sdk.Request, to swarm.ServiceSpec, live swarm.Service) (Fixed, error) {
	image := to.TaskTemplate.ContainerSpec.Image
	is, same := unasked(to, live)
	if in.ResolveImage == "never" || in.ResolveImage == "changed" && same {
		return Fixed{Found: is}, nil
	}
	called := image + " of the service " + to.Name // another one may have the tag as it was once
	planned := registry.Agreed(asked, called)
	credentials, err := in.Credentials(image)
	if err != nil {
		return Fixed{}, err
	}
	found, err := registry.Find(ctx, e, image, credentials)
	switch {
	case ctx.Err() != nil:
		return Fixed{}, e.Fault(ctx, ctx.Err(), "ask the registry for the image %s", image)
	case err != nil && planned != "":
		return Fixed{Found: registry.Found{Image: planned, Platforms: is.Platforms}, Called: called}, nil
	case err != nil && same:
		return Fixed{Found: is, Called: called}, nil
	case err != nil:
		return Fixed{Found: is, Called: called, Warning: fmt.Sprintf("The registry does not tell the digest of the image %s, so that each node runs what it finds under that name: %s.", image, sdk.AsError(err).Message)}, nil
	case len(found.Platforms) == 0 && found.Image == is.Image: // they are not known, and stay as they are
		return Fixed{Found: is, Called: called}, nil
	default:
		return Fixed{Found: found, Called: called}, nil
	}
}

// unasked is the image of a service without asking the registry, and whether the compose file names the one
// that the service has: that stays as it was fixed.
func unasked(to swarm.ServiceSpec, live swarm.Service) (is registry.Found, same bool) {
	is.Image = to.TaskTemplate.ContainerSpec.Image
	had := live.Spec.TaskTemplate
	if live.ID == "" || had.ContainerSpec == nil {
		return is, false
	}
	if same = live.Spec.Labels[convert.LabelImage] == to.Labels[convert.LabelImage]; same {
		is.Image = had.ContainerSpec.Image
	}
	if is.Image == had.ContainerSpec.Image && had.Placement != nil {
		is.Platforms = had.Placement.Platforms
	}
	return is, same
}

// Credentials are those for an image, where the step gives the nodes some.
func (in Given) Credentials(image string) (string, error) {
	if !in.WithRegistryAuth {
		return "", nil
	}
	return registry.Credentials(image)
}
