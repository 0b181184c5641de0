package stacks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
)

// run is one attempt to deploy.
type run struct {
	stacks
	prepared
	call *sdk.Call[Input]
	// met are the specs of the services that an attempt has set, or found as the step sets them, as the engine
	// has them; empty: an earlier attempt did. Who took one back is not overruled.
	met map[string]swarm.ServiceSpec
}

// isSet begins the name of the note about a service that is met.
const isSet = "set "

// meet notes that a service is as the step sets it.
func (r *run) meet(one target, as swarm.ServiceSpec) error {
	if _, met := r.met[one.Name]; met || !one.changes() {
		return nil
	}
	r.met[one.Name] = as
	return r.call.Note(isSet+one.Name, true)
}

func (s stacks) apply(ctx context.Context, call *sdk.Call[Input]) (Output, error) {
	before, again, whole, err := s.load(ctx, call)
	if err != nil {
		return Output{}, err
	}
	r := &run{stacks: s, call: call, met: map[string]swarm.ServiceSpec{}}
	if again {
		err = r.resume(ctx, before)
	} else {
		err = r.begin(ctx)
	}
	if err == nil && again && !whole {
		err = r.hide(ctx)
	}
	if err != nil {
		return Output{}, err
	}
	return r.outputs(), r.carryOut(ctx)
}

// begin looks at everything, and saves what undoing has to know, before the first change.
func (r *run) begin(ctx context.Context) (err error) {
	if r.prepared, err = r.prepare(ctx, r.call); err != nil {
		return err
	}
	if len(r.want.Blockers) > 0 {
		return r.want.Fault("%s", strings.Join(r.want.Blockers, " "))
	}
	if err := cmp.Or(r.agreed(r.call), r.unforeseen(r.call)); err != nil {
		return err
	}
	for _, warning := range r.warnings {
		r.call.Log.Warn(warning)
	}
	if r.idle() {
		return nil
	}
	if err := r.stand(ctx); err != nil {
		return err
	}
	r.Key = r.call.Key
	return r.save(ctx, r.call, r.kept)
}

// stand takes in how the services that are to be changed stand before that.
func (r *run) stand(ctx context.Context) (err error) {
	stood := func(name string) (service.Stood, error) {
		live := r.view.Services[name]
		return r.Stood(ctx, r.call.Run, service.Object{ID: live.ID, Spec: live.Spec})
	}
	for i, one := range r.Targets {
		if one.ID != "" && one.changes() && err == nil {
			r.Targets[i].Stood, err = stood(one.Name)
		}
	}
	for i, one := range r.Pruned {
		if err == nil {
			r.Pruned[i].Stood, err = stood(one.Name)
		}
	}
	return err
}

// idle says whether there is nothing to change.
func (r *run) idle() bool {
	return len(r.Made)+len(r.Labels)+len(r.Pruned) == 0 && !slices.ContainsFunc(r.Targets, target.changes)
}

// resume takes up what an earlier attempt has begun.
func (r *run) resume(ctx context.Context, before kept) error {
	f, err := r.call.Input.given().Read()
	if err != nil {
		return err
	}
	if r.view, err = r.look(ctx); err != nil {
		return err
	}
	if r.want, err = stack.Wants(f, r.call.Input.Stack, r.view); err != nil {
		return err
	}
	if len(r.want.Blockers) > 0 { // as a config that somebody else has made since
		return sdk.Errorf(sdk.Conflict, "the compose file: %s", strings.Join(r.want.Blockers, " "))
	}
	r.kept = before
	for _, one := range r.Targets {
		_, set, err := sdk.LoadNote[bool](r.call, isSet+one.Name)
		if err != nil {
			return err
		}
		if set {
			r.met[one.Name] = swarm.ServiceSpec{}
		}
	}
	return r.compute(ctx)
}

// compute makes the specs anew, by what there is now, and makes sure that they are those that the
// step began with.
func (r *run) compute(ctx context.Context) (err error) {
	if r.wanted, err = r.want.Specs(ctx, r.view); err != nil {
		return err
	}
	other := len(r.wanted) != len(r.Targets)
	for i := 0; !other && i < len(r.wanted); i++ {
		one := r.Targets[i]
		settle(&r.wanted[i], one)
		other = r.wanted[i].Name != one.Name || r.view.Print(one.thing(), r.wanted[i], r.Made) != one.Set
	}
	if other {
		return sdk.Errorf(sdk.Permanent, "the compose file, or what it takes in, says something else than when the step began: put back what it was, or take the step back and plan anew")
	}
	return nil
}

