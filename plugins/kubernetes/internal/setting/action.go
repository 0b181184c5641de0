package setting

import (
	"context"
	"fmt"
	"path"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Action completes the declaration of an action, which has its words and examples, by
// what it does.
func (s Setting[I, O, T, V]) Action(a sdk.Action[I, O]) sdk.Action[I, O] {
	a.Effect, a.Idempotent = sdk.Change, true
	a.Plan, a.Apply, a.Observe, a.Undo = own.Planned(s.plan), s.apply, s.observe, s.undo
	return a
}

func (s *Setting[I, O, T, V]) plan(ctx context.Context, call *sdk.Call[I]) (sdk.Preview, error) {
	in := call.Input
	switch {
	case !call.Knows(s.Names...):
		return sdk.Preview{Summary: fmt.Sprintf("would %s what is not known yet", s.Verb)}, nil
	case !call.Knows(s.Params...):
		return sdk.Preview{Summary: fmt.Sprintf("would %s the %s, by values that are not known yet", s.Verb, s.Name(in))}, nil
	}
	would := fmt.Sprintf("would %s the %s", s.Verb, s.Name(in))
	lacking, err := s.Cluster.Lacking(ctx, s.Rights(in)...)
	if err != nil || len(lacking) > 0 {
		return sdk.Preview{Summary: would, Blockers: lacking}, err
	}
	live, now, err := s.look(ctx, in)
	if err != nil {
		return sdk.Preview{Summary: would}, err
	}
	change := Change[T, V]{Live: live, Was: now, Want: s.Want(in, now)}
	var difference string
	if change.Changed() {
		if difference, err = s.foresee(ctx, in, &change); err != nil {
			return sdk.Preview{Summary: would}, err
		}
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("nothing to do: the %s %s", s.Name(in), s.State(now))}
	if change.Changed() {
		preview.Summary = s.Summary(in, change)
		preview.Changes = []sdk.Delta{{Target: s.Name(in), Kind: s.kind(in), Op: "update", Diff: difference}}
	}
	if s.Foresee == nil {
		return preview, nil
	}
	return preview, s.Foresee(ctx, call, change, &preview)
}

// foresee asks the server what a change would make of the object, and of the value: what
// admission would refuse, it refuses now.
func (s *Setting[I, O, T, V]) foresee(ctx context.Context, in I, change *Change[T, V]) (difference string, err error) {
	asked := change.Want
	err = cluster.Again(func() error {
		live, _, err := s.look(ctx, in)
		if err != nil {
			return err
		}
		planned, made, err := s.foretell(ctx, in, live, asked)
		if err != nil {
			return err
		}
		change.Want = made
		difference, err = diff.Typed(s.kind(in), live.DeepCopyObject(), planned.DeepCopyObject())
		return err
	})
	return difference, err
}

func (s *Setting[I, O, T, V]) apply(ctx context.Context, call *sdk.Call[I]) (O, error) {
	var none O
	before, again, err := sdk.LoadBefore[kept[V]](call)
	if err != nil {
		return none, err
	}
	set, _, err := sdk.LoadNote[bool](call, isSet)
	if err != nil {
		return none, err
	}
	c := changing[I, O, T, V]{Setting: s, call: call, before: before, met: again, saved: again, set: set}
	if err := cluster.Again(func() error { return c.try(ctx) }); err != nil {
		// Without an earlier attempt, a conflict means that no change was made, with
		// somebody who set the same or, to the end of all tries, with whoever was quicker.
		typed := sdk.AsError(err)
		if !again && (!c.saved || typed.Class == sdk.Conflict || apierrors.IsConflict(err)) {
			return none, typed.NothingChanged()
		}
		return none, err
	}
	return s.Outputs(call.Input, c.change), nil
}

// isSet is the note that the setting is what the step wants.
const isSet = "set"

// changing is one attempt to change a setting.
type changing[I, O any, T Object, V any] struct {
	*Setting[I, O, T, V]
	call   *sdk.Call[I]
	before kept[V]
	met    bool // before is known, by an earlier attempt or by a look
	saved  bool // and on the disk
	set    bool // an earlier attempt met or made what the step wants: who took that back is not overruled
	change Change[T, V]
}

// try looks and makes the change, where nobody else has made another.
func (c *changing[I, O, T, V]) try(ctx context.Context) error {
	in := c.call.Input
	live, now, err := c.look(ctx, in)
	if err != nil && c.met {
		return c.lost(in, live, c.before.Value, err)
	}
	if err != nil {
		return err
	}
	if !c.met {
		if err := c.agreed(in, live); err != nil {
			return err
		}
		c.before, c.met = kept[V]{UID: live.GetUID(), Value: now}, true
	}
	if err := c.same(in, live, c.before.UID); err != nil {
		return err
	}
	want := c.Want(in, c.before.Value)
	is := func(value V) bool { return alike(now, value) }
	done := is(want) || is(c.before.sets(want))
	switch {
	case !done && !is(c.before.Value):
		return c.meddled(in, live, now, c.before.Value)
	case !done && c.set:
		return c.meddled(in, live, now, want)
	case !done:
		if err := c.guard(ctx, in, live, want); err != nil {
			return err
		}
	}
	if err := c.save(ctx, live, want, done); err != nil {
		return err
	}
	c.change = Change[T, V]{Live: live, Was: c.before.Value, Want: c.before.sets(want)}
	if !done && c.change.Changed() {
		if c.change.Live, err = c.put(ctx, in, live, want); err != nil {
			return err
		}
	}
	return c.call.Note(isSet, true)
}

// agreed is about the object being the one that the plan saw to which people agreed. Whatever else
// has changed in it since is no matter: who scales it by the hour sets no image.
func (c *changing[I, O, T, V]) agreed(in I, live T) error {
	seen, saw := c.call.Saw(c.kind(in), path.Join(live.GetNamespace(), live.GetName()))
	if saw && seen.ID != string(live.GetUID()) {
		return sdk.OutdatedErrorf("the %s is not the one that the plan saw, but a new one of that name", c.Name(in))
	}
	return nil
}

// save keeps, before the change, what its undo takes. What the server will make of the value
// is of that: whoever looks later shall not take it for somebody else's.
func (c *changing[I, O, T, V]) save(ctx context.Context, live T, want V, done bool) error {
	if c.saved {
		return nil
	}
	if !done {
		_, made, err := c.foretell(ctx, c.call.Input, live, want)
		if err != nil {
			return err
		}
		if !alike(made, want) {
			c.before.Made = &made
		}
	}
	err := c.call.SaveBefore(ctx, c.before)
	c.saved = err == nil
	return err
}

func (s *Setting[I, O, T, V]) observe(ctx context.Context, call *sdk.Call[I]) (sdk.Observed[O], error) {
	var seen sdk.Observed[O]
	before, saved, err := sdk.LoadBefore[kept[V]](call)
	if err != nil {
		return seen, err
	}
	if !saved {
		return sdk.Observed[O]{State: sdk.Untouched, Detail: "It came as far as no change."}, nil
	}
	live, now, err := s.look(ctx, call.Input)
	if err = s.lost(call.Input, live, before.Value, err); err != nil && sdk.AsError(err).Class == sdk.Conflict {
		return sdk.Observed[O]{State: sdk.NotDone, Detail: cluster.Sentence(err.Error())}, nil
	}
	if err != nil {
		return seen, err
	}
	asked := s.Want(call.Input, before.Value)
	change := Change[T, V]{Live: live, Was: before.Value, Want: before.sets(asked)}
	done := alike(now, change.Want) || alike(now, asked)
	if call.Undo {
		done = alike(now, change.Was)
	}
	same := live.GetUID() == before.UID
	if call.Undo && s.Undone != nil {
		same = false // more may be left than can be seen here
	}
	seen.State, seen.Detail = sdk.NotDone, s.detail(call.Input, now)
	switch {
	case same && done:
		seen.State, seen.Outputs = sdk.Done, s.Outputs(call.Input, change)
	case same && alike(now, change.Was):
		seen.State = sdk.Untouched
	}
	return seen, nil
}

func (s *Setting[I, O, T, V]) undo(ctx context.Context, call *sdk.Call[I]) error {
	before, saved, err := sdk.LoadBefore[kept[V]](call)
	if err != nil || !saved {
		return err
	}
	asked := s.Want(call.Input, before.Value)
	set := before.sets(asked)
	if alike(before.Value, set) {
		return nil // the step changed nothing
	}
	err = cluster.Again(func() error { return s.restore(ctx, call.Input, before, asked) })
	if err != nil || s.Undone == nil {
		return err
	}
	return s.Undone(ctx, call, set)
}

// restore sets what was there before the step, where it finds what the step has set.
func (s *Setting[I, O, T, V]) restore(ctx context.Context, in I, before kept[V], asked V) error {
	live, now, err := s.look(ctx, in)
	if err != nil {
		return s.lost(in, live, before.sets(asked), err)
	}
	if err := s.same(in, live, before.UID); err != nil {
		return err
	}
	was := before.Value
	switch {
	case alike(now, was):
		return nil // taken back already, or never changed
	case !alike(now, before.sets(asked)) && !alike(now, asked):
		return s.meddled(in, live, now, before.sets(asked))
	}
	if who, anew := s.setAnew(live, was, now); anew {
		return sdk.Errorf(sdk.Conflict, "%s set it anew that the %s %s, and so it stays", who, s.Name(in), s.State(now))
	}
	if err := s.guard(ctx, in, live, was); err != nil {
		return err
	}
	_, err = s.put(ctx, in, live, was)
	return err
}
