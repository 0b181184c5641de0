package stacks

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

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
	labels := marked(one.labels, r.Key)
	single, cancel := r.Single(ctx)
	defer cancel()
	switch one.kind {
	case networkKind:
		one.network.Labels = labels
		_, err = r.Docker.NetworkCreate(single, one.name, one.network)
	case secretKind:
		one.secret.Labels = labels
		_, err = r.Docker.SecretCreate(single, client.SecretCreateOptions{Spec: one.secret})
	case configKind:
		one.config.Labels = labels
		_, err = r.Docker.ConfigCreate(single, client.ConfigCreateOptions{Spec: one.config})
	}
	return r.Fault(single, err, "make the %s", one)
}

// byStep is the label of what a step has made, with the step's key. What others make under the same name,
// or deploy anew by the docker command, does not have it, and is not taken away by an undo.
const byStep = "gatebook.dev/key"

// marked are labels with that of a step, and unmarked are those without that of any, as a compose file
// has them.
func marked(labels map[string]string, key string) map[string]string {
	all := map[string]string{byStep: key}
	maps.Copy(all, labels)
	return all
}

func unmarked(labels map[string]string) map[string]string {
	if _, marked := labels[byStep]; !marked {
		return labels
	}
	all := maps.Clone(labels)
	delete(all, byStep)
	return all
}

// madeBy says whether a step has made what has these labels.
func (k kept) madeBy(labels map[string]string) bool { return k.Key != "" && labels[byStep] == k.Key }

// labels are those of a thing.
func (v view) labels(kind, name string) map[string]string {
	switch kind {
	case networkKind:
		return v.networks[name].Labels
	case secretKind:
		return v.secrets[name].Spec.Labels
	default:
		return v.configs[name].Spec.Labels
	}
}

// verifySecrets has the engine say of each secret that is there whether it holds what the compose
// file says.
func (r *run) verifySecrets(ctx context.Context) error {
	for _, one := range r.want.things {
		live, there := r.view.secrets[one.name]
		if one.kind != secretKind || !there || one.secret.Driver != nil {
			continue
		}
		holds, err := r.secretHolds(ctx, live, one.secret.Data)
		if err != nil {
			return err
		}
		if !holds {
			return r.want.Fault("the secret %s holds something else than the compose file says, and what a secret holds cannot be changed: give it another name", one.name)
		}
	}
	return nil
}

func (s stacks) secretHolds(ctx context.Context, live swarm.Secret, data []byte) (bool, error) {
	single, cancel := s.Single(ctx)
	defer cancel()
	holds, err := s.Holds(single, live.ID, data)
	return holds, s.Fault(single, err, "ask what the secret %s holds", live.Spec.Name)
}

func (s stacks) setSecret(ctx context.Context, live swarm.Secret, to swarm.SecretSpec) error {
	single, cancel := s.Single(ctx)
	defer cancel()
	_, err := s.Docker.SecretUpdate(single, live.ID, client.SecretUpdateOptions{Version: live.Version, Spec: to})
	return s.Fault(single, err, "set the secret %s", live.Spec.Name)
}

func (s stacks) setConfig(ctx context.Context, live swarm.Config, to swarm.ConfigSpec) error {
	single, cancel := s.Single(ctx)
	defer cancel()
	_, err := s.Docker.ConfigUpdate(single, live.ID, client.ConfigUpdateOptions{Version: live.Version, Spec: to})
	return s.Fault(single, err, "set the config %s", live.Spec.Name)
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
		case same(unmarked(has.Labels), to):
			return nil
		case !same(unmarked(has.Labels), from):
			return sdk.Errorf(sdk.Conflict, "somebody changed the labels of the %s %s meanwhile", one.Kind, one.Name)
		case one.Kind == secretKind:
			spec := secret.Spec
			spec.Labels = relabel(spec.Labels, to)
			err = s.setSecret(ctx, secret, spec)
		default:
			spec := config.Spec
			spec.Labels = relabel(spec.Labels, to)
			err = s.setConfig(ctx, config, spec)
		}
		if !engine.Stale(err) {
			return err
		}
	}
	return sdk.Errorf(sdk.Conflict, "the %s %s is changed all the time", one.Kind, one.Name)
}

// relabel are other labels, with the mark of who made what has them.
func relabel(has, to map[string]string) map[string]string {
	if key, is := has[byStep]; is {
		return marked(to, key)
	}
	return to
}

// patience is how long what is used by a task that ends is waited for.
const patience = 2 * time.Minute

// unmake removes a thing that the step has made, until the engine does not list it any more. What tasks
// that end still use is tried again.
func (u *undoing) unmake(ctx context.Context, kind, name string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, sdk.Errorf(sdk.Transient, "the %s %s is still there after %s", kind, name, patience))
	defer cancel()
	for {
		v, err := u.look(ctx)
		if err != nil {
			return err
		}
		if v.id(kind, name) == "" {
			return nil
		}
		if !u.madeBy(v.labels(kind, name)) {
			u.leave("the %s %s", kind, name)
			return nil
		}
		err = u.try(ctx, kind, name, v.id(kind, name))
		switch users := v.users(kind, name); {
		case err == nil, engine.IsGone(err), strings.HasSuffix(err.Error(), "not found"): // it is on its way
		case !inUse(err):
			return err
		case len(users) > 0:
			return sdk.Errorf(sdk.Conflict, "the %s %s is used by the service %s, which this step did not make", kind, name, strings.Join(users, ", "))
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return sdk.Errorf(sdk.Transient, "%w", cmp.Or(err, context.Cause(ctx)))
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

func (u *undoing) try(ctx context.Context, kind, name, id string) (err error) {
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
	return u.Fault(single, err, "remove the %s %s", kind, name)
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