// carryOut makes all changes that are not made yet, and waits for what follows from them.
func (r *run) carryOut(ctx context.Context) error {
	if err := r.verifySecrets(ctx); err != nil {
		return err
	}
	if err := r.prune(ctx, r.inTheWay); err != nil {
		return err
	}
	for _, one := range r.want.Things {
		if err := r.make(ctx, one); err != nil {
			return err
		}
	}
	for _, one := range r.Labels {
		if err := r.label(ctx, one, one.Was, one.Set); err != nil {
			return err
		}
	}
	var err error
	if r.view, err = r.look(ctx); err != nil { // with the ids of what was made
		return err
	}
	if err := r.compute(ctx); err != nil {
		return err
	}
	set := r.setAll(ctx)
	if err := cmp.Or(set, r.record(ctx)); err != nil { // which services it has made, an undo has to know
		return err
	}
	if r.view, err = r.look(ctx); err != nil {
		return err
	}
	for i, one := range r.Targets {
		if is, _ := r.judge(r.view, one); is != ours {
			return r.amiss(ctx, i, is)
		}
	}
	if err := r.follow(ctx); err != nil {
		return err
	}
	return r.prune(ctx, func(pruned) bool { return true })
}

// setAll sets all services, one after the other.
func (r *run) setAll(ctx context.Context) error {
	for i, one := range r.Targets {
		if err := r.set(ctx, i, one); err != nil {
			return fmt.Errorf("%d of %d services are as the compose file says: %w", i, len(r.Targets), err)
		}
	}
	return nil
}

// mostTries is how often a change is tried of which the engine says that somebody was quicker: the
// engine itself is, when it notes how an update goes.
const mostTries = 20

// set sets one service, where nobody else has set something else.
func (r *run) set(ctx context.Context, i int, one target) error {
	anew := one.Anew != ""
	for range mostTries {
		is, words := r.judge(r.view, one)
		live, to := r.view.Services[one.Name], r.wanted[i]
		_, met := r.met[one.Name]
		switch {
		case is == foreign && one.ID != "" && live.ID != one.ID:
			return meddled(one.Name, words)
		case is == foreign:
			return r.meddledWith(i)
		case is == ours && anew: // by the letter
			to = live.Spec
		case is == ours:
			return r.meet(one, live.Spec)
		case is == absent && one.ID != "", met, is == before && r.rolledBack(one):
			return r.amiss(ctx, i, is)
		}
		r.call.Host.Progress(sdk.Progress{Message: "set the service " + one.Name, Done: int64(i), Total: int64(len(r.Targets))})
		err := r.put(ctx, live, to)
		if err != nil && !engine.Stale(err) {
			return err
		}
		if err == nil {
			as, err := r.get(ctx, one.Name)
			return cmp.Or(r.meet(one, as.Spec), err)
		}
		if r.view, err = r.look(ctx); err != nil {
			return err
		}
	}
	return sdk.Errorf(sdk.Conflict, "the service %s is changed all the time", one.Name)
}

// amiss says why a service that was set is not as it was set: the engine has taken its update back, or
// somebody has changed it.
func (r *run) amiss(ctx context.Context, i int, is standing) error {
	one := r.Targets[i]
	if is == before && r.rolledBack(one) {
		if err := r.Amiss(ctx, r.view.Services[one.Name].ID, r.met[one.Name]); err != nil {
			return err
		}
	}
	return r.meddledWith(i)
}

// meddledWith is the conflict with whoever has changed a service, and says in what it is not as the
// step sets it.
func (r *run) meddledWith(i int) error {
	live, there := r.view.Services[r.Targets[i].Name]
	if !there {
		return sdk.Errorf(sdk.Conflict, "the service %s was removed meanwhile", r.Targets[i].Name)
	}
	is, err := compose.Former(r.view.Shown(live.Spec, r.Made), r.wanted[i], r.call.Input.secrets())
	if err != nil {
		return err
	}
	return meddled(live.Spec.Name, compose.Sentence(compose.Changed(r.view.Shown(r.wanted[i], r.Made), is)))
}

// rolledBack says whether an update of a service was taken back that is not from before the step: by the
// engine, or because somebody asked for it.
func (r *run) rolledBack(one target) bool {
	live := r.view.Services[one.Name]
	return mark(live) != one.Mark && live.UpdateStatus != nil && slices.Contains([]swarm.UpdateState{
		swarm.UpdateStateRollbackStarted, swarm.UpdateStateRollbackPaused, swarm.UpdateStateRollbackCompleted,
	}, live.UpdateStatus.State)
}

