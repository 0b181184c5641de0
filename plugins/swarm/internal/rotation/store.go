package rotation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/containerd/errdefs"
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
	holds  func(ctx context.Context, one thing, content string) (bool, error)
	mounts func(of swarm.ServiceSpec) []mount
}

// thing is a config or a secret.
type thing struct {
	id, name string
	labels   map[string]string
	data     []byte // of a secret, only what it is made with
}

// mount is where a service mounts one: in the spec that it was read from, which changes with it.
type mount struct {
	target   string
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
					return &thing{one.ID, name, one.Spec.Labels, one.Spec.Data}, nil
				}
			}
			return nil, nil
		},
		create: func(ctx context.Context, of thing) error {
			_, err := e.Docker.ConfigCreate(ctx, client.ConfigCreateOptions{Spec: swarm.ConfigSpec{Annotations: swarm.Annotations{Name: of.name, Labels: of.labels}, Data: of.data}})
			return err
		},
		remove: func(ctx context.Context, id string) error {
			_, err := e.Docker.ConfigRemove(ctx, id, client.ConfigRemoveOptions{})
			return err
		},
		holds: func(_ context.Context, one thing, content string) (bool, error) {
			return string(one.data) == content, nil
		},
		mounts: func(of swarm.ServiceSpec) []mount {
			var all []mount
			if container := of.TaskTemplate.ContainerSpec; container != nil {
				for _, one := range container.Configs {
					if one.File != nil {
						all = append(all, mount{one.File.Name, &one.ConfigID, &one.ConfigName})
					}
				}
			}
			return all
		},
	}
}

func secrets(e *engine.Engine) store {
	return store{
		kind: "secret",
		find: func(ctx context.Context, name string) (*thing, error) {
			found, err := e.Docker.SecretList(ctx, client.SecretListOptions{Filters: make(client.Filters).Add("name", name)})
			if err != nil {
				return nil, err
			}
			for _, one := range found.Items {
				if one.Spec.Name == name {
					return &thing{id: one.ID, name: name, labels: one.Spec.Labels}, nil
				}
			}
			return nil, nil
		},
		create: func(ctx context.Context, of thing) error {
			_, err := e.Docker.SecretCreate(ctx, client.SecretCreateOptions{Spec: swarm.SecretSpec{Annotations: swarm.Annotations{Name: of.name, Labels: of.labels}, Data: of.data}})
			return err
		},
		remove: func(ctx context.Context, id string) error {
			_, err := e.Docker.SecretRemove(ctx, id, client.SecretRemoveOptions{})
			return err
		},
		// Nobody can read it: it is set to what it should hold, which the engine refuses where that is
		// something else, and where it is not, nothing changes.
		holds: func(ctx context.Context, one thing, content string) (bool, error) {
			found, err := e.Docker.SecretInspect(ctx, one.id, client.SecretInspectOptions{})
			if err != nil {
				return false, err
			}
			to := found.Secret.Spec
			to.Data = []byte(content)
			_, err = e.Docker.SecretUpdate(ctx, one.id, client.SecretUpdateOptions{Version: found.Secret.Version, Spec: to})
			if errdefs.IsInvalidArgument(err) && strings.Contains(err.Error(), "only updates to Labels are allowed") {
				return false, nil
			}
			return err == nil, err
		},
		mounts: func(of swarm.ServiceSpec) []mount {
			var all []mount
			if container := of.TaskTemplate.ContainerSpec; container != nil {
				for _, one := range container.Secrets {
					if one.File != nil {
						all = append(all, mount{one.File.Name, &one.SecretID, &one.SecretName})
					}
				}
			}
			return all
		},
	}
}

// places lists where there are mounts, for a sentence.
func places(of []mount) string {
	if len(of) == 0 {
		return "no place"
	}
	var all []string
	for _, one := range of {
		all = append(all, one.target)
	}
	return strings.Join(all, ", ")
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
