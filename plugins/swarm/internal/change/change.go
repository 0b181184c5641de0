package change

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/registry"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// Object is something of a swarm that is changed as a whole, by its version.
type Object[S any] struct {
	ID, Name string
	Index    uint64 // its version
	Spec     S
	Previous *S     // before its last change, where the engine keeps that
	Back     string // that the engine itself has taken its last change back; empty: it has not
	Mark     string // tells that update of the engine from others
}

// Of declares an action that changes an object with a spec of type S, and has the input I and the
// output O.
type Of[I, O, S any] struct {
	Engine *engine.Engine
	// Kind is what it changes: "service".
	Kind string
	// Names are the parameters that name the object, and Params those without which, beside
	// them, a plan cannot look at anything.
	Names, Params []string
	// Verb is what the action does: "scale", as in "would scale the service web".
	Verb string
	// Name is the object as the step names it.
	Name func(in I) string
	// Version, where there is one, is the version that the step says the object must have;
	// 0: it says none.
	Version func(in I) uint64
	// Stands, where there is one, says in words what of a spec is the step's own, for objects whose
	// version moves by itself: a plan names them by that.
	Stands func(of S) string

	// Get reads the object. Its error is the engine's own, or one that has its class.
	Get func(ctx context.Context, in I) (Object[S], error)
	// Put sets a spec, by the version of what was read. Its error is the engine's own.
	Put func(ctx context.Context, in I, live Object[S], to S) error
	// Pin, where there is one, fixes the image that the step wants, as what a tag stands for is decided
	// as it begins; it is kept for later attempts and for the way back. In a step it refuses another
	// one than the plan saw.
	Pin func(ctx context.Context, call *sdk.Call[I], was Object[S]) (registry.Found, error)
	// Want is the spec that the step sets where there was another. It must be the same for the
	// same use.
	Want func(ctx context.Context, use Use[I], was Object[S]) (S, error)
	// Make, where there is one, makes what a spec names, before that is set, in an undo as well. It
	// may be asked again after it was done.
	Make func(ctx context.Context, use Use[I], to S) error
	// Own, where there is one, is what of a spec is the step's own to judge: what others change
	// of the rest is not in its way.
	Own func(all spec.Form) spec.Form

	// Anew, where there is one, says in a part of a sentence why an object is set once more that is as the
	// step wants it already, since something is set with a spec that cannot be read, as credentials; empty: it
	// is not. Nothing leads back from that.
	Anew func(ctx context.Context, in I, live Object[S]) (string, error)

	// Diff is the unified diff of two specs, and Words says it in words: "image is web:3, was web:1".
	Diff  func(name string, was, is S) string
	Words func(was, is S) string
	// Hides, where there is one, says whether what leads back to a spec may hold a secret, as the old value
	// of a password: it is then kept in the swarm itself.
	Hides func(back spec.Patch) bool
	// Parts, where there is one, says what is in the spec of an object with this ID, part by part, so that a plan that is held
	// against how things are then names what is another. Since says in words what is another since.
	Parts func(id string, of S) map[string]string
	Since func(id string, was map[string]string, is S) string
	// Left, where there is one, says in a part of a sentence what people should know of an object that
	// stays as others have changed it; empty: nothing.
	Left func(live Object[S]) string
	// Summary says what a change would do. It begins with "would".
	Summary func(in I, c Change[S]) string

	// Guard, where there is one, refuses to set a spec, before anything is changed; it is asked of
	// an undo, too.
	Guard func(ctx context.Context, use Use[I], live Object[S], to S) error
	// Foresee, where there is one, adds to a plan what follows from the change. It is asked too
	// when there is nothing to change.
	Foresee func(ctx context.Context, call *sdk.Call[I], c Change[S], plan *sdk.Preview) error
	// Stood, where there is one, is how an object is before the step, beside its spec, as JSON that its undo
	// gets. It holds no secret.
	Stood func(ctx context.Context, use Use[I], live Object[S]) (json.RawMessage, error)
	// After waits for what follows from the change, and returns the outputs. It is asked too
	// when there was nothing to change, and again after a crash.
	After func(ctx context.Context, call *sdk.Call[I], c Change[S]) (O, error)
	// Settled reports whether what follows from the change has come to its end, and how
	// that was seen, in a whole sentence.
	Settled func(ctx context.Context, call *sdk.Call[I], c Change[S]) (outputs O, settled bool, detail string, err error)
	// Undone, where there is one, waits for what follows from taking the change back. It may be
	// asked again after it was done, and is not asked where what is there is somebody else's.
	Undone func(ctx context.Context, call *sdk.Call[I], use Use[I], live Object[S]) error
	// Unmake, where there is one, takes away what Make has made, at the end of an undo; was is the spec
	// from before the step. It may be asked again after it was done.
	Unmake func(ctx context.Context, call *sdk.Call[I], use Use[I], was S) error
}

