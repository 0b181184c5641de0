package change

import (
	"context"
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
		return sdk.Preview{Summary: fmt.Sprintf("would %s the %s, by values that are not known yet", o.Verb, o.called(in))}, nil
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would %s the %s", o.Verb, o.called(in))}
	live, err := o.look(ctx, in)
	if err != nil {
		return preview, err
	}
	preview.Observed = o.looked(live)
	use := Use[I]{Input: in}
	if use.Pin, err = o.pin(ctx, call, live); err != nil {
		return preview, err
	}
	want, err := o.Want(ctx, use, live)
	if err != nil {
		return preview, err
	}
	change := Change[S]{Live: live, Was: live.Spec, Want: want, Pin: use.Pin}
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
	return o.conflict(live, "somebody changed the %s meanwhile: it is at index %d, and the step is for index %d%s",
		o.called(in), live.Index, o.Version(in), o.last(live))
}

// agreed complains of an object that is not as the plan saw it to which people agreed. That only its
// version moved is the engine's own note of how it is.
func (o *Of[I, O, S]) agreed(call *sdk.Call[I], live Object[S]) error {
	is := o.seen(live)
	was, saw := call.Saw(is.Kind, is.Name)
	switch {
	case !saw || was == is:
		return nil
	case was.ID != is.ID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that the plan saw, but a new one of that name", o.called(call.Input))
	case o.Stands != nil:
		return sdk.Errorf(sdk.Conflict, "somebody changed the %s since it was planned: it has %s, and had %s", o.called(call.Input), is.Version, was.Version)
	case of(was.Version) != of(is.Version):
		return o.conflict(live, "somebody changed the %s since it was planned: %s", o.called(call.Input), o.since(of(was.Version), live))
	default:
		return nil
	}
}

// of is the spec's part of a version that [Of.seen] has made.
func of(version string) string {
	_, hash, _ := strings.Cut(version, "spec ")
	return hash
}

// since says what changed since an object had a spec with this hash.
func (o *Of[I, O, S]) since(hash string, live Object[S]) string {
	if live.Previous != nil && spec.Of(*live.Previous).Hash() == hash {
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

// sentence makes of what an error says a whole sentence.
func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] + "." }