// putWith makes a service, or sets the spec of one that is there by the version that was looked at.
func (s stacks) putWith(ctx context.Context, live swarm.Service, to swarm.ServiceSpec, credentials string) error {
	single, cancel := s.Single(ctx)
	defer cancel()
	if live.ID == "" {
		_, err := s.Docker.ServiceCreate(single, client.ServiceCreateOptions{Spec: to, EncodedRegistryAuth: credentials})
		return s.Fault(single, err, "make the service %s", to.Name)
	}
	err := s.Put(single, service.Object{ID: live.ID, Index: live.Version.Index, Previous: live.PreviousSpec}, to, client.ServiceUpdateOptions{EncodedRegistryAuth: credentials})
	if engine.Stale(err) {
		return err
	}
	return s.Fault(single, err, "change the service %s", to.Name)
}

// put is [stacks.putWith], with the credentials that the step gives.
func (r *run) put(ctx context.Context, live swarm.Service, to swarm.ServiceSpec) error {
	credentials, err := r.call.Input.given().Credentials(to.TaskTemplate.ContainerSpec.Image)
	if err != nil {
		return err
	}
	if live.ID == "" {
		to.Labels = stack.Marked(to.Labels, r.Key)
	} else { // which the step that has made it may have to know again
		to.Labels = relabel(live.Spec.Labels, to.Labels)
	}
	return r.putWith(ctx, live, to, credentials)
}

// prune removes services of the stack that are not in the compose file.
func (r *run) prune(ctx context.Context, which func(pruned) bool) error {
	for _, one := range r.Pruned {
		if !which(one) {
			continue
		}
		v, err := r.look(ctx)
		if err != nil {
			return err
		}
		live, there := v.Services[one.Name]
		switch {
		case !there || live.ID != one.ID: // who made another of that name wants it
			continue
		case v.Print(one.ID, live.Spec, r.Made) != one.Was:
			return meddled(one.Name, since(v, one.ID, live, r.Made, one.Was))
		}
		r.call.Progressf("remove the service %s", one.Name)
		if err := r.remove(ctx, live); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a service. One that is gone is removed.
func (s stacks) remove(ctx context.Context, live swarm.Service) error {
	single, cancel := s.Single(ctx)
	defer cancel()
	_, err := s.Docker.ServiceRemove(single, live.ID, client.ServiceRemoveOptions{})
	if engine.IsGone(err) {
		return nil
	}
	return s.Fault(single, err, "remove the service %s", live.Spec.Name)
}

// inTheWay says whether a service that is to be removed has a port that another one wants, so that
// it has to go before.
func (r *run) inTheWay(one pruned) bool {
	old := one.Spec
	if old == nil || old.EndpointSpec == nil {
		return false
	}
	return slices.ContainsFunc(r.wanted, func(to swarm.ServiceSpec) bool {
		return to.EndpointSpec != nil && slices.ContainsFunc(to.EndpointSpec.Ports, func(port swarm.PortConfig) bool {
			return port.PublishedPort != 0 && slices.ContainsFunc(old.EndpointSpec.Ports, func(has swarm.PortConfig) bool {
				return has.PublishedPort == port.PublishedPort
			})
		})
	})
}

// outputs are what the step does, from its first attempt on.
func (r *run) outputs() Output {
	out := Output{Created: []string{}, Changed: []string{}, Unchanged: []string{}, Pruned: []string{}, Left: []string{}}
	for _, one := range r.want.Things {
		if r.Made.Has(one.Kind, one.Name) {
			out.Created = append(out.Created, one.String())
		}
	}
	for _, one := range r.Labels {
		out.Changed = append(out.Changed, one.Kind+" "+one.Name)
	}
	for _, one := range r.Targets {
		name := serviceKind + " " + one.Name
		switch {
		case one.ID == "":
			out.Created = append(out.Created, name)
		case one.changes(), one.Anew != "":
			out.Changed = append(out.Changed, name)
		default:
			out.Unchanged = append(out.Unchanged, name)
		}
	}
	for _, one := range r.Pruned {
		out.Pruned = append(out.Pruned, serviceKind+" "+one.Name)
	}
	for _, name := range r.Left {
		out.Left = append(out.Left, serviceKind+" "+name)
	}
	return out
}
