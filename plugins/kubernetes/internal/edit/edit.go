// Package edit patches objects in a way that can be taken back. An edit is known by the
// fields that it changes, which the server's dry run tells, whatever its form: these
// are compared, kept and taken back, and no others. Of the values of a Secret none is
// kept, but a seal by which each is known again: what was added can be removed, and
// what was replaced is lost.
//
// It leaves out which edits there are.
package edit

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/fields"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Edit is a patch of an object, whatever its form.
type Edit struct {
	Cluster         *cluster.Cluster
	Kind            cluster.Kind
	Namespace, Name string
	Subresource     string // empty: none
	Form            types.PatchType
	Body            any    // an object, or the operations of a JSON patch
	Field           string // the parameter that the server's refusal is about
}

// String is the object as a person reads it.
func (e Edit) String() string { return e.Kind.Named(e.Namespace, e.Name) }

// Before is the state that undoing restores.
type Before struct {
	UID     types.UID       `json:"uid"`
	Changes []fields.Change `json:"changes"`
}

// Outcome is what an edit does, or did.
type Outcome struct {
	From, To *unstructured.Unstructured
	Changes  []fields.Change
}

// Paths are the fields that change.
func (o Outcome) Paths() []string {
	paths := []string{}
	for _, change := range o.Changes {
		paths = append(paths, change.Path.String())
	}
	return paths
}

// Rights are what the edit takes, and taking it back.
func (e Edit) Rights() []cluster.Right {
	read, write := e.Kind.Right("get", e.Namespace, e.Name), e.Kind.Right("patch", e.Namespace, e.Name)
	read.Subresource, write.Subresource = e.Subresource, e.Subresource
	if e.Subresource != "" {
		write.Words = "patch the " + e.Subresource + " of the " + e.Kind.Name + " " + e.Name
		read.Words = "get the " + e.Subresource + " of the " + e.Kind.Name + " " + e.Name
	}
	return []cluster.Right{read, write}
}

// below are the arguments that lead to the subresource.
func (e Edit) below() []string {
	if e.Subresource == "" {
		return nil
	}
	return []string{e.Subresource}
}

