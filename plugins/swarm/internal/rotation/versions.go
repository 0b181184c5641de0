package rotation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

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
	is, err := r.there(ctx, *mounted.name)
	if err != nil {
		return err
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
	old, err := r.replaced(ctx, in)
	if err != nil {
		return err
	}
	if old != nil {
		if err := r.known(ctx, in, *old); err != nil {
			return err
		}
		maps.Copy(made.labels, old.labels)
		made.templating = old.templating
		if err := r.keep(ctx, use, in, *old); err != nil {
			return err
		}
	}
	made.labels[byStep] = use.Key
	return r.created(ctx, made)
}

// keep keeps an old one that is to be removed, before it is out of use: another run may remove it as soon as that.
func (r rotating[I]) keep(ctx context.Context, use change.Use[I], in asked, old thing) error {
	if r.stays(in, old) != "" {
		return nil
	}
	return r.vault().Keep(ctx, use.Log, use.Key, r.kind+" "+old.name, gone{Labels: old.labels, Data: old.data, Templating: old.templating})
}

// there reads one by its name; nil: there is none.
func (r rotating[I]) there(ctx context.Context, name string) (*thing, error) {
	single, cancel := r.Single(ctx)
	defer cancel()
	is, err := r.find(single, name)
	return is, r.Fault(single, err, "read the %s %s", r.kind, name)
}

// created makes one.
func (r rotating[I]) created(ctx context.Context, of thing) error {
	single, cancel := r.Single(ctx)
	defer cancel()
	return r.Fault(single, r.create(single, of), "make the %s %s", r.kind, of.name)
}

// known complains of an old one that holds something else than the step says: an undo could not make it again.
func (r rotating[I]) known(ctx context.Context, in asked, old thing) error {
	if why := r.elsewhere(old); why != "" {
		return sdk.FieldErrorf("target", "%s: nothing was changed", why)
	}
	if in.previous == nil {
		return nil
	}
	if holds, err := r.hold(ctx, old, *in.previous); err != nil || holds {
		return err
	}
	return sdk.FieldErrorf("previous", "the %s %s holds something else: nothing was changed, as an undo could not put it back", r.kind, old.name)
}

// elsewhere complains of one that holds nothing, and so cannot be replaced by one that does; empty: it does.
func (r rotating[I]) elsewhere(old thing) string {
	if old.driver == nil {
		return ""
	}
	return fmt.Sprintf("what the %s %s holds comes from the driver %s, so that it is rotated there", r.kind, old.name, old.driver.Name)
}

// hold says whether one holds something.
func (r rotating[I]) hold(ctx context.Context, one thing, content string) (bool, error) {
	if r.holds == nil {
		return string(one.data) == content, nil
	}
	single, cancel := r.Single(ctx)
	defer cancel()
	holds, err := r.holds(single, one.id, []byte(content))
	return holds, r.Fault(single, err, "ask whether the %s %s holds what the step says", r.kind, one.name)
}

// replaced is what the service mounts at this moment, which is about to be replaced. Where somebody has
// taken that away since it was looked at, it is none, and the change that comes next is a conflict.
func (r rotating[I]) replaced(ctx context.Context, in asked) (*thing, error) {
	single, cancel := r.Single(ctx)
	defer cancel()
	live, err := r.Get(single, in.Service)
	if err != nil {
		return nil, r.Fault(single, err, "read the service %s", in.Service)
	}
	mounted, err := r.mounted(in, live.Spec)
	if err != nil {
		return nil, nil
	}
	return r.there(ctx, *mounted.name)
}

// gone is what is kept of one that is removed, or that somebody may remove as soon as no other service uses it. What a secret holds only the step says.
type gone struct {
	Labels map[string]string `json:"labels,omitempty"`
	Data   []byte            `json:"data,omitempty"`
	// Templating is by what the engine fills it in.
	Templating *swarm.Driver `json:"templating,omitempty"`
}

func (r rotating[I]) vault() vault.Vault { return vault.Vault{Engine: r.Engine} }

// remake makes the old one again.
func (r rotating[I]) remake(ctx context.Context, in asked, use change.Use[I], name string) error {
	var was gone
	kept, err := r.vault().Find(ctx, use.Key, r.kind+" "+name, &was)
	if err != nil {
		return err
	}
	switch {
	case in.previous != nil && !kept: // somebody else has removed it, and the new one was made as it was
		if was, err = r.inherited(ctx, in, use.Key, name); err != nil {
			return err
		}
	case !kept:
		return sdk.Errorf(sdk.Conflict, "somebody removed the %s %s meanwhile, and nobody here knows what it held: where it was another run, take that run back first, which knows it; else make the %[1]s anew by hand", r.kind, name)
	}
	if in.previous != nil {
		was.Data = []byte(*in.previous)
	}
	return r.created(ctx, thing{name: name, labels: was.Labels, data: was.Data, templating: was.Templating})
}

