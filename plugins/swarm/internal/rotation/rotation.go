// Package rotation holds the actions that replace a config or a secret of a service by a new version: the
// new one is made, swapped in with an update, and the old one is removed once that has
// converged. It leaves out what the contents mean.
package rotation

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/schema"
)

// Actions declares the actions that rotate configs and secrets of services of a swarm.
func Actions(e *engine.Engine) []sdk.Declaration {
	s := service.Of(e)
	return []sdk.Declaration{config(s), secret(s)}
}

// Input is what both are given.
type Input struct {
	service.Named
	Target string `json:"target" required:"true" nosecret:"true" minLength:"1" example:"/etc/nginx/nginx.conf" doc:"Where the service mounts it, as the service says: the path of a file, or its name under /run/secrets or at the root."`
	Name   string `json:"name" nosecret:"true" pattern:"^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$" example:"nginx-2026-11" doc:"Name of the new one; where the service mounts that already, and it holds the content, there is nothing to do. Without it, the name of the old one with an ending of its own."`
	service.Pace
	Stall schema.Duration `json:"stall" default:"1m" min:"1s" doc:"How long nothing may move forward while something is known to be wrong."`
}

// Output is what both return.
type Output struct {
	service.Converged
	Name    string `json:"name" required:"true" doc:"Name of the new one."`
	Old     string `json:"old" required:"true" doc:"Name of the old one."`
	Removed bool   `json:"removed" required:"true" doc:"Whether the old one is removed."`
}

// asked is what a step asks for, of either kind.
type asked struct {
	Input
	content  string
	previous *string // what the old one holds, as the step says; nil: it does not
	keep     bool    // the old one stays
}

// rotating replaces what a service mounts of one kind.
type rotating[I any] struct {
	service.Services
	store
	of func(I) asked
}

func (r rotating[I]) action(a sdk.Action[I, Output]) sdk.Action[I, Output] {
	return service.Change(r.Services, func(in I) (service.Named, schema.Duration) { return r.of(in).Named, r.of(in).Stall }, change.Of[I, Output, swarm.ServiceSpec]{
		Params: append([]string{"target", "name"}, service.PaceParams()...),
		Verb:   "update",
		Want: func(_ context.Context, use change.Use[I], was service.Object) (swarm.ServiceSpec, error) {
			return r.wants(use, was.Spec)
		},
		Own:  withoutIDs,
		Make: r.make,
		Put:  r.put,
		Summary: func(in I, c change.Change[swarm.ServiceSpec]) string {
			return fmt.Sprintf("would rotate a %s of the service %s: %s", r.kind, r.of(in).Service, compose.Sentence(compose.Changed(c.Was, c.Want)))
		},
		Foresee: r.foresee,
		After:   r.after,
		Settled: func(ctx context.Context, call *sdk.Call[I], c change.Change[swarm.ServiceSpec]) (Output, bool, string, error) {
			detail, err := r.Settling(ctx, service.Followed(c, r.of(call.Input).Stall.Std()))
			return Output{}, false, detail, err
		},
		Unmake: r.unmake,
	}).Action(a)
}

// wants is the spec that mounts the new one in the place of the old one. Which ID that has is only
// known once it is made.
func (r rotating[I]) wants(use change.Use[I], was swarm.ServiceSpec) (swarm.ServiceSpec, error) {
	want, err := spec.Copy(was)
	if err != nil {
		return want, err
	}
	in := r.of(use.Input)
	mounted, err := r.mounted(in, want)
	if err != nil {
		return want, err
	}
	name := in.named(*mounted.name, use.Key)
	if name == *mounted.name { // an earlier run has rotated it
		return want, nil
	}
	*mounted.name, *mounted.id = name, ""
	in.Pace.Set(&want)
	return want, nil
}

