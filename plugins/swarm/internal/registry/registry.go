// Package registry is about where images come from: with what credentials, and what the tag of one
// stands for at this moment. It asks the registry through the engine, as docker does, and leaves out
// what is done with images.
package registry

import (
	"context"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/api/types/registry"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/schema"
)

// Credentials are those that docker has for the registry of an image, by its own configuration and
// its credential helpers, as the engine takes them; empty: it has none. They are never shown.
func Credentials(image string) (string, error) {
	named, err := parse(image)
	if err != nil {
		return "", err
	}
	file, err := config.Load("")
	if err != nil {
		return "", sdk.FieldErrorf("withRegistryAuth", "docker's configuration: %w", err)
	}
	found, err := file.GetAuthConfig(reference.Domain(named))
	if err != nil {
		return "", sdk.FieldErrorf("withRegistryAuth", "the credentials for %s: %w", reference.Domain(named), err)
	}
	encoded := registry.AuthConfig{
		Username: found.Username, Password: found.Password, Auth: found.Auth, ServerAddress: found.ServerAddress,
		IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken,
	}
	if encoded == (registry.AuthConfig{ServerAddress: found.ServerAddress}) {
		return "", nil
	}
	text, err := authconfig.Encode(encoded)
	if err != nil {
		return "", sdk.FieldErrorf("withRegistryAuth", "the credentials for %s: %w", reference.Domain(named), err)
	}
	return text, nil
}

// Found is what a registry has for an image, or what is taken for that where it is not asked.
type Found struct {
	Image     string           `json:"image"`               // by its digest, beside its tag
	Platforms []swarm.Platform `json:"platforms,omitempty"` // that it is for; none: the registry was not asked, or does not say
}

// Runs has a task run what was found, on nodes of the platforms that it is for. Where these are not known,
// they stay as they are, as docker does it.
func (f Found) Runs(of *swarm.TaskSpec) {
	of.ContainerSpec.Image = f.Image
	if len(f.Platforms) == 0 {
		return
	}
	placement := swarm.Placement{}
	if of.Placement != nil {
		placement = *of.Placement
	}
	placement.Platforms = f.Platforms
	of.Placement = &placement
}

// imageKind is how a plan names an image.
const imageKind = "image"

// Seen is how a plan names what it found for an image.
func (f Found) Seen(image string) sdk.Seen {
	return sdk.Seen{Kind: imageKind, Name: image, Version: f.Image}
}

// Agreed is what an image stood for in the plan that people agreed to; empty: nobody did, or the plan did not
// know its digest.
func Agreed(asked sdk.Request, image string) string {
	seen, _ := asked.Saw(imageKind, image)
	if digest(seen.Version) == "" {
		return ""
	}
	return seen.Version
}

// Held complains of a tag that is another image than the plan found, to which people agreed.
func (f Found) Held(asked sdk.Request, image string) error {
	was, is := digest(Agreed(asked, image)), digest(f.Image)
	if was == "" || is == "" || was == is {
		return nil
	}
	return sdk.OutdatedErrorf("the tag %s is another image than when it was planned: it is %s now, and was %s", image, is, was)
}

// digest is that of an image, where it is known.
func digest(image string) string {
	_, digest, _ := strings.Cut(image, "@")
	return digest
}

// Find asks for an image. One that says a digest already is what it is, so that it is asked for its
// platforms alone, and a registry that does not answer is no error.
func Find(ctx context.Context, e *engine.Engine, image, credentials string) (Found, error) {
	named, err := parse(image)
	if err != nil {
		return Found{}, err
	}
	_, digested := named.(reference.Digested)
	single, cancel := e.Single(ctx)
	defer cancel()
	has, err := e.Docker.DistributionInspect(single, image, client.DistributionInspectOptions{EncodedRegistryAuth: credentials})
	switch {
	case err != nil && digested && ctx.Err() == nil:
		return Found{Image: reference.FamiliarString(named)}, nil
	case err != nil:
		return Found{}, advised(named, e.Fault(single, err, "ask the registry for the image %s", image))
	}
	if !digested {
		if named, err = reference.WithDigest(reference.TagNameOnly(named), has.Descriptor.Digest); err != nil {
			return Found{}, sdk.Errorf(sdk.Permanent, "the registry's digest of the image %s: %w", image, err)
		}
	}
	found := Found{Image: reference.FamiliarString(named)}
	for _, platform := range has.Platforms {
		// As docker does it: what is no platform is passed over, and the variants of arm, by which nodes
		// call themselves, are one.
		of := swarm.Platform{OS: platform.OS, Architecture: platform.Architecture}
		if of.OS == "unknown" || of.Architecture == "unknown" {
			continue
		}
		if strings.EqualFold(of.Architecture, "arm") {
			of.Architecture = ""
		}
		if !slices.Contains(found.Platforms, of) {
			found.Platforms = append(found.Platforms, of)
		}
	}
	return found, nil
}

// advised adds to the error of a registry that wants a login how that is given.
func advised(image reference.Named, err error) error {
	if !engine.NeedsLogin(err) {
		return err
	}
	return sdk.Errorf(sdk.AsError(err).Class, "%w; type docker login %s where gatebook runs, and have withRegistryAuth: true in the step", err, reference.Domain(image))
}

// Unpinned is an image without its digest.
func Unpinned(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	bare := reference.TrimNamed(named)
	if tagged, is := named.(reference.Tagged); is {
		if with, err := reference.WithTag(bare, tagged.Tag()); err == nil {
			return reference.FamiliarString(with)
		}
	}
	return reference.FamiliarString(bare)
}

// Rule holds the parameter image to what [parse] reads, so that it is known before anything is asked. It lets
// pass a few that parse does not.
func Rule() schema.Rule {
	return schema.Rule{
		Expr: `!has(self.image) || self.image.matches("^` +
			`([A-Za-z0-9.-]+(:[0-9]+)?/|\\[[0-9A-Fa-f:]+\\](:[0-9]+)?/)?` + // its registry
			`[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*` +
			`(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@[A-Za-z][A-Za-z0-9+._-]*:[0-9A-Fa-f]+)?$")`,
		Message: "The image is called as docker calls it, in lower case but for its tag: shop/web:2.1.0.",
	}
}

// parse reads what an image is called.
func parse(image string) (reference.Named, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return nil, sdk.FieldErrorf("image", "%q is no name of an image: %w", image, err)
	}
	return named, nil
}