// inherited is what the new one has from the old one.
func (r rotating[I]) inherited(ctx context.Context, in asked, key, old string) (gone, error) {
	made, err := r.there(ctx, in.named(old, key))
	if err != nil || made == nil {
		return gone{}, err
	}
	labels := maps.Clone(made.labels)
	delete(labels, byStep)
	return gone{Labels: labels, Templating: made.templating}, nil
}

// named is the name of the new one, in the place of an old one.
func (in asked) named(old, key string) string {
	if in.Name != "" {
		return in.Name
	}
	return versioned(old, key)
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

// used says who uses one, where somebody does, once a service has a spec; without its ID, at this moment.
func (r rotating[I]) used(ctx context.Context, one thing, service string, to swarm.ServiceSpec) (string, error) {
	single, cancel := r.Single(ctx)
	defer cancel()
	found, err := r.Docker.ServiceList(single, client.ServiceListOptions{})
	if err != nil {
		return "", r.Fault(single, err, "look which services use the %s %s", r.kind, one.name)
	}
	var by []string
	for _, live := range found.Items {
		of := live.Spec
		if live.ID == service {
			of = to
		}
		if slices.ContainsFunc(r.uses(of), func(use mount) bool { return *use.id == one.id }) {
			by = append(by, of.Name)
		}
	}
	slices.Sort(by)
	switch len(by) {
	case 0:
		return "", nil
	case 1:
		return fmt.Sprintf("the service %s uses it", by[0]), nil
	default:
		return fmt.Sprintf("the services %s use it", strings.Join(by, ", ")), nil
	}
}

// unheld complains of a service that mounts one of the new one's name, where that holds something else.
func (r rotating[I]) unheld(ctx context.Context, in asked) error {
	is, err := r.there(ctx, in.Name)
	if err != nil || is == nil {
		return err
	}
	if holds, err := r.hold(ctx, *is, in.content); err != nil || holds {
		return err
	}
	return sdk.FieldErrorf("name", "the service %s mounts a %s of this name already, which holds something else: the new one has another name", in.Service, r.kind)
}

// after follows the update, and then removes the old one.
func (r rotating[I]) after(ctx context.Context, call *sdk.Call[I], c change.Change[swarm.ServiceSpec]) (Output, error) {
	in := r.of(call.Input)
	if !c.Changed() {
		if err := r.unheld(ctx, in); err != nil {
			return Output{}, err
		}
	}
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
	if out.Name == out.Old {
		return out, nil
	}
	old, err := r.there(ctx, out.Old)
	if err != nil || old == nil {
		out.Removed = err == nil
		return out, err
	}
	if why := r.stays(in, *old); why != "" {
		call.Progressf("the %s %s stays: %s", r.kind, out.Old, why)
		return out, nil
	}
	out.Removed, err = r.away(ctx, call, *old)
	return out, err
}

// away removes one that nobody uses any more.
func (r rotating[I]) away(ctx context.Context, call *sdk.Call[I], one thing) (bool, error) {
	single, cancel := r.Single(ctx)
	defer cancel()
	err := r.remove(single, one.id)
	switch {
	case err == nil, errdefs.IsNotFound(err):
		return true, nil
	case strings.Contains(err.Error(), "in use by"):
		why, fault := r.used(ctx, one, "", swarm.ServiceSpec{})
		call.Progressf("the %s %s stays: %s", r.kind, one.name, cmp.Or(why, "a service uses it"))
		return false, fault
	default:
		return false, r.Fault(single, err, "remove the %s %s", r.kind, one.name)
	}
}

// unmake removes what the step has made.
func (r rotating[I]) unmake(ctx context.Context, call *sdk.Call[I], use change.Use[I], was swarm.ServiceSpec) error {
	in := r.of(call.Input)
	mounted, err := r.mounted(in, was)
	if err != nil {
		return err
	}
	made, err := r.there(ctx, in.named(*mounted.name, use.Key))
	if err != nil {
		return err
	}
	if made != nil && made.labels[byStep] == use.Key {
		if _, err := r.away(ctx, call, *made); err != nil {
			return err
		}
	}
	return r.vault().Drop(ctx, use.Key, r.kind+" "+*mounted.name)
}
