package stacks

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/docker/cli/cli/compose/convert"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// view is what there is in a swarm of what a stack may name, by the names.
type view struct {
	services map[string]swarm.Service
	networks map[string]network.Summary // those of the swarm go before those of a node
	names    map[string]string          // of networks, by their ids
	secrets  map[string]swarm.Secret
	configs  map[string]swarm.Config
	prints   *spec.Prints
}

// look looks at all of it.
func (s stacks) look(ctx context.Context) (v view, err error) {
	ctx, cancel := s.Single(ctx)
	defer cancel()
	services, err := s.Docker.ServiceList(ctx, client.ServiceListOptions{})
	if err != nil {
		return v, s.Fault(ctx, err, "list the services")
	}
	networks, err := s.Docker.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return v, s.Fault(ctx, err, "list the networks")
	}
	secrets, err := s.Docker.SecretList(ctx, client.SecretListOptions{})
	if err != nil {
		return v, s.Fault(ctx, err, "list the secrets")
	}
	configs, err := s.Docker.ConfigList(ctx, client.ConfigListOptions{})
	if err != nil {
		return v, s.Fault(ctx, err, "list the configs")
	}
	v.names, v.prints = map[string]string{}, &s.Prints
	for _, one := range networks.Items {
		v.names[one.ID] = one.Name
	}
	if err := s.predefined(ctx, services.Items, v.names); err != nil {
		return v, err
	}
	v.services = by(services.Items, func(one swarm.Service) string { return one.Spec.Name })
	slices.SortStableFunc(networks.Items, func(a, b network.Summary) int { return strings.Compare(a.Scope, b.Scope) }) // local, swarm
	v.networks = by(networks.Items, func(one network.Summary) string { return one.Name })
	v.secrets = by(secrets.Items, func(one swarm.Secret) string { return one.Spec.Name })
	v.configs = by(configs.Items, func(one swarm.Config) string { return one.Spec.Name })
	return v, nil
}

// predefined adds the names of networks that each node has, as that of the host: a swarm has ids of
// its own for them, and does not list these.
func (s stacks) predefined(ctx context.Context, services []swarm.Service, names map[string]string) error {
	for _, service := range services {
		for _, one := range service.Spec.TaskTemplate.Networks {
			if _, known := names[one.Target]; known {
				continue
			}
			found, err := s.Docker.NetworkInspect(ctx, one.Target, client.NetworkInspectOptions{})
			if err != nil && !engine.IsGone(err) {
				return s.Fault(ctx, err, "read the network %s", one.Target)
			}
			names[one.Target] = cmp.Or(found.Network.Name, one.Target)
		}
	}
	return nil
}

// ofStack are the names of the services of a stack, in their order.
func (v view) ofStack(stack string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v.services)) {
		if v.services[name].Spec.Labels[convert.LabelNamespace] == stack {
			names = append(names, name)
		}
	}
	return names
}

func by[T any](items []T, name func(T) string) map[string]T {
	all := make(map[string]T, len(items))
	for _, item := range items {
		all[name(item)] = item
	}
	return all
}

// named is a spec with the names of networks instead of their ids, which the engine puts there.
func (v view) named(spec swarm.ServiceSpec) swarm.ServiceSpec {
	attached := make([]swarm.NetworkAttachmentConfig, len(spec.TaskTemplate.Networks))
	for i, one := range spec.TaskTemplate.Networks {
		if name, known := v.names[one.Target]; known {
			one.Target = name
		}
		attached[i] = one
	}
	spec.TaskTemplate.Networks = attached
	return spec
}

// shown is a spec as a person reads it, and as specs are compared: by names, and without the ids of
// what the step itself makes, which nobody knows before, and without its mark.
func (v view) shown(spec swarm.ServiceSpec, made made) swarm.ServiceSpec {
	spec = v.named(spec)
	spec.Labels = unmarked(spec.Labels)
	container := spec.TaskTemplate.ContainerSpec
	if container == nil {
		return spec
	}
	bare := *container
	bare.Secrets, bare.Configs = nil, nil
	for _, one := range container.Secrets {
		if one != nil && made.has(secretKind, one.SecretName) {
			one = &swarm.SecretReference{File: one.File, SecretName: one.SecretName, SecretID: later}
		}
		bare.Secrets = append(bare.Secrets, one)
	}
	for _, one := range container.Configs {
		if one != nil && made.has(configKind, one.ConfigName) {
			one = &swarm.ConfigReference{File: one.File, Runtime: one.Runtime, ConfigName: one.ConfigName, ConfigID: later}
		}
		bare.Configs = append(bare.Configs, one)
	}
	spec.TaskTemplate.ContainerSpec = &bare
	return spec
}

// later stands for the id of what is not made yet.
const later = "(known after it is made)"

// print is what is kept of a spec, to know by it what a service is from what it was.
func (v view) print(service string, of swarm.ServiceSpec, made made) string {
	return v.prints.Of(service, compose.Form(v.shown(of, made)))
}

// version is what a plan says of a spec.
func (v view) version(service string, of swarm.ServiceSpec) string {
	return v.prints.Version(service, compose.Form(v.named(of)))
}

// answers are those that docker's reading of references to secrets and configs gets: what there is,
// and what the step is going to make.
type answers struct {
	client.APIClient // is never asked for anything else
	view
	made
}

// SecretList are the secrets that there will be.
func (a answers) SecretList(context.Context, client.SecretListOptions) (all client.SecretListResult, err error) {
	for name, one := range a.secrets {
		all.Items = append(all.Items, swarm.Secret{ID: one.ID, Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}}})
	}
	for _, name := range a.of(secretKind) {
		if _, there := a.secrets[name]; !there {
			all.Items = append(all.Items, swarm.Secret{ID: later, Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}}})
		}
	}
	return all, nil
}

// ConfigList are the configs that there will be.
func (a answers) ConfigList(context.Context, client.ConfigListOptions) (all client.ConfigListResult, err error) {
	for name, one := range a.configs {
		all.Items = append(all.Items, swarm.Config{ID: one.ID, Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}}})
	}
	for _, name := range a.of(configKind) {
		if _, there := a.configs[name]; !there {
			all.Items = append(all.Items, swarm.Config{ID: later, Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}}})
		}
	}
	return all, nil
}
