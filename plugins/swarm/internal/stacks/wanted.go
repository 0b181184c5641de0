package stacks

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/compose/convert"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/file"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
)

// The kinds of what a stack is made of, but for services.
const (
	networkKind = "network"
	secretKind  = "secret"
	configKind  = "config"
)

// thing is a network, secret or config that a stack has.
type thing struct {
	kind, name string
	labels     map[string]string
	network    client.NetworkCreateOptions
	secret     swarm.SecretSpec
	config     swarm.ConfigSpec
}

func (t thing) String() string { return t.kind + " " + t.name }

// made are the names of things that a step makes, by their kind.
type made map[string][]string

func (m made) has(kind, name string) bool { return slices.Contains(m[kind], name) }

func (m made) of(kind string) []string { return m[kind] }

// stack is what a compose file makes of a stack.
type stack struct {
	file.File
	name     string
	things   []thing // networks, secrets and configs, each by their names
	outside  made    // what it takes from outside, and is not there
	blockers []string
}

// wants says what a compose file makes of a stack, and what stands in its way.
func (s stacks) wants(f file.File, name string, v view) (stack, error) {
	want := stack{File: f, name: name, outside: made{}}
	if f.Version == "" || len(f.Services) == 0 {
		return want, f.Fault("it has no services")
	}
	space := convert.NewNamespace(name)
	networks, external := convert.Networks(space, f.Networks, f.Attached())
	for _, network := range slices.Sorted(maps.Keys(networks)) {
		options := networks[network]
		options.Driver = cmp.Or(options.Driver, "overlay")
		want.things = append(want.things, thing{kind: networkKind, name: network, labels: options.Labels, network: options})
	}
	secrets, err := convert.Secrets(space, f.Secrets)
	if err != nil {
		return want, f.Fault("secrets: %w", err)
	}
	for _, secret := range secrets {
		want.things = append(want.things, thing{kind: secretKind, name: secret.Name, labels: secret.Labels, secret: secret})
	}
	configs, err := convert.Configs(space, f.Configs)
	if err != nil {
		return want, f.Fault("configs: %w", err)
	}
	for _, config := range configs {
		want.things = append(want.things, thing{kind: configKind, name: config.Name, labels: config.Labels, config: config})
	}
	slices.SortStableFunc(want.things, func(a, b thing) int {
		order := []string{networkKind, secretKind, configKind}
		return cmp.Or(cmp.Compare(slices.Index(order, a.kind), slices.Index(order, b.kind)), cmp.Compare(a.name, b.name))
	})
	want.block(v, external)
	return want, nil
}

// block finds what would be refused.
func (w *stack) block(v view, networks []string) {
	says := func(format string, args ...any) { w.blockers = append(w.blockers, fmt.Sprintf(format, args...)) }
	slices.Sort(networks)
	for _, name := range networks {
		live, there := v.networks[name]
		switch {
		case !container.NetworkMode(name).IsUserDefined(): // which each node has
		case !there:
			says("There is no network %s, which the compose file takes from outside.", name)
		case live.Scope != ofSwarm:
			says("The network %s, which the compose file takes from outside, is one of a node alone, and not of the swarm.", name)
		}
	}
	for _, name := range w.external(secretKind) {
		if _, there := v.secrets[name]; !there {
			w.outside[secretKind] = append(w.outside[secretKind], name)
			says("There is no secret %s, which the compose file takes from outside.", name)
		}
	}
	for _, name := range w.external(configKind) {
		if _, there := v.configs[name]; !there {
			w.outside[configKind] = append(w.outside[configKind], name)
			says("There is no config %s, which the compose file takes from outside.", name)
		}
	}
	for _, one := range w.things {
		if of := v.networks[one.name].Labels[convert.LabelNamespace]; one.kind == networkKind && v.id(networkKind, one.name) != "" && of != w.name {
			says("There is a network %s already, which is not of the stack %s.", one.name, w.name)
		}
		live, there := v.configs[one.name]
		if one.kind == configKind && there && !bytes.Equal(live.Spec.Data, one.config.Data) {
			says("The config %s has another content than the compose file says, and what a config holds cannot be changed: give it another name.", one.name)
		}
	}
	for _, service := range w.Services {
		name := convert.NewNamespace(w.name).Scope(service.Name)
		live, there := v.services[name]
		if of := live.Spec.Labels[convert.LabelNamespace]; there && of != w.name {
			says("There is a service %s already, which is not of the stack %s.", name, w.name)
		}
	}
}

