package change

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatebook/gatebook/plugins/sdk"
)

func (o *Of[I, O, S]) undo(ctx context.Context, call *sdk.Call[I]) error {
	k, saved, err := sdk.LoadBefore[kept](call)
	if err != nil || !saved {
		return err
	}
	if k, err = o.found(ctx, call.Input, k); err != nil {
		return err
	}
	use := used(k, call, true)
	var is restored[S]
	if err := again(func() (err error) {
		is, err = o.restore(ctx, use, k)
		return err
	}); err != nil {
		return err
	}
	untouched := is.live.ID == k.ID && is.live.Index == k.Index // it was never set, so that nothing follows
	if o.Undone != nil && !is.left && !untouched {
		if err := o.Undone(ctx, call, use, is.live); err != nil {
			return err
		}
	}
	if o.Unmake != nil {
		if err := o.Unmake(ctx, call, use, is.was); err != nil {
			return err
		}
	}
	return o.drop(ctx, call.Input, k)
}

// restored is an object of which a step's change is taken back.
type restored[S any] struct {
	live Object[S]
	was  S    // before the step
	left bool // the change was never made, or is taken back already, and what is there is somebody else's
}

// restore sets what was there before the step, where it finds what the step has set.
func (o *Of[I, O, S]) restore(ctx context.Context, use Use[I], k kept) (restored[S], error) {
	var none restored[S]
	in := use.Input
	live, err := o.look(ctx, in)
	if err != nil {
		return none, o.lost(in, true, err)
	}
	now, err := o.judge(ctx, use, k, live)
	switch {
	case err != nil:
		return none, err
	case now.standing == before: // taken back already, or never changed
		return restored[S]{live: live, was: now.was}, nil
	case now.standing == foreign && now.apart:
		return restored[S]{live: live, was: *live.Previous, left: true}, nil
	case now.standing == foreign:
		return none, o.meddled(in, live, now.words)
	}
	if err := o.set(ctx, use, live, now.was); err != nil {
		return none, err
	}
	live, err = o.look(ctx, in)
	return restored[S]{live: live, was: now.was}, err
}

func (o *Of[I, O, S]) observe(ctx context.Context, call *sdk.Call[I]) (sdk.Observed[O], error) {
	var seen sdk.Observed[O]
	k, saved, err := sdk.LoadBefore[kept](call)
	if err != nil {
		return seen, err
	}
	if !saved {
		return sdk.Observed[O]{State: sdk.Untouched, Detail: "It came as far as no change."}, nil
	}
	if k, err = o.found(ctx, call.Input, k); err != nil {
		return seen, err
	}
	live, err := o.look(ctx, call.Input)
	if _, gone := errors.AsType[missing](err); gone {
		return sdk.Observed[O]{State: sdk.NotDone, Detail: fmt.Sprintf("There is no %s any more.", o.called(call.Input))}, nil
	}
	if err != nil {
		return seen, err
	}
	now, err := o.judge(ctx, used(k, call, call.Undo), k, live)
	if err != nil && sdk.AsError(err).Class == sdk.Conflict {
		return sdk.Observed[O]{State: sdk.NotDone, Detail: sentence(err.Error())}, nil
	}
	if err != nil {
		return seen, err
	}
	if now.standing == ours && !call.Undo {
		return o.settled(ctx, call, Change[S]{Live: live, Was: now.was, Want: now.want, Pin: k.Pin})
	}
	seen.State, seen.Detail = sdk.NotDone, fmt.Sprintf("The %s %s.", o.called(call.Input), now)
	switch back := now.standing == before; {
	case back && call.Undo && o.Undone == nil && o.Unmake == nil: // else more may be left to do than can be seen here
		seen.State = sdk.Done
	case back && !call.Undo && o.Make == nil && live.Mark == k.Mark: // what Make has made may be there
		seen.State = sdk.Untouched
	}
	return seen, nil
}

// settled is the answer about a change that was made: it is done where what follows from it is.
func (o *Of[I, O, S]) settled(ctx context.Context, call *sdk.Call[I], c Change[S]) (sdk.Observed[O], error) {
	if o.Settled == nil {
		outputs, err := o.After(ctx, call, c)
		return sdk.Observed[O]{State: sdk.Done, Outputs: outputs, Detail: fmt.Sprintf("The %s is as the step sets it.", o.called(call.Input))}, err
	}
	outputs, done, detail, err := o.Settled(ctx, call, c)
	if err != nil || !done {
		return sdk.Observed[O]{State: sdk.NotDone, Detail: detail}, err
	}
	return sdk.Observed[O]{State: sdk.Done, Outputs: outputs, Detail: detail}, nil
}

// String is what an object is then.
func (j judged[S]) String() string {
	switch j.standing {
	case before:
		return "is as it was before the step"
	case ours:
		return "is as the step sets it"
	default:
		return "was changed by somebody else: " + j.words
	}
}
