package rotation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// store is where a swarm keeps things of one kind.
type store struct {
	kind   string // "config"
	find   func(ctx context.Context, name string) (*thing, error)
	create func(ctx context.Context, of thing) error
	remove func(ctx context.Context, id string) error
	uses   func(of swarm.ServiceSpec) []mount
	// holds, where nobody can read what things hold, says whether one holds something.
	holds func(ctx context.Context, id string, data []byte) (bool, error)
}

// thing is a config or a secret.
type thing struct {
	id, name   string
	labels     map[string]string
	data       []byte        // of a secret, only what it is made with
	templating *swarm.Driver // by which the engine fills in what it holds; nil: it does not
	driver     *swarm.Driver // by which the engine asks elsewhere what it holds; nil: it holds it
}

// mount is where a service uses one: in the spec that it was read from, which changes with it.
type mount struct {
	target   string // where it mounts it; empty where it has another use for it
	id, name *string
}

// both are the kinds that there are.
func both(e *engine.Engine) []store { return []store{configs(e), secrets(e)} }

func configs(e *engine.Engine) store {
	return store{
		kind: "config",
		find: func(ctx context.Context, name string) (*thing, error) {
			found, err := e.Docker.ConfigList(ctx, client.ConfigListOptions{Filters: make(client.Filters).Add("name", name)})
			if err != nil {
				return nil, err
			}
			for _, one := range found.Items { // the filter takes the beginning of a name, too
				if one.Spec.Name == name {
					return &thing{id: one.ID, name: name, labels: one.Spec.Labels, data: one.Spec.Data, templating: one.Spec.Templating}, nil
				}
			}
			return nil, nil
		},
		create: func(ctx context.Context, of thing) error {
			_, err := e.Docker.ConfigCreate(ctx, client.ConfigCreateOptions{Spec: swarm.ConfigSpec{
				Annotations: swarm.Annotations{Name: of.name, Labels: of.labels}, Data: of.data, Templating: of.templating,
			}})
			return err
		},
		remove: func(ctx context.Context, id string) error {
			_, err := e.Docker.ConfigRemove(ctx, id, client.ConfigRemoveOptions{})
			return err
		},
		uses: func(of swarm.ServiceSpec) []mount {
			var all []mount
			if container := of.TaskTemplate.ContainerSpec; container != nil {
				for _, one := range container.Configs {
					use := mount{id: &one.ConfigID, name: &one.ConfigName}
					if one.File != nil {
						use.target = one.File.Name
					}
					all = append(all, use)
				}
			}
			return all
		},
	}
}

func secrets(e *engine.Engine) store {
	return store{
		kind: "secret", holds: e.Holds,
		find: func(ctx context.Context, name string) (*thing, error) {
			found, err := e.Docker.SecretList(ctx, client.SecretListOptions{Filters: make(client.Filters).Add("name", name)})
			if err != nil {
				return nil, err
			}
			for _, one := range found.Items {
				if one.Spec.Name == name {
					return &thing{id: one.ID, name: name, labels: one.Spec.Labels, templating: one.Spec.Templating, driver: one.Spec.Driver}, nil
				}
			}
			return nil, nil
		},
		create: func(ctx context.Context, of thing) error {
			_, err := e.Docker.SecretCreate(ctx, client.SecretCreateOptions{Spec: swarm.SecretSpec{
				Annotations: swarm.Annotations{Name: of.name, Labels: of.labels}, Data: of.data, Templating: of.templating,
			}})
			return err
		},
		remove: func(ctx context.Context, id string) error {
			_, err := e.Docker.SecretRemove(ctx, id, client.SecretRemoveOptions{})
			return err
		},
		uses: func(of swarm.ServiceSpec) []mount {
			var all []mount
			if container := of.TaskTemplate.ContainerSpec; container != nil {
				for _, one := range container.Secrets {
					use := mount{id: &one.SecretID, name: &one.SecretName}
					if one.File != nil {
						use.target = one.File.Name
					}
					all = append(all, use)
				}
			}
			return all
		},
	}
}

// mounts are those of a service's uses that are mounts.
func (s store) mounts(of swarm.ServiceSpec) []mount {
	return slices.DeleteFunc(s.uses(of), func(one mount) bool { return one.target == "" })
}

// places says where a service mounts all that it does, for a sentence.
func (s store) places(of swarm.ServiceSpec) string {
	var all []string
	for _, one := range s.mounts(of) {
		all = append(all, one.target)
	}
	if len(all) == 0 {
		return "mounts no " + s.kind
	}
	return fmt.Sprintf("mounts its %ss at %s", s.kind, strings.Join(all, ", "))
}

const (
	// ending is how many bytes of a key's hash are in a name, and longest how long a name may be.
	ending, longest = 5, 64
)

// ended is a name with an ending that an earlier rotation has given it.
var ended = regexp.MustCompile(`-[0-9a-f]{10}$`)

// versioned is the name of the version that comes after one, the same for all attempts of a step.
// Without a key, as in a plan, it is one like it.
func versioned(name, key string) string {
	suffix := "-" + strings.Repeat("x", 2*ending)
	if key != "" {
		sum := sha256.Sum256([]byte(key))
		suffix = "-" + hex.EncodeToString(sum[:ending])
	}
	base := ended.ReplaceAllString(name, "")
	return strings.TrimRight(base[:min(len(base), longest-len(suffix))], "-_.") + suffix
}
