package setting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Object is an object of the API. Where a type wraps one, its DeepCopyObject returns a
// copy of what it wraps.
type Object interface {
	runtime.Object
	metav1.Object
}

// Setting is a setting of objects of type T, with values of type V, that an action with
// the input I and the output O changes. Values must come back whole from JSON.
type Setting[I, O any, T Object, V any] struct {
	Cluster *cluster.Cluster
	// Names are the parameters that name the object, and Params those without which,
	// beside them, a plan cannot look at anything.
	Names, Params []string
	// Verb is what the action does: "scale", as in "would scale the Deployment shop/web".
	Verb string
	// Name is the object as a person reads it: "Deployment shop/web".
	Name func(in I) string
	// Rights are what the action takes.
	Rights func(in I) []cluster.Right

	// Get reads the object. Its error is the API's own.
	Get func(ctx context.Context, in I) (T, error)
	// Value is what the setting is in an object. That it has none which could be
	// changed is an error made by [sdk.FieldErrorf].
	Value func(in I, live T) (V, error)
	// Want is the value that the step sets where there was another.
	Want func(in I, was V) V
	// Put sets a value, and returns the object as it is then. It fails with the API's
	// own conflict where the object is not as it was read.
	Put func(ctx context.Context, live T, to V, dryRun []string) (T, error)

	// Fields are the paths in managedFields of what differs between two values.
	Fields func(a, b V) [][]string
	// State says what a value means for the object: "has 5 replicas".
	State func(value V) string
	// Summary says what a change would do. It begins with "would".
	Summary func(in I, change Change[T, V]) string
	// Outputs are what the action returns.
	Outputs func(in I, change Change[T, V]) O

	// Guard, where there is one, refuses to set a value, before anything is changed.
	Guard func(ctx context.Context, in I, live T, to V) error
	// Undone, where there is one, does what an undo takes beside setting the value that was
	// there before the step; set is the one that the step left. It may be asked again after
	// it was done.
	Undone func(ctx context.Context, call *sdk.Call[I], set V) error
	// Foresee, where there is one, adds to a plan what follows from the change. It is
	// asked too when there is nothing to change.
	Foresee func(ctx context.Context, call *sdk.Call[I], change Change[T, V], plan *sdk.Preview) error
}

// Change is the change of a setting by a step.
type Change[T Object, V any] struct {
	Live T // the object: after the change, or where that is planned, before it
	Was  V // before the step's first attempt
	Want V // as the server makes it
}

// Changed says whether there was anything to change.
func (c Change[T, V]) Changed() bool { return !alike(c.Was, c.Want) }

// alike takes an empty list or map for none.
func alike[V any](a, b V) bool { return equality.Semantic.DeepEqual(a, b) }

// kept is the state that undoing restores.
type kept[V any] struct {
	UID   types.UID `json:"uid"`
	Value V         `json:"value"`
	// Made is what the server makes of the value that the step sets, where that is another:
	// admission may pin the tag of an image to its digest.
	Made *V `json:"made,omitempty"`
}

// sets is the value that the step's change leaves where it wants one.
func (k kept[V]) sets(want V) V {
	if k.Made != nil {
		return *k.Made
	}
	return want
}

// look reads the object and its setting.
func (s *Setting[I, O, T, V]) look(ctx context.Context, in I) (live T, now V, err error) {
	live, err = s.Get(ctx, in)
	switch {
	case apierrors.IsNotFound(err):
		return live, now, missing{own.Missing("name", "there is no %s", s.Name(in))}
	case err != nil:
		return live, now, cluster.FaultIn(ctx, err, "read the %s", s.Name(in))
	}
	if now, err = s.Value(in, live); err != nil {
		err = without{err}
	}
	return live, now, err
}

// missing is the error for an object that is not there, and without the one for an object
// that has no such setting.
type (
	missing struct{ error }
	without struct{ error }
)

func (m missing) Unwrap() error { return m.error }

func (w without) Unwrap() error { return w.error }

// put sets a value in the object that was looked at.
func (s *Setting[I, O, T, V]) put(ctx context.Context, in I, live T, to V, dryRun ...string) (T, error) {
	changed, err := s.Put(ctx, live, to, dryRun)
	return changed, cluster.FaultIn(ctx, err, "%s the %s", s.Verb, s.Name(in))
}

// foretell asks the server what setting a value would make of the object, and of the value.
func (s *Setting[I, O, T, V]) foretell(ctx context.Context, in I, live T, to V) (planned T, made V, err error) {
	if planned, err = s.put(ctx, in, live, to, metav1.DryRunAll); err != nil {
		return planned, made, err
	}
	made, err = s.Value(in, planned)
	return planned, made, err
}

// guard asks whether a value may be set.
func (s *Setting[I, O, T, V]) guard(ctx context.Context, in I, live T, to V) error {
	if s.Guard == nil {
		return nil
	}
	return s.Guard(ctx, in, live, to)
}

// same is about the object being the one that the first attempt met.
func (s *Setting[I, O, T, V]) same(in I, live T, uid types.UID) error {
	if live.GetUID() != uid {
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that this step began with, but a new one of that name", s.Name(in))
	}
	return nil
}

// meddled is the conflict with whoever set what the step neither met nor wants.
func (s *Setting[I, O, T, V]) meddled(in I, live T, now, instead V) *sdk.Error {
	who := cluster.ChangedBy(live.GetManagedFields(), s.Fields(now, instead)...)
	return sdk.Errorf(sdk.Conflict, "%s changed the %s meanwhile: it %s", who, s.Name(in), s.State(now))
}

// lost makes a conflict of an object that is gone, or that has no such setting any more,
// where it is known to have had a value.
func (s *Setting[I, O, T, V]) lost(in I, live T, had V, err error) error {
	if _, gone := errors.AsType[missing](err); gone {
		return sdk.Errorf(sdk.Conflict, "the %s was deleted meanwhile", s.Name(in))
	}
	if _, has := errors.AsType[without](err); !has {
		return err
	}
	var none V
	who := cluster.SomebodyOf(live.GetManagedFields(), s.Fields(had, none)...)
	return sdk.Errorf(sdk.Conflict, "%s changed the %s meanwhile: %s", who, s.Name(in), sdk.AsError(err).Message)
}

// setAnew names who set the very value that the step had set, if somebody did. Fields
// that are empty have no owner, so that it cannot always be seen.
func (s *Setting[I, O, T, V]) setAnew(live T, was, want V) (who string, anew bool) {
	for _, path := range s.Fields(was, want) {
		if who := fields.SetSince(live.GetManagedFields(), metav1.ManagedFieldsOperationUpdate, path...); who != "" {
			return who, true
		}
	}
	return "", false
}

// kind is the first word of the object's name.
func (s *Setting[I, O, T, V]) kind(in I) string {
	kind, _, _ := strings.Cut(s.Name(in), " ")
	return kind
}

// detail is a whole sentence about what was seen.
func (s *Setting[I, O, T, V]) detail(in I, now V) string {
	return fmt.Sprintf("The %s %s.", s.Name(in), s.State(now))
}

// Patch is a merge patch, strategic or not, that the server refuses by a conflict where
// the object is not as it was read.
func Patch(live Object, change map[string]any) ([]byte, error) {
	guard := map[string]any{"uid": live.GetUID(), "resourceVersion": live.GetResourceVersion()}
	if meta, more := change["metadata"].(map[string]any); more {
		maps.Copy(guard, meta)
	}
	guarded := maps.Clone(change)
	guarded["metadata"] = guard
	return json.Marshal(guarded)
}
