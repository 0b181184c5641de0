package stacks

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
)

// make makes a network, secret or config that the step has to make, where it is not there yet.
func (r *run) make(ctx context.Context, one stack.Thing) (err error) {
	if !r.Made.Has(one.Kind, one.Name) || r.view.ID(one.Kind, one.Name) != "" {
		return nil
	}
	r.call.Progressf("make the %s", one)
	labels := stack.Marked(one.Labels, r.Key)
	single, cancel := r.Single(ctx)
	defer cancel()
	switch one.Kind {
	case stack.NetworkKind:
		one.Network.Labels = labels
		_, err = r.Docker.NetworkCreate(single, one.Name, one.Network)
	case stack.SecretKind:
		one.Secret.Labels = labels
		_, err = r.Docker.SecretCreate(single, client.SecretCreateOptions{Spec: one.Secret})
	case stack.ConfigKind:
		one.Config.Labels = labels
		_, err = r.Docker.ConfigCreate(single, client.ConfigCreateOptions{Spec: one.Config})
	}
	return r.Fault(single, err, "make the %s", one)
}

// madeBy says whether a step has made what has these labels.
func (k kept) madeBy(labels map[string]string) bool {
	return k.Key != "" && labels[stack.ByStep] == k.Key
}

// verifySecrets has the engine say of each secret that is there whether it holds what the compose
// file says.
func (r *run) verifySecrets(ctx context.Context) error {
	for _, one := range r.want.Things {
		live, there := r.view.Secrets[one.Name]
		if one.Kind != stack.SecretKind || !there || one.Secret.Driver != nil {
			continue
		}
		holds, err := r.secretHolds(ctx, live, one.Secret.Data)
		if err != nil {
			return err
		}
		if !holds {
			return r.want.Fault("the secret %s holds something else than the compose file says, and what a secret holds cannot be changed: give it another name", one.Name)
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
		secret, config := v.Secrets[one.Name], v.Configs[one.Name]
		has := secret.Spec.Annotations
		if one.Kind == stack.ConfigKind {
			has = config.Spec.Annotations
		}
		switch {
		case one.ID != secret.ID && one.ID != config.ID:
			return sdk.Errorf(sdk.Conflict, "the %s %s is not there any more", one.Kind, one.Name)
		case same(stack.Unmarked(has.Labels), to):
			return nil
		case !same(stack.Unmarked(has.Labels), from):
			return sdk.Errorf(sdk.Conflict, "somebody changed the labels of the %s %s meanwhile", one.Kind, one.Name)
		case one.Kind == stack.SecretKind:
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

// relabel are other labels, with the mark of the step that made what has them.
func relabel(has, to map[string]string) map[string]string {
	if key, is := has[stack.ByStep]; is {
		return stack.Marked(to, key)
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
		if v.ID(kind, name) == "" {
			return nil
		}
		if !u.madeBy(v.Labels(kind, name)) {
			u.leave("the %s %s", kind, name)
			return nil
		}
		err = u.try(ctx, kind, name, v.ID(kind, name))
		switch users := v.Users(kind, name); {
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

func (u *undoing) try(ctx context.Context, kind, name, id string) (err error) {
	single, cancel := u.Single(ctx)
	defer cancel()
	switch kind {
	case stack.NetworkKind:
		_, err = u.Docker.NetworkRemove(single, id, client.NetworkRemoveOptions{})
	case stack.SecretKind:
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
