package stack

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

// View is what there is in a swarm of what a stack may name, by the names.
type View struct {
	Services map[string]swarm.Service
	Networks map[string]network.Summary // those of the swarm go before those of a node
	names    map[string]string          // of networks, by their ids
	Secrets  map[string]swarm.Secret
	Configs  map[string]swarm.Config
	prints   *spec.Prints
}

// Look looks at all of it.
func Look(ctx context.Context, e *engine.Engine) (v View, err error) {
	ctx, cancel := e.Single(ctx)
	defer cancel()
	services, err := e.Docker.ServiceList(ctx, client.ServiceListOptions{})
	if err != nil {
		return v, e.Fault(ctx, err, "list the services")
	}
	networks, err := e.Docker.NetworkList(ctx, client.NetworkListOptions{})
	if err != nil {
		return v, e.Fault(ctx, err, "list the networks")
	}
	secrets, err := e.Docker.SecretList(ctx, client.SecretListOptions{})
	if err != nil {
		return v, e.Fault(ctx, err, "list the secrets")
	}
	configs, err := e.Docker.ConfigList(ctx, client.ConfigListOptions{})
	if err != nil {
		return v, e.Fault(ctx, err, "list the configs")
	}
	v.names, v.prints = map[string]string{}, &e.Prints
	for _, one := range networks.Items {
		v.names[one.ID] = one.Name
	}
	if err := predefined(ctx, e, services.Items, v.names); err != nil {
		return v, err
	}
	v.Services = by(services.Items, func(one swarm.Service) string { return one.Spec.Name })
	slices.SortStableFunc(networks.Items, func(a, b network.Summary) int { return strings.Compare(a.Scope, b.Scope) }) // local, swarm
	v.Networks = by(networks.Items, func(one network.Summary) string { return one.Name })
	v.Secrets = by(secrets.Items, func(one swarm.Secret) string { return one.Spec.Name })
	v.Configs = by(configs.Items, func(one swarm.Config) string { return one.Spec.Name })
	return v, nil
}

// predefined adds the names of networks that each node has, as that of the host: a swarm has ids of
// its own for them, and does not list these.
func predefined(ctx context.Context, e *engine.Engine, services []swarm.Service, names map[string]string) error {
	for _, service := range services {
		for _, one := range service.Spec.TaskTemplate.Networks {
			if _, known := names[one.Target]; known {
				continue
			}
			found, err := e.Docker.NetworkInspect(ctx, one.Target, client.NetworkInspectOptions{})
			if err != nil && !engine.IsGone(err) {
				return e.Fault(ctx, err, "read the network %s", one.Target)
			}
			names[one.Target] = cmp.Or(found.Network.Name, one.Target)
		}
	}
	return nil
}

