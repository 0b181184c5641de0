package stacks

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

// undoing is one attempt to take a deployment back.
type undoing struct {
	stacks
	kept
	call     *sdk.Call[Input]
	owned    owned  // as far as they are known
	restored []back // services whose tasks are made anew
	failed   []*sdk.Error
	open     int // what the attempt did not come to
}

// undo takes back all that nobody changed since, and then says what it left alone.
func (s stacks) undo(ctx context.Context, call *sdk.Call[Input]) error {
	before, saved, _, err := s.load(ctx, call)
	if err != nil || !saved {
		return err
	}
	known, err := s.known(ctx, before)
	if err != nil {
		return err
	}
	u := &undoing{stacks: s, kept: before, call: call, owned: known}
	for _, one := range u.Targets { // what holds a port that another one had goes first
		if one.ID == "" {
			u.take(ctx, "the service "+one.Name, func() error { return u.unmakeService(ctx, one) })
		}
	}
	for _, one := range u.Targets {
		if one.ID != "" && one.changes() {
			u.take(ctx, "the service "+one.Name, func() error { return u.restore(ctx, one) })
		}
	}
	for _, one := range u.Pruned {
		u.take(ctx, "the service "+one.Name, func() error { return u.revive(ctx, one) })
	}
	for _, one := range u.Labels {
		u.take(ctx, "the labels of the "+one.String(), func() error { return u.unlabel(ctx, one) })
	}
	for _, kind := range []string{stack.ConfigKind, stack.SecretKind, stack.NetworkKind} {
		for _, name := range u.Made.Of(kind) {
			u.take(ctx, "the "+kind+" "+name, func() error { return u.unmake(ctx, kind, name) })
		}
	}
	if len(u.restored) > 0 {
		u.take(ctx, "the tasks", func() error { return u.settle(ctx) })
	}
	if len(u.failed) == 0 && u.open == 0 {
		u.take(ctx, "what was kept in the swarm", func() error { return cmp.Or(s.drop(ctx, u.kept), s.disown(ctx, u.kept)) })
	}
	return u.outcome(ctx)
}

// take takes back one thing. What stands in its way does not stand in the way of others.
func (u *undoing) take(ctx context.Context, what string, back func() error) {
	if ctx.Err() != nil {
		u.open++
		return
	}
	u.call.Progressf("take back %s", what)
	switch err := back(); {
	case ctx.Err() != nil:
		u.open++
	case err != nil:
		u.failed = append(u.failed, sdk.AsError(err))
	}
}

// outcome is all that was not taken back, in one error. It is worth another attempt where one may
// help with any of it.
func (u *undoing) outcome(ctx context.Context) error {
	var said []string
	classes := map[sdk.Class]bool{}
	for _, err := range u.failed {
		said, classes[err.Class] = append(said, err.Message), true
	}
	if u.open > 0 {
		return sdk.StoppedErrorf(ctx, "%s", strings.Join(append(said, fmt.Sprintf("%d things are left to be taken back", u.open)), "; "))
	}
	for _, class := range []sdk.Class{sdk.Transient, sdk.Conflict, sdk.Denied, sdk.Permanent} {
		if classes[class] {
			return sdk.Errorf(class, "%s", strings.Join(said, "; "))
		}
	}
	return nil
}

// unmakeService removes a service that the step has made.
func (u *undoing) unmakeService(ctx context.Context, one target) error {
	v, err := u.look(ctx)
	if err != nil {
		return err
	}
	live := v.Services[one.Name]
	switch is, words := u.judge(v, one); {
	case is == absent:
		return nil
	case is == foreign && u.owns(u.owned, live):
		return meddled(one.Name, words)
	case !u.madeBy(live.Spec.Labels):
		u.leave("the service %s", one.Name)
		return nil
	default:
		return u.remove(ctx, live)
	}
}

// leave tells what stays as somebody else has made it.
func (u *undoing) leave(what string, args ...any) {
	u.call.Log.Warn(fmt.Sprintf(what, args...) + " stays: this step has not made it, or somebody has deployed it anew since")
}

// restore puts back the spec that a service had before the step.
func (u *undoing) restore(ctx context.Context, one target) error {
	for range mostTries {
		v, err := u.look(ctx)
		if err != nil {
			return err
		}
		live := v.Services[one.Name]
		switch is, words := u.judge(v, one); is {
		case absent:
			return sdk.Errorf(sdk.Conflict, "the service %s was removed meanwhile", one.Name)
		case foreign:
			if live.PreviousSpec != nil && v.Print(one.ID, *live.PreviousSpec, u.Made) == one.Was { // it was as before the step then
				u.call.Log.Warn(fmt.Sprintf("the service %s stays: somebody has changed it since it was as before this step again", one.Name))
				return nil
			}
			return meddled(one.Name, words)
		case ours:
		case before:
			if live.Version.Index != one.Index { // an earlier attempt may have put it back: its tasks may be on their way
				u.restored = append(u.restored, back{one.Name, one.Stood})
			}
			return nil
		}
		was, err := u.previous(v, live, one)
		if err != nil {
			return err
		}
		switch err := u.putWith(ctx, live, was, u.credentialsFor(was)); {
		case err == nil:
			u.restored = append(u.restored, back{one.Name, one.Stood})
			return nil
		case !engine.Stale(err):
			return err
		}
	}
	return sdk.Errorf(sdk.Conflict, "the service %s is changed all the time", one.Name)
}