// mounted is the mount that a step names.
func (r rotating[I]) mounted(in asked, of swarm.ServiceSpec) (mount, error) {
	var found []mount
	for _, one := range r.mounts(of) {
		if one.target == in.Target {
			found = append(found, one)
		}
	}
	switch len(found) {
	case 0:
		return mount{}, sdk.FieldErrorf("target", "nothing is mounted there: the service %s %s", in.Service, r.places(of))
	case 1:
		return found[0], nil
	default:
		return mount{}, sdk.FieldErrorf("target", "the service %s mounts %d %ss there: which one is meant cannot be told", in.Service, len(found), r.kind)
	}
}

// withoutIDs is a spec by the names of what it mounts: one that is made anew has another ID.
func withoutIDs(all spec.Form) spec.Form {
	task, _ := all["TaskTemplate"].(map[string]any)
	container, _ := task["ContainerSpec"].(map[string]any)
	for _, list := range []string{"Configs", "Secrets"} {
		items, _ := container[list].([]any)
		for _, item := range items {
			if fields, is := item.(map[string]any); is {
				delete(fields, "ConfigID")
				delete(fields, "SecretID")
			}
		}
	}
	return all
}

// put sets a spec, with the IDs of what it uses: of all that [withoutIDs] takes them from.
func (r rotating[I]) put(ctx context.Context, _ I, live service.Object, to swarm.ServiceSpec) error {
	for _, of := range both(r.Engine) {
		for _, one := range of.uses(to) {
			if *one.id != "" {
				continue
			}
			found, err := of.find(ctx, *one.name)
			if err != nil {
				return err
			}
			if found == nil {
				return sdk.Errorf(sdk.Conflict, "there is no %s %s any more, which the service %s uses", of.kind, *one.name, live.Name)
			}
			*one.id = found.id
		}
	}
	return r.Put(ctx, live, to, client.ServiceUpdateOptions{})
}

// foresee adds to a plan what is made and removed beside the update.
func (r rotating[I]) foresee(ctx context.Context, call *sdk.Call[I], c change.Change[swarm.ServiceSpec], plan *sdk.Preview) error {
	in := r.of(call.Input)
	if !c.Changed() { // where only the engine can tell what the one of this name holds, it is asked by the step
		if r.kind == "secret" || !call.Knows("content") {
			return nil
		}
		return r.unheld(ctx, in)
	}
	plan.Estimate = service.Estimate(c.Want)
	old, err := r.mounted(in, c.Was)
	if err != nil {
		return err
	}
	is, err := r.there(ctx, *old.name)
	if err != nil {
		return err
	}
	name := "the new one"
	if in.Name != "" {
		name = in.Name
		taken, err := r.there(ctx, name)
		if err != nil {
			return err
		}
		if taken != nil {
			plan.Blockers = append(plan.Blockers, fmt.Sprintf("There is a %s %s already.", r.kind, name))
		}
	}
	plan.Changes = append([]sdk.Delta{{Target: r.kind + " " + name, Kind: r.kind, Op: "create"}}, plan.Changes...)
	if is == nil {
		return nil
	}
	plan.Observed = append(plan.Observed, sdk.Seen{Kind: r.kind, Name: is.name, Version: "there", ID: is.id, Changes: true})
	if why := r.elsewhere(*is); why != "" {
		plan.Blockers = append(plan.Blockers, fmt.Sprintf("It cannot be rotated here: %s.", why))
	}
	why := r.stays(in, *is)
	if why == "" {
		if why, err = r.used(ctx, *is, c.Live.ID, c.Want); err != nil {
			return err
		}
	}
	switch {
	case !call.Knows("previous", "keepOld"):
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("It is not known yet whether the %s %s is removed or stays.", r.kind, is.name))
	case why != "":
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("The %s %s stays: %s.", r.kind, is.name, why))
	default:
		plan.Changes = append(plan.Changes, sdk.Delta{Target: r.kind + " " + is.name, Kind: r.kind, Op: "delete"})
	}
	return nil
}
