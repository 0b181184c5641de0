package stack

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/compose/convert"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/file"
)

// The kinds of what a stack is made of, but for services.
const (
	NetworkKind = "network"
	SecretKind  = "secret"
	ConfigKind  = "config"
)

// Thing is a network, secret or config that a stack has.
type Thing struct {
	Kind, Name string
	Labels     map[string]string
	Network    client.NetworkCreateOptions
	Secret     swarm.SecretSpec
	Config     swarm.ConfigSpec
}

func (t Thing) String() string { return t.Kind + " " + t.Name }

// Made are the names of things that a step makes, by their kind.
type Made map[string][]string

// Has says whether a thing is among them.
func (m Made) Has(kind, name string) bool { return slices.Contains(m[kind], name) }

// Of are those of a kind.
func (m Made) Of(kind string) []string { return m[kind] }

// Stack is what a compose file makes of a stack.
type Stack struct {
	file.File
	Name     string
	Things   []Thing  // networks, secrets and configs, each by their names
	Blockers []string // what would be refused, in whole sentences

	outside Made // what it takes from outside, and is not there
}

// Wants says what a compose file makes of a stack, and what stands in its way.
func Wants(f file.File, name string, v View) (Stack, error) {
	want := Stack{File: f, Name: name, outside: Made{}}
	if f.Version == "" || len(f.Services) == 0 {
		return want, f.Fault("it has no services")
	}
	space := convert.NewNamespace(name)
	networks, external := convert.Networks(space, f.Networks, f.Attached())
	for _, network := range slices.Sorted(maps.Keys(networks)) {
		options := networks[network]
		options.Driver = cmp.Or(options.Driver, "overlay")
		want.Things = append(want.Things, Thing{Kind: NetworkKind, Name: network, Labels: options.Labels, Network: options})
	}
	secrets, err := convert.Secrets(space, f.Secrets)
	if err != nil {
		return want, f.Fault("secrets: %w", err)
	}
	for _, secret := range secrets {
		want.Things = append(want.Things, Thing{Kind: SecretKind, Name: secret.Name, Labels: secret.Labels, Secret: secret})
	}
	configs, err := convert.Configs(space, f.Configs)
	if err != nil {
		return want, f.Fault("configs: %w", err)
	}
	for _, config := range configs {
		want.Things = append(want.Things, Thing{Kind: ConfigKind, Name: config.Name, Labels: config.Labels, Config: config})
	}
	slices.SortStableFunc(want.Things, func(a, b Thing) int {
		order := []string{NetworkKind, SecretKind, ConfigKind}
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)), cmp.Compare(a.Name, b.Name))
	})
	want.block(v, external)
	return want, nil
}

// longest is how long the name of a service may be.
const longest = 63

// callable is what a service may be called.
var callable = regexp.MustCompile(`^[a-zA-Z0-9](?:[-_]*[a-zA-Z0-9]+)*$`)

// block finds what would be refused.
func (w *Stack) block(v View, networks []string) {
	says := func(format string, args ...any) { w.Blockers = append(w.Blockers, fmt.Sprintf(format, args...)) }
	slices.Sort(networks)
	for _, name := range networks {
		live, there := v.Networks[name]
		switch {
		case !container.NetworkMode(name).IsUserDefined(): // which each node has
		case !there:
			says("There is no network %s, which the compose file takes from outside.", name)
		case live.Scope != ofSwarm:
			says("The network %s, which the compose file takes from outside, is one of a node alone, and not of the swarm.", name)
		}
	}
	for _, name := range w.external(SecretKind) {
		if _, there := v.Secrets[name]; !there {
			w.outside[SecretKind] = append(w.outside[SecretKind], name)
			says("There is no secret %s, which the compose file takes from outside.", name)
		}
	}
	for _, name := range w.external(ConfigKind) {
		if _, there := v.Configs[name]; !there {
			w.outside[ConfigKind] = append(w.outside[ConfigKind], name)
			says("There is no config %s, which the compose file takes from outside.", name)
		}
	}
	for _, one := range w.Things {
		if of := v.Networks[one.Name].Labels[convert.LabelNamespace]; one.Kind == NetworkKind && v.ID(NetworkKind, one.Name) != "" && of != w.Name {
			says("There is a network %s already, which is not of the stack %s.", one.Name, w.Name)
		}
		live, there := v.Configs[one.Name]
		if one.Kind == ConfigKind && there && !bytes.Equal(live.Spec.Data, one.Config.Data) {
			says("The config %s has another content than the compose file says, and what a config holds cannot be changed: give it another name.", one.Name)
		}
	}
	for _, service := range w.Services {
		name := convert.NewNamespace(w.Name).Scope(service.Name)
		switch {
		case len(name) > longest:
			says("The service %s of the compose file would be called %s, which has %d characters; an engine takes %d.", service.Name, name, len(name), longest)
		case !callable.MatchString(name):
			says("The service %s of the compose file would be called %s; an engine takes letters, digits, - and _, of which the last two end no name.", service.Name, name)
		}
		live, there := v.Services[name]
		if of := live.Spec.Labels[convert.LabelNamespace]; there && of != w.Name {
			says("There is a service %s already, which is not of the stack %s.", name, w.Name)
		}
	}
}

// external are the names of the secrets or configs that services have from outside.
func (w *Stack) external(kind string) []string {
	names := map[string]bool{}
	for _, service := range w.Services {
		for _, one := range service.Secrets {
			if of := w.Secrets[one.Source]; kind == SecretKind && of.External.External {
				names[of.Name] = true
			}
		}
		for _, one := range service.Configs {
			if of := w.Configs[one.Source]; kind == ConfigKind && of.External.External {
				names[of.Name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Lacks are the things that are not there yet.
func (w *Stack) Lacks(v View) Made {
	all := Made{}
	for _, one := range w.Things {
		if v.ID(one.Kind, one.Name) == "" {
			all[one.Kind] = append(all[one.Kind], one.Name)
		}
	}
	return all
}

// Specs are those that the file says, by their whole names and in the order of these, before
// their images are fixed.
func (w *Stack) Specs(ctx context.Context, v View) ([]swarm.ServiceSpec, error) {
	foretold := w.Lacks(v)
	for kind, names := range w.outside {
		foretold[kind] = append(foretold[kind], names...)
	}
	specs, err := convert.Services(ctx, convert.NewNamespace(w.Name), w.Config, answers{View: v, Made: foretold})
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

// Sum tells what the file says, with all that it takes in, from what it said before; but for the
// contents of secrets. Neither what there is in the swarm is in it, nor what a registry says.
func (w *Stack) Sum(v View) string {
	says := *w.Config
	says.Extras = nil // of which nothing is made, and which may hold what no JSON has
	all := []any{says}
	for _, one := range w.Things {
		all = append(all, one.String(), one.Config.Data)
	}
	return v.prints.Of("stack "+w.Name, all)
}
