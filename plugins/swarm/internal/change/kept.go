package change

import (
	"context"
	"encoding/json"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/vault"
)

// kept is the state that undoing restores, as it is on gatebook's disk: not the spec from before
// the step, but what of it the step changes.
type kept struct {
	ID    string     `json:"id"`
	Index uint64     `json:"index"`
	Was   string     `json:"was"` // the print of what the step's own part was
	Set   string     `json:"set"` // and of what it becomes
	Back  spec.Patch `json:"back,omitempty"`
	// Vault says that what leads back is kept in the swarm.
	Vault bool            `json:"vault,omitempty"`
	Key   string          `json:"key"`
	Pin   registry.Found  `json:"pin,omitzero"`
	Mark  string          `json:"mark,omitempty"`  // as in [Object]
	Stood json.RawMessage `json:"stood,omitempty"` // as in [Use]
}

// keep is what leads back to the object that was looked at.
func (o *Of[I, O, S]) keep(live Object[S], want S, use Use[I]) kept {
	was, is, back := o.form(live.Spec), o.form(want), o.back(want, live.Spec)
	return kept{
		ID: live.ID, Index: live.Index, Was: o.print(live.ID, was), Set: o.print(live.ID, is), Back: back, Key: use.Key, Pin: use.Pin, Mark: live.Mark,
		Vault: o.Hides != nil && o.Hides(back),
	}
}

// back is what leads from a spec back to the one that was there, by the letter.
func (o *Of[I, O, S]) back(from, to S) spec.Patch {
	return o.own(spec.Exact(from)).To(o.own(spec.Exact(to)))
}

// disk is what of it is kept on gatebook's disk.
func (k kept) disk() kept {
	if k.Vault {
		k.Back = nil
	}
	return k
}

// hide keeps in the swarm what is not to be on gatebook's disk.
func (o *Of[I, O, S]) hide(ctx context.Context, call *sdk.Call[I], k kept) error {
	if !k.Vault {
		return nil
	}
	return vault.Vault{Engine: o.Engine}.Keep(ctx, call.Log, k.Key, o.called(call.Input), k.Back)
}

// found is what an earlier attempt has kept, as a whole. Where the swarm has nothing of it, the
// attempt came as far as no change.
func (o *Of[I, O, S]) found(ctx context.Context, in I, k kept) (kept, error) {
	if !k.Vault {
		return k, nil
	}
	_, err := vault.Vault{Engine: o.Engine}.Find(ctx, k.Key, o.called(in), &k.Back)
	return k, err
}

// drop removes from the swarm what has led back.
func (o *Of[I, O, S]) drop(ctx context.Context, in I, k kept) error {
	if !k.Vault {
		return nil
	}
	return vault.Vault{Engine: o.Engine}.Drop(ctx, k.Key, o.called(in))
}

// used is the use of an action that has kept this.
func used[I any](k kept, call *sdk.Call[I], undo bool) Use[I] {
	return Use[I]{Input: call.Input, Key: k.Key, Pin: k.Pin, Run: call.Run, Log: call.Log, Undo: undo, Stood: k.Stood}
}

// standing is whose spec an object has.
type standing int

const (
	before  standing = iota // the one from before the step
	ours                    // the one that the step sets
	foreign                 // somebody else's
)

// judged is what became of an object since the step's first attempt looked at it.
type judged[S any] struct {
	standing
	was, want S      // where they can be told: not of a foreign one
	words     string // of a foreign one: what is changed
	apart     bool   // of a foreign one: it was made of the one from before the step, of which it has nothing then
}

// judge tells whose spec the object has.
func (o *Of[I, O, S]) judge(ctx context.Context, use Use[I], k kept, live Object[S]) (judged[S], error) {
	if live.ID != k.ID {
		return judged[S]{}, sdk.Errorf(sdk.Conflict, "the %s is not the one that this step began with, but a new one of that name", o.called(use.Input))
	}
	own := o.form(live.Spec)
	if o.print(k.ID, own) == k.Was {
		want, err := o.Want(ctx, use, live)
		return judged[S]{standing: before, was: live.Spec, want: want}, err
	}
	if k.Vault && k.Back == nil && o.print(k.ID, own) == k.Set {
		return judged[S]{}, vault.Lost(o.called(use.Input))
	}
	restored, err := o.restored(live.Spec, k.Back)
	if err != nil {
		return judged[S]{}, err
	}
	if o.print(k.ID, o.form(restored)) != k.Was { // more differs than the step changes
		was := func(was S) bool { return o.print(k.ID, o.form(was)) == k.Was }
		now := judged[S]{standing: foreign, words: o.since(live, was), apart: o.follows(k.ID, k.Was, live)}
		if last := o.known(k, live); last != nil {
			now.words = o.Words(*last, live.Spec)
		}
		return now, nil
	}
	if o.print(k.ID, own) == k.Set {
		return judged[S]{standing: ours, was: restored, want: live.Spec}, nil
	}
	words := o.Words(o.other(ctx, use, k, live, restored), live.Spec)
	return judged[S]{standing: foreign, words: words, apart: o.follows(k.ID, k.Was, live)}, nil
}

// follows says whether an object's last change was one of a spec with this print.
func (o *Of[I, O, S]) follows(id, print string, live Object[S]) bool {
	return live.Previous != nil && o.print(id, o.form(*live.Previous)) == print
}

// other is what somebody has changed: what was there before that, or what the step wants, where that
// can still be told.
func (o *Of[I, O, S]) other(ctx context.Context, use Use[I], k kept, live Object[S], was S) S {
	if last := o.known(k, live); last != nil {
		return *last
	}
	want, err := o.Want(ctx, use, Object[S]{ID: live.ID, Name: live.Name, Spec: was})
	if err == nil && o.print(k.ID, o.form(want)) == k.Set {
		return want
	}
	return was
}

// known is the spec before the object's last change, where the step knows it: as its own, or as that from
// before the step. Then one change is all that somebody else has made.
func (o *Of[I, O, S]) known(k kept, live Object[S]) *S {
	if !o.follows(k.ID, k.Was, live) && !o.follows(k.ID, k.Set, live) {
		return nil
	}
	return live.Previous
}

// restored is a spec in which what the step changed is as it was.
func (o *Of[I, O, S]) restored(live S, back spec.Patch) (was S, err error) {
	if err := spec.Exact(live).With(back).Into(&was); err != nil {
		return was, sdk.Errorf(sdk.Permanent, "the state before the change: %w", err)
	}
	return was, nil
}
