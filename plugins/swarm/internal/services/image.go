package services

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
)

// The ways in which a tag is resolved.
const (
	resolveAlways = "always"
	resolveNever  = "never"
)

// pin fixes the image that an update sets, as long as the update lasts: a tag may be another image
// by the time of a later attempt. Where the registry cannot be asked, it is the one that the plan saw, or a
// service that has the image by its digest keeps it so.
func (s services) pin(ctx context.Context, call *sdk.Call[UpdateInput], was service.Object) (registry.Found, error) {
	in := call.Input
	asTold := registry.Found{Image: in.Image}
	if in.Image == "" || in.ResolveImage == resolveNever {
		return asTold, nil
	}
	credentials, err := in.credentials(in.Image)
	if err != nil {
		return asTold, err
	}
	found, err := registry.Find(ctx, s.Engine, in.Image, credentials)
	planned := registry.Agreed(call.Request, in.Image)
	switch {
	case err == nil:
		return found, found.Held(call.Request, in.Image)
	case ctx.Err() != nil, in.ResolveImage == resolveAlways, sdk.AsError(err).Field != "":
		return asTold, err
	case planned != "":
		return registry.Found{Image: planned}, nil
	case registry.Unpinned(service.Image(was.Spec)) == registry.Unpinned(in.Image):
		return registry.Found{Image: service.Image(was.Spec)}, nil
	default:
		return asTold, nil
	}
}

// credentials are those for the image of a spec, where the nodes shall get them: not for an image from before.
func (in UpdateInput) credentials(image string) (string, error) {
	another := in.Image != "" && registry.Unpinned(image) != registry.Unpinned(in.Image)
	if !in.RegistryAuth || image == "" || another {
		return "", nil
	}
	return registry.Credentials(image)
}

// anew has the nodes get credentials that refuse tasks of a service which is as the step wants it, since they
// may lack them: the engine tells nobody which it has.
func (s services) anew(ctx context.Context, in UpdateInput, live service.Object) (string, error) {
	credentials, err := in.credentials(service.Image(live.Spec))
	if err != nil || credentials == "" {
		return "", err
	}
	return s.Refused(ctx, live)
}

// putUpdate sets a spec, with the credentials for its image.
func (s services) putUpdate(ctx context.Context, in UpdateInput, live service.Object, to swarm.ServiceSpec) error {
	credentials, err := in.credentials(service.Image(to))
	if err != nil {
		return err
	}
	return s.Put(ctx, live, to, client.ServiceUpdateOptions{EncodedRegistryAuth: credentials})
}

// foresee adds to a plan what an update would mean.
func (s services) foresee(ctx context.Context, call *sdk.Call[UpdateInput], c change.Change[swarm.ServiceSpec], plan *sdk.Preview) error {
	in := call.Input
	if c.Changed() {
		if err := s.fewer(ctx, in, c.Live); err != nil {
			return err
		}
		plan.Estimate = service.Estimate(c.Want)
	}
	if in.Image != "" {
		plan.Observed = append(plan.Observed, c.Pin.Seen(in.Image))
		if in.ResolveImage != resolveNever && c.Pin.Image == registry.Unpinned(c.Pin.Image) {
			plan.Warnings = append(plan.Warnings, fmt.Sprintf("The registry does not say what %s is: each node takes what it has or gets by this tag.", in.Image))
		}
	}
	return nil
}