// Live reads the object, or its subresource; nil where there is none.
func (e Edit) Live(ctx context.Context) (*unstructured.Unstructured, error) {
	served := e.Cluster.Objects(e.Kind, e.Namespace)
	found, err := served.Get(ctx, e.Name, metav1.GetOptions{}, e.below()...)
	if apierrors.IsNotFound(err) && e.Subresource != "" {
		if _, err := served.Get(ctx, e.Name, metav1.GetOptions{}); err == nil {
			return nil, sdk.FieldErrorf("subresource", "the %s has no %s", e, e.Subresource)
		}
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return found, cluster.FaultIn(ctx, err, "read the %s", e)
}

// Foreseen is what the edit would make of the object; that must be there.
func (e Edit) Foreseen(ctx context.Context) (foreseen Outcome, err error) {
	err = e.again(func() error {
		live, err := e.Live(ctx)
		if err == nil && live == nil {
			err = own.Missing("name", "there is no %s", e)
		}
		if err == nil {
			foreseen, err = e.foresee(ctx, live)
		}
		return err
	})
	return foreseen, err
}

// again is [cluster.Again], unless the patch itself says which change of the object it is
// for: then it is for no other.
func (e Edit) again(change func() error) error {
	if namesVersion(e.Body) {
		return change()
	}
	return cluster.Again(change)
}

// foresee asks the server what the edit would make of the object as it was read.
func (e Edit) foresee(ctx context.Context, live *unstructured.Unstructured) (Outcome, error) {
	planned, err := e.send(ctx, e.Form, e.Body, live, metav1.DryRunAll)
	if err != nil {
		return Outcome{}, err
	}
	changes, err := fields.Between(live, planned)
	return Outcome{live, planned, changes}, err
}

// send patches the object as it was read: a change that came between is a conflict.
func (e Edit) send(ctx context.Context, form types.PatchType, body any, live *unstructured.Unstructured, dryRun ...string) (*unstructured.Unstructured, error) {
	text, err := json.Marshal(guarded(body, live))
	if err != nil {
		return nil, err
	}
	changed, err := e.Cluster.Objects(e.Kind, e.Namespace).Patch(ctx, e.Name, form, text,
		metav1.PatchOptions{FieldManager: cluster.Manager, DryRun: dryRun}, e.below()...)
	switch {
	case apierrors.IsUnsupportedMediaType(err) && form == types.StrategicMergePatchType:
		return nil, sdk.FieldErrorf("type", "a %s takes no strategic merge patch, as no custom resource does", e.Kind.Name)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return nil, sdk.FieldErrorf(e.Field, "the server refuses it: %w", diff.Speechless(err, live))
	}
	return changed, e.fault(ctx, err, live)
}

// fault is what the server said of the patch: a webhook that refuses it may quote it.
func (e Edit) fault(ctx context.Context, err error, live *unstructured.Unstructured) error {
	given := cluster.FaultIn(ctx, err, "patch the %s", e)
	if _, answered := errors.AsType[*apierrors.StatusError](err); !answered || ctx.Err() != nil || apierrors.IsConflict(err) || !diff.IsSecret(live) {
		return given
	}
	return sdk.Errorf(sdk.AsError(given).Class, "patch the %s: %w", e, diff.Speechless(err, live))
}

// Make makes the change once, also in an attempt that follows one whose answer was
// lost: before is what that one gave to save, or nil. What is saved first stands, so
// that what somebody changes after it in the same fields is a conflict.
func (e Edit) Make(ctx context.Context, before *Before, save func(context.Context, Before) error) (Outcome, error) {
	m := making{Edit: e, before: before, save: save}
	err := e.again(func() error { return m.try(ctx) })
	// Without an earlier attempt, a conflict means that no change was made.
	if err != nil && before == nil && sdk.AsError(err).Class == sdk.Conflict {
		return m.made, sdk.AsError(err).NothingChanged()
	}
	return m.made, err
}

// making is one attempt to make an edit.
type making struct {
	Edit
	before *Before // nil, as long as nothing is saved
	save   func(context.Context, Before) error
	made   Outcome
}

// try looks and makes the change, where it is not made and nobody else has made another.
func (m *making) try(ctx context.Context) error {
	live, err := m.Live(ctx)
	if err != nil {
		return err
	}
	if live == nil && m.before == nil {
		return own.Missing("name", "there is no %s", m)
	}
	if m.before != nil {
		done, err := m.isDone(live)
		if err != nil || done {
			m.made = Outcome{live, live, m.before.Changes}
			return err
		}
	}
	if m.made, err = m.foresee(ctx, live); err != nil {
		return err
	}
	if err := m.keep(ctx, live); err != nil {
		return err
	}
	if len(m.made.Changes) > 0 {
		m.made.To, err = m.send(ctx, m.Form, m.Body, live)
	}
	m.made.Changes = m.before.Changes
	return err
}

// keep saves the state before the change. One that is saved must hold all that the edit
// would change now.
func (m *making) keep(ctx context.Context, live *unstructured.Unstructured) error {
	if m.before == nil {
		before := Before{live.GetUID(), m.made.Changes}
		if err := m.save(ctx, before); err != nil {
			return fields.Unkept(err, m.Field, "the "+m.String())
		}
		m.before = &before
		return nil
	}
	for _, change := range m.made.Changes {
		path := change.Path.String()
		if !slices.ContainsFunc(m.before.Changes, func(c fields.Change) bool { return c.Path.String() == path }) {
			return fields.Meddled(m.String(), live, metav1.ManagedFieldsOperationUpdate, change)
		}
	}
	return nil
}

// isDone says whether the change was made of which the state before is saved. Where it
// cannot be told from what somebody else did, that is a conflict.
func (m *making) isDone(live *unstructured.Unstructured) (bool, error) {
	if err := m.same(live, m.before.UID); err != nil {
		return false, err
	}
	count := map[fields.Standing]int{}
	for _, change := range m.before.Changes {
		standing := change.Standing(live)
		count[standing]++
		if standing == fields.Other {
			return false, fields.Meddled(m.String(), live, metav1.ManagedFieldsOperationUpdate, change)
		}
	}
	if count[fields.Changed] > 0 && count[fields.Original] > 0 {
		return false, sdk.Errorf(sdk.Conflict, "somebody took back a part of what this step did to the %s", m)
	}
	return count[fields.Changed] > 0, nil
}

// same is about the object being the one that was edited.
func (e Edit) same(live *unstructured.Unstructured, uid types.UID) error {
	switch {
	case live == nil:
		return sdk.Errorf(sdk.Conflict, "the %s was deleted meanwhile", e)
	case live.GetUID() != uid:
		return sdk.Errorf(sdk.Conflict, "the %s is not the one that this step began with, but a new one of that name", e)
	}
	return nil
}

// Observe says whether the edit, or its taking back, was done.
func (e Edit) Observe(ctx context.Context, before Before, undo bool) (live *unstructured.Unstructured, state sdk.State, err error) {
	if live, err = e.Live(ctx); err != nil || live == nil || live.GetUID() != before.UID {
		return live, sdk.NotDone, err
	}
	wanted := fields.Changed
	if undo {
		wanted = fields.Original
	}
	if slices.ContainsFunc(before.Changes, func(c fields.Change) bool { return c.Standing(live) != wanted }) {
		return live, sdk.NotDone, nil
	}
	return live, sdk.Done, nil
}
