package change

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

func (o *Of[I, O, S]) plan(ctx context.Context, call *sdk.Call[I]) (sdk.Preview, error) {
	in := call.Input
	switch {
	case !call.Knows(o.Names...):
		return sdk.Preview{Summary: fmt.Sprintf("would %s a %s that is not known yet", o.Verb, o.Kind)}, nil
	case !call.Knows(o.Params...):
		return o.planOf(ctx, in)
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would %s the %s", o.Verb, o.called(in))}
	live, err := o.look(ctx, in)
	if err != nil {
		return preview, err
	}
	preview.Observed = o.touched(live)
	use := Use[I]{Input: in}
	if use.Pin, err = o.pin(ctx, call, live); err != nil {
		return preview, err
	}
	want, err := o.Want(ctx, use, live)
	if err != nil {
		return preview, err
	}
	change := Change[S]{Live: live, Was: live.Spec, Want: want, Pin: use.Pin}
	if !change.Changed() {
		if change.Anew, err = o.anew(ctx, in, live); err != nil {
			return preview, err
		}
	}
	preview.Summary = fmt.Sprintf("nothing to do: the %s is so already", o.called(in))
	if change.Changed() {
		preview.Summary = o.Summary(in, change)
		preview.Changes = []sdk.Delta{{Target: o.Kind + " " + live.Name, Kind: o.Kind, Op: "update", Diff: o.Diff(live.Name, live.Spec, want)}}
	}
	if err := o.atVersion(in, live); err != nil {
		preview.Blockers = append(preview.Blockers, sentence(err.Error()))
	}
	if o.Foresee == nil {
		return preview, nil
	}
	return preview, o.Foresee(ctx, call, change, &preview)
}

// planOf is a plan of which no more is known than what it would change: that is named by how it is, and
// the step is held to it. An earlier step may be the one that makes it.
func (o *Of[I, O, S]) planOf(ctx context.Context, in I) (sdk.Preview, error) {
	preview := sdk.Preview{Summary: fmt.Sprintf("would %s the %s, by values that are not known yet", o.Verb, o.called(in))}
	live, err := o.look(ctx, in)
	if _, is := errors.AsType[missing](err); is {
		return preview, nil
	}
	switch {
	case err != nil:
		return preview, err
	case o.Make != nil: // what else it would change is not known
		preview.Observed = o.looked(live)
	default:
		preview.Observed = o.touched(live)
	}
	return preview, nil
}

// touched is what a plan names of the object that the step changes, and of nothing else, but what Foresee
// says.
func (o *Of[I, O, S]) touched(live Object[S]) []sdk.Seen {
	all := o.looked(live)
	for i := range all {
		all[i].Changes = true
	}
	return all
}

// pin fixes what is decided as a step begins.
func (o *Of[I, O, S]) pin(ctx context.Context, call *sdk.Call[I], was Object[S]) (registry.Found, error) {
	if o.Pin == nil {
		return registry.Found{}, nil
	}
	return o.Pin(ctx, call, was)
}

// atVersion complains of an object that is not of the version that the step says.
func (o *Of[I, O, S]) atVersion(in I, live Object[S]) error {
	if o.Version == nil || o.Version(in) == 0 || o.Version(in) == live.Index {
		return nil
	}
	return sdk.Errorf(sdk.Conflict, "somebody changed the %s meanwhile: it is at index %d, and the step is for index %d%s%s",
		o.called(in), live.Index, o.Version(in), o.last(live), o.leaves(live))
}

// agreed complains of an object that is not as the plan saw it to which people agreed.
func (o *Of[I, O, S]) agreed(call *sdk.Call[I], live Object[S]) error {
	was, saw := call.Saw(o.Kind, live.Name)
	if !saw {
		return nil
	}
	switch is := o.seen(live); {
	case was == is:
		return nil
	case was.ID != is.ID:
		return sdk.OutdatedErrorf("the %s is not the one that the plan saw, but a new one of that name", o.called(call.Input))
	case o.Stands != nil:
		return sdk.OutdatedErrorf("somebody changed the %s since it was planned: it has %s, and had %s", o.called(call.Input), is.Version, was.Version)
	default:
		return sdk.OutdatedErrorf("somebody changed the %s since it was planned: %s%s", o.called(call.Input),
			o.planned(call, live, was.Version), o.leaves(live))
	}
}

// planned says what changed since a plan saw an object in a version.
func (o *Of[I, O, S]) planned(call *sdk.Call[I], live Object[S], version string) string {
	parts := map[string]string{}
	for _, one := range call.Seen {
		if path, is := strings.CutPrefix(one.Name, live.Name+" "); is && one.Kind == o.Kind {
			parts[path] = one.Version
		}
	}
	once := live.Previous != nil && o.version(live.ID, *live.Previous) == version
	if once || o.Since == nil || len(parts) == 0 {
		return o.since(live, func(S) bool { return once })
	}
	return "more than once: " + o.Since(live.ID, parts, live.Spec)
}

// since says what changed since an object had a spec that somebody knows when he is shown it.
func (o *Of[I, O, S]) since(live Object[S], knows func(S) bool) string {
	if live.Previous != nil && knows(*live.Previous) {
		return o.Words(*live.Previous, live.Spec)
	}
	return "more than once" + o.last(live)
}

// last says what the last change was, where the engine knows.
func (o *Of[I, O, S]) last(live Object[S]) string {
	if live.Previous == nil || spec.Alike(*live.Previous, live.Spec) {
		return ""
	}
	return "; by the last change of it " + o.Words(*live.Previous, live.Spec)
}

// leaves says of an object what people should know of it, as it stays so.
func (o *Of[I, O, S]) leaves(live Object[S]) string {
	if o.Left == nil || o.Left(live) == "" {
		return ""
	}
	return "; " + o.Left(live)
}

// sentence makes of what an error says a whole sentence.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