// revive makes a service anew that the step has removed.
func (u *undoing) revive(ctx context.Context, one pruned) error {
	v, err := u.look(ctx)
	if err != nil {
		return err
	}
	if live, there := v.Services[one.Name]; there {
		if v.Print(one.ID, live.Spec, u.Made) != one.Was {
			return meddled(one.Name, since(v, one.ID, live, u.Made, one.Was))
		}
		if live.ID != one.ID { // made anew by an earlier attempt, and its tasks may be on their way
			u.restored = append(u.restored, back{one.Name, one.Stood})
		}
		return nil
	}
	if one.Spec == nil {
		return vault.Lost("service " + one.Name)
	}
	if err := u.putWith(ctx, swarm.Service{}, *one.Spec, u.credentialsFor(*one.Spec)); err != nil {
		return err
	}
	u.restored = append(u.restored, back{one.Name, one.Stood})
	return nil
}

// unlabel gives a secret or config the labels that it had before the step.
func (u *undoing) unlabel(ctx context.Context, one relabeled) error {
	if !one.Vault {
		return u.label(ctx, one, one.Set, one.Was)
	}
	v, err := u.look(ctx)
	switch {
	case err != nil:
		return err
	case v.ID(one.Kind, one.Name) == one.ID && one.had(v):
		return nil
	case v.PrintLabels(one.ID, one.Was) != one.Print:
		return vault.Lost(one.String())
	}
	return u.label(ctx, one, one.Set, one.Was)
}

// credentialsFor are those for the image of a spec. Without them the nodes may still have it.
func (u *undoing) credentialsFor(was swarm.ServiceSpec) string {
	if was.TaskTemplate.ContainerSpec == nil {
		return ""
	}
	found, err := u.call.Input.given().Credentials(was.TaskTemplate.ContainerSpec.Image)
	if err != nil {
		u.call.Log.Warn(err.Error())
	}
	return found
}

func (s stacks) observe(ctx context.Context, call *sdk.Call[Input]) (sdk.Observed[Output], error) {
	before, saved, _, err := s.load(ctx, call)
	if err != nil {
		return sdk.Observed[Output]{}, err
	}
	if !saved {
		return sdk.Observed[Output]{State: sdk.Untouched, Detail: "It came as far as no change."}, nil
	}
	v, err := s.look(ctx)
	if err != nil {
		return sdk.Observed[Output]{}, err
	}
	begun, left := before.progress(v)
	switch {
	case call.Undo && begun == "":
		return sdk.Observed[Output]{State: sdk.NotDone, Detail: "All that the step has set is set back; whether the tasks run, and nobody has changed something, another attempt sees."}, nil
	case call.Undo:
		return sdk.Observed[Output]{State: sdk.NotDone, Detail: sentence(begun + " is not taken back yet")}, nil
	case begun == "":
		return sdk.Observed[Output]{State: sdk.Untouched, Detail: "All is as it was before the step."}, nil
	case left != "":
		return sdk.Observed[Output]{State: sdk.NotDone, Detail: sentence(left + " is not as the step sets it yet")}, nil
	default: // whether the tasks have settled, another attempt sees
		return sdk.Observed[Output]{State: sdk.NotDone, Detail: "All is set; whether the tasks run and stay healthy is to be followed."}, nil
	}
}

// progress names one thing that the step has changed, and one that it has still to change; empty:
// there is none.
func (k kept) progress(v stack.View) (begun, left string) {
	note := func(ours, is bool, what string) {
		if ours && begun == "" {
			begun = what
		}
		if !is && left == "" {
			left = what
		}
	}
	for _, kind := range []string{stack.NetworkKind, stack.SecretKind, stack.ConfigKind} {
		for _, name := range k.Made.Of(kind) {
			is := v.ID(kind, name) != ""
			note(is && k.madeBy(v.Labels(kind, name)), is, "the "+kind+" "+name)
		}
	}
	for _, one := range k.Labels {
		is := same(stack.Unmarked(v.Labels(one.Kind, one.Name)), one.Set) && !one.had(v)
		note(is, is, "the "+one.Kind+" "+one.Name)
	}
	for _, one := range k.Targets {
		if one.changes() {
			is, _ := k.judge(v, one)
			note(is == ours && (one.ID != "" || k.madeBy(v.Services[one.Name].Spec.Labels)), is == ours, "the service "+one.Name)
		}
	}
	for _, one := range k.Pruned {
		live, is := v.Services[one.Name]
		gone := !is || live.ID != one.ID && v.Print(one.ID, live.Spec, k.Made) != one.Was
		note(gone, gone, "the service "+one.Name)
	}
	return begun, left
}
