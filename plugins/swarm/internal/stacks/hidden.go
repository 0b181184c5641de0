package stacks

import (
	"context"
	"slices"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stack"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

// hidden is what of the state from before a step may be secret, by the names of services, and by the
// kinds and names of what is labelled. It is kept in the swarm.
type hidden struct {
	Back   map[string]spec.Patch        `json:"back,omitempty"`
	Specs  map[string]swarm.ServiceSpec `json:"specs,omitempty"`
	Labels map[string]relabeled         `json:"labels,omitempty"`
}

// hides says whether something is kept in the swarm.
func (k kept) hides() bool {
	return slices.ContainsFunc(k.Targets, func(one target) bool { return one.Vault }) ||
		slices.ContainsFunc(k.Pruned, func(one pruned) bool { return one.Vault }) ||
		slices.ContainsFunc(k.Labels, func(one relabeled) bool { return one.Vault })
}

// parted is what of the state is kept on gatebook's disk, and what is not.
func (k kept) parted() (kept, hidden) {
	h := hidden{Back: map[string]spec.Patch{}, Specs: map[string]swarm.ServiceSpec{}, Labels: map[string]relabeled{}}
	k.Targets, k.Pruned, k.Labels = slices.Clone(k.Targets), slices.Clone(k.Pruned), slices.Clone(k.Labels)
	for i, one := range k.Targets {
		if one.Vault {
			h.Back[one.Name], k.Targets[i].Back = one.Back, nil
		}
	}
	for i, one := range k.Pruned {
		if one.Vault && one.Spec != nil { // nil: somebody removed the service before it was kept
			h.Specs[one.Name], k.Pruned[i].Spec = *one.Spec, nil
		}
	}
	for i, one := range k.Labels {
		if one.Vault {
			h.Labels[one.String()], k.Labels[i].Was, k.Labels[i].Set = one, nil, nil
		}
	}
	return k, h
}

// whole is the state with what was kept in the swarm.
func (k kept) whole(h hidden) kept {
	for i, one := range k.Targets {
		if one.Vault {
			k.Targets[i].Back = h.Back[one.Name]
		}
	}
	for i, one := range k.Pruned {
		if was, there := h.Specs[one.Name]; one.Vault && there {
			k.Pruned[i].Spec = &was
		}
	}
	for i, one := range k.Labels {
		if all, there := h.Labels[one.String()]; one.Vault && there {
			k.Labels[i] = all
		}
	}
	return k
}

// save keeps the state, before the first change.
func (s stacks) save(ctx context.Context, call *sdk.Call[Input], k kept) error {
	disk, hidden := k.parted()
	if err := call.SaveBefore(ctx, disk); err != nil || !k.hides() {
		return err
	}
	return s.vault().Keep(ctx, call.Log, k.Key, k.called(), hidden)
}

// hide keeps in the swarm what an earlier attempt did not come to keep there, or what somebody has removed
// since. It is read from services as they are now, which must be as that attempt saw them, and people agreed
// to: who changed one meanwhile is not overwritten.
func (r *run) hide(ctx context.Context) error {
	for i, one := range r.Targets {
		is, words := r.judge(r.view, one)
		live := r.view.Services[one.Name]
		switch {
		case is == foreign:
			return meddled(one.Name, words)
		case is == absent && one.ID != "":
			return r.meddledWith(i)
		case is == before && one.Vault:
			r.Targets[i].Back = spec.Exact(r.wanted[i]).To(spec.Exact(live.Spec))
		case is == ours && one.Vault && live.PreviousSpec != nil && r.view.Print(one.thing(), *live.PreviousSpec, r.Made) == one.Was:
			r.Targets[i].Back = spec.Exact(live.Spec).To(spec.Exact(*live.PreviousSpec))
		}
	}
	for i, one := range r.Pruned {
		live, there := r.view.Services[one.Name]
		switch {
		case (!there || live.ID != one.ID) && one.Vault:
			r.call.Log.Warn("the service " + one.Name + " is gone, and nothing is kept of what it was: an undo does not make it anew")
		case !there || live.ID != one.ID:
		case r.view.Print(one.ID, live.Spec, r.Made) != one.Was:
			return meddled(one.Name, since(r.view, one.ID, live, r.Made, one.Was))
		case one.Vault:
			r.Pruned[i].Spec = &live.Spec
		}
	}
	if err := r.hideLabels(); err != nil {
		return err
	}
	_, hidden := r.parted()
	return r.vault().Keep(ctx, r.call.Log, r.Key, r.called(), hidden)
}

// hideLabels is [run.hide] for labels.
func (r *run) hideLabels() error {
	for i, one := range r.Labels {
		if !one.Vault {
			continue
		}
		for _, thing := range r.want.Things {
			if thing.Kind == one.Kind && thing.Name == one.Name {
				r.Labels[i].Set = thing.Labels
			}
		}
		switch is := stack.Unmarked(r.view.Labels(one.Kind, one.Name)); {
		case r.view.PrintLabels(one.ID, is) == one.Print:
			r.Labels[i].Was = is // else it stays unknown, and an undo sees that by the print
		case !same(is, r.Labels[i].Set):
			return sdk.Errorf(sdk.Conflict, "somebody changed the labels of the %s meanwhile", one)
		}
	}
	return nil
}

// load reads the state that an earlier attempt has kept, and says whether there is one, and whether it
// is whole: where it is not, that attempt came as far as no change, or somebody has removed the rest.
func (s stacks) load(ctx context.Context, call *sdk.Call[Input]) (k kept, saved, whole bool, err error) {
	k, saved, err = sdk.LoadBefore[kept](call)
	if err != nil || !saved || !k.hides() {
		return k, saved, saved, err
	}
	var h hidden
	whole, err = s.vault().Find(ctx, k.Key, k.called(), &h)
	return k.whole(h), saved, whole, err
}

// drop removes what was kept in the swarm.
func (s stacks) drop(ctx context.Context, k kept) error {
	if !k.hides() {
		return nil
	}
	return s.vault().Drop(ctx, k.Key, k.called())
}

func (s stacks) vault() vault.Vault { return vault.Vault{Engine: s.Engine} }

// called is the stack, as what is kept of it in the swarm says.
func (k kept) called() string { return "stack " + k.Stack }