// Use is one use of an action: its input, and what was fixed when it began.
type Use[I any] struct {
	Input I
	Key   string         // of the step's Apply, in its Undo as well; empty in a plan
	Pin   registry.Found // what [Of.Pin] has fixed
	Run   string         // that the step is of; empty in a plan
	Log   *slog.Logger   // of the attempt; nil in a plan
	Undo  bool
	Stood json.RawMessage // as [Of.Stood] says; in an undo
}

// Change is the change of an object by a step.
type Change[S any] struct {
	Live Object[S] // the object: after the change, or where that is planned, before it
	Was  S         // before the step's first attempt
	Want S
	Pin  registry.Found // what [Of.Pin] has fixed
	Anew string         // why it is set although nothing of it changes, as [Of.Anew] says; empty: it is not
}

// Changed reports whether there was anything to change.
func (c Change[S]) Changed() bool { return c.Anew != "" || !spec.Alike(c.Was, c.Want) }

// Action completes the declaration of an action, which has its words and examples, by what it
// does.
func (o Of[I, O, S]) Action(a sdk.Action[I, O]) sdk.Action[I, O] {
	a.Effect, a.Idempotent = sdk.Change, true
	a.Plan, a.Apply, a.Observe, a.Undo = o.plan, o.apply, o.observe, o.undo
	return a
}

// called is the object as a person reads it: "service web".
func (o *Of[I, O, S]) called(in I) string { return o.Kind + " " + o.Name(in) }

// look reads the object.
func (o *Of[I, O, S]) look(ctx context.Context, in I) (Object[S], error) {
	single, cancel := o.Engine.Single(ctx)
	defer cancel()
	live, err := o.Get(single, in)
	if engine.IsGone(err) {
		if _, says := errors.AsType[*sdk.Error](err); says {
			return live, missing{err}
		}
		return live, missing{sdk.FieldErrorf(o.Names[0], "there is no %s", o.called(in))}
	}
	return live, o.Engine.Fault(single, err, "read the %s", o.called(in))
}

// missing is the error for an object that is not there.
type missing struct{ error }

func (m missing) Unwrap() error { return m.error }

// put sets a spec, by the version that was looked at.
func (o *Of[I, O, S]) put(ctx context.Context, in I, live Object[S], to S) error {
	single, cancel := o.Engine.Single(ctx)
	defer cancel()
	err := o.Put(single, in, live, to)
	if engine.Stale(err) {
		return err
	}
	return o.Engine.Fault(single, err, "%s the %s", o.Verb, o.called(in))
}

// form is what of a spec is the step's own, as it is judged.
func (o *Of[I, O, S]) form(of S) spec.Form { return o.own(spec.Of(of)) }

// own is what of a form is the step's own.
func (o *Of[I, O, S]) own(all spec.Form) spec.Form {
	if o.Own == nil {
		return all
	}
	return o.Own(all)
}

// print is what is kept of a form, to know it by.
func (o *Of[I, O, S]) print(id string, form spec.Form) string { return o.Engine.Prints.Of(id, form) }

// version is what a plan says of a spec.
func (o *Of[I, O, S]) version(id string, of S) string {
	return o.Engine.Prints.Version(id, spec.Of(of))
}

// seen is the object as a plan names it.
func (o *Of[I, O, S]) seen(live Object[S]) sdk.Seen {
	seen := sdk.Seen{Kind: o.Kind, Name: live.Name, ID: live.ID}
	if o.Stands != nil {
		seen.Version = o.Stands(live.Spec)
	} else {
		seen.Version = o.version(live.ID, live.Spec)
	}
	return seen
}

// looked is all that a plan names of the object that it was made from.
func (o *Of[I, O, S]) looked(live Object[S]) []sdk.Seen {
	all := []sdk.Seen{o.seen(live)}
	if o.Parts == nil {
		return all
	}
	parts := o.Parts(live.ID, live.Spec)
	for _, path := range slices.Sorted(maps.Keys(parts)) {
		all = append(all, sdk.Seen{Kind: o.Kind, Name: live.Name + " " + path, Version: parts[path], ID: live.ID})
	}
	return all
}
