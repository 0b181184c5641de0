package rotation

import (
	"context"
	"maps"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

const (
	// byStep is the label of what a step has made, with the step's key: all its attempts make one.
	byStep = "gatebook.dev/key"
	// mostBefore is how much a config may hold, in bytes, that is kept for an undo: in the vault it
	// takes a third more, and may take 1,000 KiB.
	mostBefore = 700 << 10
)

// make makes what the service shall mount: the new one or, on the way back, the old one where it was
// removed.
func (r rotating[I]) make(ctx context.Context, use change.Use[I], to swarm.ServiceSpec) error {
	in := r.of(use.Input)
	mounted, err := r.mounted(in, to)
	if err != nil {
		return err
	}
	single, cancel := r.Single(ctx)
	defer cancel()
	is, err := r.find(single, *mounted.name)
	if err != nil {
		return r.Fault(single, err, "read the %s %s", r.kind, *mounted.name)
	}
	if use.Undo {
		if is != nil {
			return nil
		}
		return r.remake(ctx, in, use, *mounted.name)
	}
	switch {
	case is == nil:
	case is.labels[byStep] == use.Key:
		return nil
	default:
		return sdk.Errorf(sdk.Conflict, "there is a %s %s already, which this step has not made", r.kind, is.name)
	}
	made := thing{name: *mounted.name, data: []byte(in.content), labels: map[string]string{}}
	old, err := r.replaced(single, in)
	if err != nil {
		return err
	}
	if old != nil {
		if err := r.known(single, in, *old); err != nil {
			return err
		}
		maps.Copy(made.labels, old.labels)
	}
	made.labels[byStep] = use.Key
	return r.Fault(single, r.create(single, made), "make the %s %s", r.kind, made.name)
}

// known complains of an old one that holds something else than the step says: an undo could not make it again.
func (r rotating[I]) known(ctx context.Context, in asked, old thing) error {
	if in.previous == nil || r.holds == nil {
		return nil
	}
	holds, err := r.holds(ctx, old.id, []byte(*in.previous))
	if err != nil {
		return r.Fault(ctx, err, "ask whether the %s %s holds what the step says", r.kind, old.name)
	}
	if !holds {
		return sdk.FieldErrorf("previous", "the %s %s holds something else: nothing was changed, as an undo could not put it back", r.kind, old.name)
	}
	return nil
}

// replaced is what the service mounts at this moment, which is about to be replaced. Where somebody has
// taken that away since it was looked at, it is none, and the change that comes next is a conflict.
func (r rotating[I]) replaced(ctx context.Context, in asked) (*thing, error) {
	live, err := r.Get(ctx, in.Service)
	if err != nil {
		return nil, r.Fault(ctx, err, "read the service %s", in.Service)
	}
	mounted, err := r.mounted(in, live.Spec)
	if err != nil {
		return nil, nil
	}
	old, err := r.find(ctx, *mounted.name)
	return old, r.Fault(ctx, err, "read the %s %s", r.kind, *mounted.name)
}

// gone is what is kept of one that is removed. What a secret holds only the step says.
type gone struct {
	Labels map[string]string `json:"labels,omitempty"`
	Data   []byte            `json:"data,omitempty"`
}

func (r rotating[I]) vault() vault.Vault { return vault.Vault{Engine: r.Engine} }

// remake makes the old one again.
func (r rotating[I]) remake(ctx context.Context, in asked, use change.Use[I], name string) error {
	var was gone
	kept, err := r.vault().Find(ctx, use.Key, r.kind+" "+name, &was)
	if err != nil {
		return err
	}
	if in.previous != nil {
		was.Data = []byte(*in.previous)
	}
	if !kept {
		return sdk.Errorf(sdk.Conflict, "somebody removed the %s %s meanwhile, and nobody here knows what it held", r.kind, name)
	}
	single, cancel := r.Single(ctx)
	defer cancel()
	return r.Fault(single, r.create(single, thing{name: name, labels: was.Labels, data: was.Data}), "make the %s %s again", r.kind, name)
}

// stays says why the old one is not removed; empty: it is.
func (r rotating[I]) stays(in asked, old thing) string {
	switch {
	case in.keep:
		return "the step says so"
	case in.previous != nil:
		return ""
	case r.kind == "secret":
		return "what it holds cannot be read, and without previous an undo could not make it again"
	case len(old.data) > mostBefore:
		return "it is too large to be kept for an undo"
	default:
		return ""
	}
}

// after follows the update, and then removes the old one.
func (r rotating[I]) after(ctx context.Context, call *sdk.Call[I], c change.Change[swarm.ServiceSpec]) (Output, error) {
	in := r.of(call.Input)
	converged, err := r.Converge(ctx, call.Host, service.Followed(c, in.Stall.Std()), c.Changed())
	if err != nil {
		return Output{}, err
	}
	was, err := r.mounted(in, c.Was)
	if err != nil {
		return Output{}, err
	}
	is, err := r.mounted(in, c.Want)
	if err != nil {
		return Output{}, err
	}
	out := Output{Converged: converged, Name: *is.name, Old: *was.name}
	single, cancel := r.Single(ctx)
	defer cancel()
	old, err := r.find(single, out.Old)
	switch {
	case err != nil:
		return out, r.Fault(single, err, "read the %s %s", r.kind, out.Old)
	case old == nil:
		out.Removed = true
		return out, nil
	}
	if why := r.stays(in, *old); why != "" {
		call.Progressf("the %s %s stays: %s", r.kind, out.Old, why)
		return out, nil
	}
	kept := r.kind + " " + old.name
	if err := r.vault().Keep(ctx, call.Log, call.Key, kept, gone{Labels: old.labels, Data: old.data}); err != nil {
		return out, err
	}
	if out.Removed, err = r.away(single, call, *old); err == nil && !out.Removed {
		err = r.vault().Drop(ctx, call.Key, kept)
	}
	return out, err
}

// away removes one that nobody uses any more.
func (r rotating[I]) away(ctx context.Context, call *sdk.Call[I], one thing) (bool, error) {
	err := r.remove(ctx, one.id)
	switch {
	case err == nil, errdefs.IsNotFound(err):
		return true, nil
	case strings.Contains(err.Error(), "in use by"):
		call.Progressf("the %s %s stays: %s", r.kind, one.name, strings.TrimPrefix(err.Error(), "Error response from daemon: "))
		return false, nil
	default:
		return false, r.Fault(ctx, err, "remove the %s %s", r.kind, one.name)
	}
}

// unmake removes what the step has made.
func (r rotating[I]) unmake(ctx context.Context, call *sdk.Call[I], use change.Use[I], was swarm.ServiceSpec) error {
	in := r.of(call.Input)
	mounted, err := r.mounted(in, was)
	if err != nil {
		return err
	}
	name := in.Name
	if name == "" {
		name = versioned(*mounted.name, use.Key)
	}
	single, cancel := r.Single(ctx)
	defer cancel()
	made, err := r.find(single, name)
	if err != nil {
		return r.Fault(single, err, "read the %s %s", r.kind, name)
	}
	if made != nil && made.labels[byStep] == use.Key {
		if _, err := r.away(single, call, *made); err != nil {
			return err
		}
	}
	return r.vault().Drop(ctx, use.Key, r.kind+" "+*mounted.name)
}