// OfStack are the names of the services of a stack, in their order.
func (v View) OfStack(stack string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(v.Services)) {
		if v.Services[name].Spec.Labels[convert.LabelNamespace] == stack {
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

// Named is a spec with the names of networks instead of their ids, which the engine puts there.
func (v View) Named(spec swarm.ServiceSpec) swarm.ServiceSpec {
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

// Shown is a spec as a person reads it, and as specs are compared: by names, and without the ids of
// what the step itself makes, which nobody knows before, and without its mark.
func (v View) Shown(spec swarm.ServiceSpec, made Made) swarm.ServiceSpec {
	spec = v.Named(spec)
	spec.Labels = Unmarked(spec.Labels)
	container := spec.TaskTemplate.ContainerSpec
	if container == nil {
		return spec
	}
	bare := *container
	bare.Secrets, bare.Configs = nil, nil
	for _, one := range container.Secrets {
		if one != nil && made.Has(SecretKind, one.SecretName) {
			one = &swarm.SecretReference{File: one.File, SecretName: one.SecretName, SecretID: later}
		}
		bare.Secrets = append(bare.Secrets, one)
	}
	for _, one := range container.Configs {
		if one != nil && made.Has(ConfigKind, one.ConfigName) {
			one = &swarm.ConfigReference{File: one.File, Runtime: one.Runtime, ConfigName: one.ConfigName, ConfigID: later}
		}
		bare.Configs = append(bare.Configs, one)
	}
	spec.TaskTemplate.ContainerSpec = &bare
	return spec
}

// later stands for the id of what is not made yet.
const later = "(known after it is made)"

// Print is what is kept of a spec, to know by it what a service is from what it was.
func (v View) Print(service string, of swarm.ServiceSpec, made Made) string {
	return v.prints.Of(service, compose.Form(v.Shown(of, made)))
}

// Version is what a plan says of a spec.
func (v View) Version(service string, of swarm.ServiceSpec) string {
	return v.prints.Version(service, compose.Form(v.Named(of)))
}

// answers are those that docker's reading of references to secrets and configs gets: what there is,
// and what the step is going to make.
type answers struct {
	client.APIClient // is never asked for anything else
	View
	Made
}

// SecretList are the secrets that there will be.
func (a answers) SecretList(context.Context, client.SecretListOptions) (all client.SecretListResult, err error) {
	for name, one := range a.Secrets {
		all.Items = append(all.Items, swarm.Secret{ID: one.ID, Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}}})
	}
	for _, name := range a.Of(SecretKind) {
		if _, there := a.Secrets[name]; !there {
			all.Items = append(all.Items, swarm.Secret{ID: later, Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: name}}})
		}
	}
	return all, nil
}

// ConfigList are the configs that there will be.
func (a answers) ConfigList(context.Context, client.ConfigListOptions) (all client.ConfigListResult, err error) {
	for name, one := range a.Configs {
		all.Items = append(all.Items, swarm.Config{ID: one.ID, Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}}})
	}
	for _, name := range a.Of(ConfigKind) {
		if _, there := a.Configs[name]; !there {
			all.Items = append(all.Items, swarm.Config{ID: later, Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name}}})
		}
	}
	return all, nil
}

// ofSwarm is the scope of a network that is one for all nodes.
const ofSwarm = "swarm"

// ID is that of a thing; empty: it is not there.
func (v View) ID(kind, name string) string {
	switch kind {
	case NetworkKind:
		if v.Networks[name].Scope != ofSwarm { // another one, of a node alone
			return ""
		}
		return v.Networks[name].ID
	case SecretKind:
		return v.Secrets[name].ID
	default:
		return v.Configs[name].ID
	}
}

// Labels are those of a thing.
func (v View) Labels(kind, name string) map[string]string {
	switch kind {
	case NetworkKind:
		return v.Networks[name].Labels
	case SecretKind:
		return v.Secrets[name].Spec.Labels
	default:
		return v.Configs[name].Spec.Labels
	}
}

// PrintLabels is what is kept of labels of a thing with this ID, to know them again. No labels are empty ones.
func (v View) PrintLabels(id string, labels map[string]string) string {
	if len(labels) == 0 {
		labels = map[string]string{}
	}
	return v.prints.Of(id, labels)
}

// Users are the services that use a thing.
func (v View) Users(kind, name string) (names []string) {
	for _, service := range slices.Sorted(maps.Keys(v.Services)) {
		if uses(v.Named(v.Services[service].Spec), kind, name) {
			names = append(names, service)
		}
	}
	return names
}

func uses(spec swarm.ServiceSpec, kind, name string) bool {
	switch kind {
	case NetworkKind:
		for _, one := range spec.TaskTemplate.Networks {
			if one.Target == name {
				return true
			}
		}
	case SecretKind, ConfigKind:
		if spec.TaskTemplate.ContainerSpec == nil {
			return false
		}
		for _, one := range spec.TaskTemplate.ContainerSpec.Secrets {
			if kind == SecretKind && one.SecretName == name {
				return true
			}
		}
		for _, one := range spec.TaskTemplate.ContainerSpec.Configs {
			if kind == ConfigKind && one.ConfigName == name {
				return true
			}
		}
	}
	return false
}