// external are the names of the secrets or configs that services have from outside.
func (w *stack) external(kind string) []string {
	names := map[string]bool{}
	for _, service := range w.Services {
		for _, one := range service.Secrets {
			if of := w.Secrets[one.Source]; kind == secretKind && of.External.External {
				names[of.Name] = true
			}
		}
		for _, one := range service.Configs {
			if of := w.Configs[one.Source]; kind == configKind && of.External.External {
				names[of.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// lacks are the things that are not there yet.
func (w *stack) lacks(v view) made {
	all := made{}
	for _, one := range w.things {
		if v.id(one.kind, one.name) == "" {
			all[one.kind] = append(all[one.kind], one.name)
		}
	}
	return all
}

// services are the specs that the file says, by their whole names and in the order of these, before
// their images are fixed.
func (w *stack) services(ctx context.Context, v view) ([]swarm.ServiceSpec, error) {
	foretold := w.lacks(v)
	for kind, names := range w.outside {
		foretold[kind] = append(foretold[kind], names...)
	}
	specs, err := convert.Services(ctx, convert.NewNamespace(w.name), w.Config, answers{view: v, made: foretold})
	if err != nil {
		return nil, w.Fault("%w", err)
	}
	all := slices.SortedFunc(maps.Values(specs), func(a, b swarm.ServiceSpec) int { return cmp.Compare(a.Name, b.Name) })
	for _, one := range all {
		if one.TaskTemplate.ContainerSpec.Image, err = tagged(one.TaskTemplate.ContainerSpec.Image); err != nil {
			return nil, w.Fault("the image of %s: %w", one.Name, err)
		}
	}
	return all, nil
}

// tagged is an image with its tag, as the engine is told.
func tagged(image string) (string, error) {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", err
	}
	return reference.FamiliarString(reference.TagNameOnly(named)), nil
}

// fixed fixes the image of a service that is to be set, and for which platforms it is: by the registry, or
// as it is. What cannot be fixed is run as its tag says, on each node for itself, which is worth a warning.
func (s stacks) fixed(ctx context.Context, in Input, to swarm.ServiceSpec, live swarm.Service) (found registry.Found, warning string, err error) {
	image := to.TaskTemplate.ContainerSpec.Image
	is, same := unasked(to, live)
	if in.ResolveImage == "never" || in.ResolveImage == "changed" && same {
		return is, "", nil
	}
	credentials, err := credentials(in, image)
	if err != nil {
		return is, "", err
	}
	found, err = registry.Find(ctx, s.Engine, image, credentials)
	switch {
	case ctx.Err() != nil:
		return is, "", s.Fault(ctx, ctx.Err(), "ask the registry for the image %s", image)
	case err != nil && same:
		return is, "", nil
	case err != nil:
		return is, fmt.Sprintf("The registry does not tell the digest of the image %s, so that each node runs what it finds under that name: %s.", image, sdk.AsError(err).Message), nil
	default:
		return found, "", nil
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

func credentials(in Input, image string) (string, error) {
	if !in.WithRegistryAuth {
		return "", nil
	}
	return registry.Credentials(image)
}

// sum tells what the file says, with all that it takes in, from what it said before; but for the
// contents of secrets.
func (w *stack) sum(v view, services []target) string {
	var all []any
	for _, one := range w.things {
		all = append(all, one.String(), one.config.Data)
	}
	for _, one := range services {
		all = append(all, one.Name, one.Set)
	}
	return v.prints.Of("stack "+w.name, all)
}

// called is how a plan names the file.
func (w *stack) called(in Input) string { return cmp.Or(in.File, "of the stack "+w.name) }

// sentence makes of what an error says a whole sentence.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}
