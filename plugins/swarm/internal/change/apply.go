package change

import (
	"cmp"
	"context"
	"errors"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// isSet is the note that the object has been what the step wants.
const isSet = "set"

// mostTries is how often a change is tried of which the engine says that somebody was quicker: the
// engine itself is, when it notes how an update goes.
const mostTries = 20

// again tries until the version that was looked at is the one that is changed.
func again(try func() error) error {
	var err error
	for range mostTries {
		if err = try(); !engine.Stale(err) {
			return err
		}
	}
	return sdk.Errorf(sdk.Conflict, "it is changed all the time: %w", err)
}

func (o *Of[I, O, S]) apply(ctx context.Context, call *sdk.Call[I]) (O, error) {
	var none O
	before, saved, err := sdk.LoadBefore[kept](call)
	if err != nil {
		return none, err
	}
	if before, err = o.found(ctx, call.Input, before); err != nil {
		return none, err
	}
	set, _, err := sdk.LoadNote[bool](call, isSet)
	if err != nil {
		return none, err
	}
	c := changing[I, O, S]{Of: o, call: call, kept: before, saved: saved, met: set}
	if err := again(func() error { return c.try(ctx) }); err != nil {
		return none, err
	}
	return o.After(ctx, call, c.change)
}

// changing is one attempt to change an object.
type changing[I, O, S any] struct {
	*Of[I, O, S]
	call   *sdk.Call[I]
	kept   kept
	saved  bool       // kept is on the disk, by this attempt or an earlier one
	met    bool       // an earlier attempt has met or made what the step wants: who took that back is not overruled
	looked *Object[S] // which was to be set anew, and had moved by then
	change Change[S]
}

// try looks, and makes the change where nobody else has made another.
func (c *changing[I, O, S]) try(ctx context.Context) error {
	in := c.call.Input
	live, err := c.look(ctx, in)
	if err != nil {
		return c.lost(in, c.saved, err)
	}
	if !c.saved {
		return c.first(ctx, live)
	}
	use := used(c.kept, c.call, false)
	now, err := c.judge(ctx, use, c.kept, live)
	switch {
	case err != nil:
		return err
	case now.standing == foreign:
		return c.meddled(in, live, now.words)
	case now.standing == ours:
		c.change = Change[S]{Live: live, Was: now.was, Want: now.want, Pin: use.Pin}
		return c.call.Note(isSet, true)
	case live.Back != "" && live.Mark != c.kept.Mark:
		return sdk.Errorf(sdk.Permanent, "%s", live.Back)
	case c.met:
		return c.meddled(in, live, c.Words(now.want, live.Spec))
	default:
		return c.make(ctx, use, live, now.want)
	}
}

// first is the first look at the object, which keeps what leads back to it.
func (c *changing[I, O, S]) first(ctx context.Context, live Object[S]) error {
	in := c.call.Input
	if err := cmp.Or(c.agreed(c.call, live), c.atVersion(in, live)); err != nil {
		return err
	}
	if c.looked != nil && (live.ID != c.looked.ID || !spec.Alike(live.Spec, c.looked.Spec)) {
		return c.meddled(in, live, c.Words(c.looked.Spec, live.Spec))
	}
	use := Use[I]{Input: in, Key: c.call.Key, Run: c.call.Run, Log: c.call.Log}
	var err error
	if use.Pin, err = c.pin(ctx, c.call, live); err != nil {
		return err
	}
	want, err := c.Want(ctx, use, live)
	if err != nil {
		return err
	}
	c.change = Change[S]{Live: live, Was: live.Spec, Want: want, Pin: use.Pin}
	if !c.change.Changed() {
		return c.anew(ctx, live)
	}
	if err := c.guard(ctx, use, live, want); err != nil {
		return err
	}
	c.kept = c.keep(live, want, use)
	if c.Stood != nil {
		if c.kept.Stood, err = c.Stood(ctx, use, live); err != nil {
			return err
		}
	}
	if err := c.call.SaveBefore(ctx, c.kept.disk()); err != nil {
		return err
	}
	c.saved = true
	return c.make(ctx, use, live, want)
}

// anew sets an object once more that is as the step wants it, where there is a reason to. Nothing is kept of
// that: its spec is what it was, and a later attempt that finds the same reason may do so again.
func (c *changing[I, O, S]) anew(ctx context.Context, live Object[S]) error {
	why, err := c.Of.anew(ctx, c.call.Input, live)
	if err != nil || why == "" {
		return err
	}
	if err := c.put(ctx, c.call.Input, live, live.Spec); err != nil {
		c.looked = &live
		return err
	}
	set, err := c.look(ctx, c.call.Input)
	if err != nil {
		return c.lost(c.call.Input, true, err)
	}
	set.Spec = live.Spec // what follows is held to that: another one is somebody else's
	c.change.Live, c.change.Anew = set, why
	return nil
}

// make makes the change, and looks what became of it.
func (c *changing[I, O, S]) make(ctx context.Context, use Use[I], live Object[S], want S) error {
	k := c.kept
	k.Back = c.back(want, live.Spec) // an earlier attempt may have come as far as none
	if err := c.hide(ctx, c.call, k); err != nil {
		return err
	}
	c.kept = k
	if err := c.set(ctx, use, live, want); err != nil {
		return err
	}
	c.met = true
	return c.try(ctx)
}

// set sets a spec, where that may be, and what it names is there.
func (o *Of[I, O, S]) set(ctx context.Context, use Use[I], live Object[S], to S) error {
	if err := o.guard(ctx, use, live, to); err != nil {
		return err
	}
	if o.Make != nil {
		if err := o.Make(ctx, use, to); err != nil {
			return err
		}
	}
	return o.put(ctx, use.Input, live, to)
}

// anew is why an object is set that is as the step wants it; empty: it is not.
func (o *Of[I, O, S]) anew(ctx context.Context, in I, live Object[S]) (string, error) {
	if o.Anew == nil {
		return "", nil
	}
	return o.Anew(ctx, in, live)
}

// guard asks whether a spec may be set.
func (o *Of[I, O, S]) guard(ctx context.Context, use Use[I], live Object[S], to S) error {
	if o.Guard == nil {
		return nil
	}
	return o.Guard(ctx, use, live, to)
}

// meddled is the conflict with whoever has changed the object.
func (o *Of[I, O, S]) meddled(in I, live Object[S], words string) error {
	return sdk.Errorf(sdk.Conflict, "somebody changed the %s meanwhile: %s%s", o.called(in), words, o.leaves(live))
}

// lost makes a conflict of an object that is gone, where it is known to have been there.
func (o *Of[I, O, S]) lost(in I, had bool, err error) error {
	if _, gone := errors.AsType[missing](err); gone && had {
		return sdk.Errorf(sdk.Conflict, "the %s was removed meanwhile", o.called(in))
	}
	return err
}
