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
// by the time of a later attempt. Where the registry cannot be asked, a service that has the image by
// its digest keeps it so.
func (s services) pin(ctx context.Context, in UpdateInput, was service.Object) (string, error) {
	if in.Image == "" || in.ResolveImage == resolveNever {
		return in.Image, nil
	}
	credentials, err := in.credentials()
	if err != nil {
		return "", err
	}
	pinned, err := registry.Pinned(ctx, s.Engine, in.Image, credentials)
	switch {
	case err == nil:
		return pinned, nil
	case ctx.Err() != nil, in.ResolveImage == resolveAlways, sdk.AsError(err).Field != "":
		return "", err
	case registry.Unpinned(service.Image(was.Spec)) == registry.Unpinned(in.Image):
		return service.Image(was.Spec), nil
	default:
		return in.Image, nil
	}
}

// credentials are those for the image, where the nodes shall get them.
func (in UpdateInput) credentials() (string, error) {
	if !in.RegistryAuth || in.Image == "" {
		return "", nil
	}
	return registry.Credentials(in.Image)
}

// putUpdate sets a spec, with the credentials for its image.
func (s services) putUpdate(ctx context.Context, in UpdateInput, live service.Object, to swarm.ServiceSpec) error {
	options := client.ServiceUpdateOptions{}
	if registry.Unpinned(service.Image(to)) == registry.Unpinned(in.Image) { // not those for an image from before
		var err error
		if options.EncodedRegistryAuth, err = in.credentials(); err != nil {
			return err
		}
	}
	return s.Put(ctx, live, to, options)
}

// foresee adds to a plan what an update would mean.
func (s services) foresee(_ context.Context, call *sdk.Call[UpdateInput], c change.Change[swarm.ServiceSpec], plan *sdk.Preview) error {
	in := call.Input
	if c.Changed() {
		plan.Estimate = service.Estimate(c.Want)
	}
	if in.Image != "" {
		plan.Observed = append(plan.Observed, sdk.Seen{Kind: "image", Name: in.Image, Version: c.Pin})
		if in.ResolveImage != resolveNever && c.Pin == registry.Unpinned(c.Pin) {
			plan.Warnings = append(plan.Warnings, fmt.Sprintf("The registry does not say what %s is: each node takes what it has or gets by this tag.", in.Image))
		}
	}
	return nil
}
