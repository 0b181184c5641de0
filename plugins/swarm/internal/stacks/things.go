package stacks

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// make makes a network, secret or config that the step has to make, where it is not there yet.
func (r *run) make(ctx context.Context, one thing) (err error) {
	if !r.Made.has(one.kind, one.name) || r.view.id(one.kind, one.name) != "" {
		return nil
	}
	r.call.Progressf("make the %s", one)
	single, cancel := r.Single(ctx)
	defer cancel()
	switch one.kind {
	case networkKind:
		_, err = r.Docker.NetworkCreate(single, one.name, one.network)
	case secretKind:
		_, err = r.Docker.SecretCreate(single, client.SecretCreateOptions{Spec: one.secret})
	case configKind:
		_, err = r.Docker.ConfigCreate(single, client.ConfigCreateOptions{Spec: one.config})
	}
	return r.Fault(single, err, "make the %s", one)
}

// verifySecrets has the engine say of each secret that is there whether it holds what the compose
// file says. Nobody can read it: it is set to what it should hold, which the engine refuses where that
// is something else, and where it is not, nothing changes.
func (r *run) verifySecrets(ctx context.Context) error {
	for _, one := range r.want.things {
		live, there := r.view.secrets[one.name]
		if one.kind != secretKind || !there || one.secret.Driver != nil {
			continue
		}
		is := live.Spec
		is.Data = one.secret.Data
		err := r.setSecret(ctx, live, is)
		if errdefs.IsInvalidArgument(err) && strings.Contains(err.Error(), "only updates to Labels are allowed") {
			return r.want.fault("the secret %s holds something else than the compose file says, and what a secret holds cannot be changed: give it another name", one.name)
		}
		if err != nil && !engine.Stale(err) {
			return r.Fault(ctx, err, "look whether the secret %s holds what the compose file says", one.name)
		}
	}
	return nil
}

func (s stacks) setSecret(ctx context.Context, live swarm.Secret, to swarm.SecretSpec) error {
	ctx, cancel := s.Single(ctx)
	defer cancel()
	_, err := s.Docker.SecretUpdate(ctx, live.ID, client.SecretUpdateOptions{Version: live.Version, Spec: to})
	return err
}

// label gives a secret or config other labels, where it still has the ones that are known.
func (s stacks) label(ctx context.Context, one relabeled, from, to map[string]string) error {
	for range mostTries {
		v, err := s.look(ctx)
		if err != nil {
			return err
		}
		secret, config := v.secrets[one.Name], v.configs[one.Name]
		has := secret.Spec.Annotations
		if one.Kind == configKind {
			has = config.Spec.Annotations
		}
		switch {
		case one.ID != secret.ID && one.ID != config.ID:
			return sdk.Errorf(sdk.Conflict, "the %s %s is not there any more", one.Kind, one.Name)
		case same(has.Labels, to):
			return nil
		case !same(has.Labels, from):
			return sdk.Errorf(sdk.Conflict, "somebody changed the labels of the %s %s meanwhile", one.Kind, one.Name)
		case one.Kind == secretKind:
			spec := secret.Spec
			spec.Labels = to
			err = s.setSecret(ctx, secret, spec)
		default:
			spec := config.Spec
			spec.Labels = to
			single, cancel := s.Single(ctx)
			_, err = s.Docker.ConfigUpdate(single, config.ID, client.ConfigUpdateOptions{Version: config.Version, Spec: spec})
			cancel()
		}
		if err == nil {
			return nil
		}
		if !engine.Stale(err) {
			return s.Fault(ctx, err, "label the %s %s", one.Kind, one.Name)
		}
	}
	return sdk.Errorf(sdk.Conflict, "the %s %s is changed all the time", one.Kind, one.Name)
}

// patience is how long what is used by a task that ends is waited for.
const patience = 2 * time.Minute

// unmake removes a thing that the step has made, until the engine does not list it any more. What tasks
// that end still use is tried again.
func (u *undoing) unmake(ctx context.Context, kind, name string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		v, err := u.look(ctx)
		if err != nil {
			return err
		}
		if v.id(kind, name) == "" {
			return nil
		}
		err = u.try(ctx, kind, v.id(kind, name))
		switch users := v.users(kind, name); {
		case err == nil, engine.IsGone(err), strings.HasSuffix(err.Error(), "not found"): // it is on its way
		case !inUse(err):
			return u.Fault(ctx, err, "remove the %s %s", kind, name)
		case len(users) > 0:
			return sdk.Errorf(sdk.Conflict, "the %s %s is used by the service %s, which this step did not make", kind, name, strings.Join(users, ", "))
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return sdk.Errorf(sdk.Transient, "the %s %s is still there: %w", kind, name, cmp.Or(err, ctx.Err()))
		}
	}
}

// lookAgain is how long it takes to the next look at what is removed.
const lookAgain = 300 * time.Millisecond

// ofSwarm is the scope of a network that is one for all nodes.
const ofSwarm = "swarm"

// id is that of a thing; empty: it is not there.
func (v view) id(kind, name string) string {
	switch kind {
	case networkKind:
		if v.networks[name].Scope != ofSwarm { // another one, of a node alone
			return ""
		}
		return v.networks[name].ID
	case secretKind:
		return v.secrets[name].ID
	default:
		return v.configs[name].ID
	}
}

func (u *undoing) try(ctx context.Context, kind, id string) (err error) {
	single, cancel := u.Single(ctx)
	defer cancel()
	switch kind {
	case networkKind:
		_, err = u.Docker.NetworkRemove(single, id, client.NetworkRemoveOptions{})
	case secretKind:
		_, err = u.Docker.SecretRemove(single, id, client.SecretRemoveOptions{})
	default:
		_, err = u.Docker.ConfigRemove(single, id, client.ConfigRemoveOptions{})
	}
	return err
}

// inUse says whether something is not removed since something uses it.
func inUse(err error) bool {
	return strings.Contains(err.Error(), "in use") || strings.Contains(err.Error(), "has active endpoints")
}

// users are the services that use a thing.
func (v view) users(kind, name string) (names []string) {
	for _, service := range slices.Sorted(maps.Keys(v.services)) {
		if uses(v.named(v.services[service].Spec), kind, name) {
			names = append(names, service)
		}
	}
	return names
}

func uses(spec swarm.ServiceSpec, kind, name string) bool {
	switch kind {
	case networkKind:
		for _, one := range spec.TaskTemplate.Networks {
			if one.Target == name {
				return true
			}
		}
	case secretKind, configKind:
		if spec.TaskTemplate.ContainerSpec == nil {
			return false
		}
		for _, one := range spec.TaskTemplate.ContainerSpec.Secrets {
			if kind == secretKind && one.SecretName == name {
				return true
			}
		}
		for _, one := range spec.TaskTemplate.ContainerSpec.Configs {
			if kind == configKind && one.ConfigName == name {
				return true
			}
		}
	}
	return false
}
