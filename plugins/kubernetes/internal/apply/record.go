package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/keeping"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/manifest"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// before is the state that undoing restores.
type before struct {
	Key       string        `json:"key"` // of the step: undoing has another
	Objects   []record      `json:"objects"`
	Pruned    []record      `json:"pruned,omitempty"`
	Inventory *keeping.List `json:"inventory,omitempty"`
}

// record is what the step did to an object.
type record struct {
	manifest.Ref
	UID     types.UID       `json:"uid,omitempty"` // of what was there before; empty: nothing was
	Changes []fields.Change `json:"changes,omitempty"`
	// Managers is who managed what, where the step changed anything, be it only that, or
	// deleted the object.
	Managers []metav1.ManagedFieldsEntry `json:"managers,omitempty"`
	// Object is the whole object, where the step deleted it and it can be made anew.
	Object json.RawMessage `json:"object,omitempty"`
	// Backup is the Secret that has the values, or the object, where that is a Secret.
	Backup string `json:"backup,omitempty"`
}

// changed says whether the step did anything to an object that was there.
func (r record) changed() bool { return r.UID != "" && len(r.Managers)+len(r.Changes) > 0 }

// remarked says whether the step did no more than put its mark on an object, which was as it
// should be: that it is there is what the step rests on too.
func (r record) remarked() bool {
	return len(r.Managers) == 0 && len(r.Changes) == 1 && r.Changes[0].IsMark()
}

// home is which of the objects is the namespace that the step makes for its inventory; -1:
// there is none.
func (s step) home(b before) int {
	return slices.IndexFunc(b.Objects, func(r record) bool { return s.list != nil && r.UID == "" && r.IsNamespace(s.list.Namespace) })
}

// view is what the step would do to an object now.
type view struct {
	target
	live    *unstructured.Unstructured // nil: there is none
	after   *unstructured.Unstructured // nil: it cannot be asked yet
	unknown string                     // why
	changes []fields.Change            // from live to after
	leaves  bool                       // it is on its way out, or its namespace is
	// awaited says what is not there, and not among the objects, without which the object
	// cannot be applied: its namespace, or its kind.
	awaited string
}

// survey looks at an object and asks the server what the step would make of it: anew where
// others change it meanwhile, as the controllers do that keep its status.
func (s step) survey(ctx context.Context, t target, all []target) (v view, err error) {
	err = cluster.Again(func() error {
		v, err = s.surveyOnce(ctx, t, all)
		return err
	})
	if fields.IsStale(err) {
		err = t.fault(ctx, err, "apply", v.live)
	}
	return v, err
}

// surveyOnce is survey, but for a change that comes between the look and the question: its
// error is the API's own.
func (s step) surveyOnce(ctx context.Context, t target, all []target) (view, error) {
	v := view{target: t}
	if t.unserved != nil {
		v.awaited, v.unknown = cluster.Sentence(sdk.AsError(t.unserved).Message), "its kind is not served"
		return v, t.Fault(t.unserved)
	}
	var err error
	if v.live, err = s.look(ctx, t); err != nil {
		return v, err
	}
	if v.live != nil && v.live.GetDeletionTimestamp() != nil {
		v.leaves = true
		return v, sdk.Errorf(sdk.Transient, "the %s is on its way out, and has to be gone first", t)
	}
	if s.list != nil && !s.in.Force {
		if err := s.list.Claims(v.live); err != nil {
			return v, err
		}
	}
	v.after, err = s.put(ctx, t, v.live, metav1.DryRunAll)
	if apierrors.IsNotFound(err) && v.live == nil {
		if v.unknown = awaits(t, all); v.unknown != "" {
			v.after = nil
			return v, nil
		}
		if cluster.LacksNamespace(err) {
			v.awaited, v.unknown = "There is no namespace "+t.namespace()+".", "its namespace is not there"
		}
	}
	switch {
	case fields.IsStale(err):
		return v, err
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		v.leaves = true
		return v, sdk.Errorf(sdk.Transient, "the Namespace %s is on its way out, and has to be gone first", t.namespace())
	case err != nil:
		return v, t.fault(ctx, err, "apply", v.live)
	case v.live != nil:
		v.changes, err = fields.Whole(v.live, v.after)
	}
	return v, err
}

// awaits says what of the step has to be there before the server knows what to make of
// an object.
func awaits(t target, all []target) string {
	for _, other := range all {
		switch {
		case manifest.RefOf(other.Object).IsNamespace(t.namespace()):
			return "the step itself makes its namespace"
		case other.Defines():
			if defined, _ := cluster.Defined(other.Object); defined.Served.Group == t.kind.Served.Group && defined.Name == t.kind.Name {
				return "the step itself defines its kind"
			}
		}
	}
	return ""
}

// settled says whether applying would do nothing, not even to who manages what, but for the
// mark of who applied last.
func (v view) settled() bool {
	return v.live != nil && v.after != nil && len(v.changes) == 0 && fields.SameManagers(v.live, v.after)
}

// done says whether nothing is left to do to an object, of which a record says what was to be
// done. The mark is not taken from who applied it since the step began.
func (v view) done(r record) bool {
	return v.settled() && !slices.ContainsFunc(r.Changes, func(c fields.Change) bool {
		return c.IsMark() && c.Standing(v.live) == fields.Original
	})
}

// record is what undoing has to know.
func (s step) record(v view) (r record, err error) {
	r.Ref = manifest.RefOf(v.Object)
	if v.live == nil {
		return r, nil
	}
	r.UID = v.live.GetUID()
	settled := v.settled()
	if by := v.live.GetAnnotations()[cluster.AppliedBy]; settled && (by == "" || by == s.key) {
		return r, nil
	}
	if !settled {
		r.Managers = v.live.GetManagedFields()
	}
	if len(v.changes) > 0 && diff.IsSecret(v.Object) {
		r.Backup = keeping.BackupName(r.UID, s.key)
	}
	r.Changes, err = fields.Between(v.live, keeping.Stamped(v.after, s.key)) // without the values of a Secret
	return r, err
}

// kept reads what undoing has to know of a record, wherever that is. Where a backup is
// gone, that is what the record itself has, without values.
func (s step) kept(ctx context.Context, r record) (keeping.Backup, error) {
	own := keeping.Backup{Changes: r.Changes, Object: r.Object}
	if r.Backup == "" {
		return own, nil
	}
	content, err := s.backups().Load(ctx, r.Namespace, r.Backup)
	switch {
	case err != nil:
		return own, fmt.Errorf("the %s: %w", r, err)
	case content == nil:
		return own, nil
	}
	return *content, nil
}

// meets refuses what somebody else did to an object since the step looked first: undoing
// would not know of it.
func (s step) meets(v view, r record) error {
	switch {
	case r.UID == "" && (v.live == nil || v.live.GetAnnotations()[cluster.CreatedBy] == s.key):
		return nil // it is to be created, or an earlier attempt created it
	case r.UID == "":
		return sdk.Errorf(sdk.Conflict, "somebody made the %s meanwhile", r)
	case v.live == nil:
		return sdk.Errorf(sdk.Conflict, "somebody deleted the %s meanwhile", r)
	case v.live.GetUID() != r.UID:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that this step began with, but a new one of that name", r)
	}
	meddled := slices.DeleteFunc(slices.Clone(v.changes), func(now fields.Change) bool {
		return slices.ContainsFunc(r.Changes, func(known fields.Change) bool { return known.Begins(now) })
	})
	if len(meddled) == 0 {
		return nil
	}
	return fields.Meddled(r.String(), v.live, metav1.ManagedFieldsOperationApply, append(fields.Marks(r.Changes, v.live), meddled...)...)
}
