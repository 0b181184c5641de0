package objects

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/diff"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// DeleteInput is what delete is given.
type DeleteInput struct {
	Ref
	UID         string           `json:"uid" example:"${{ steps.before.outputs.uid }}" doc:"Deletes the object only if this is its UID; with another one the step fails with a conflict."`
	Missing     string           `json:"missing" default:"fail" enum:"fail,ok" doc:"What it means that there is no such object: that the step fails, or that there is nothing to do."`
	Propagation string           `json:"propagation" default:"background" enum:"background,foreground,orphan" doc:"What becomes of the objects that it owns: they are deleted after it, or before it, or stay."`
	Grace       *schema.Duration `json:"grace" min:"0s" example:"30s" doc:"How long a pod may take to end, in seconds, of which a part counts as one; without it, what the pod itself says. Other kinds do not look at it."`
	Timeout     schema.Duration  `json:"timeout" default:"5m" min:"1ms" doc:"How long it may take until the object is gone."`
}

// DeleteOutput is what delete returns.
type DeleteOutput struct {
	Deleted bool   `json:"deleted" required:"true" doc:"Whether there was an object to delete."`
	UID     string `json:"uid" required:"true" doc:"UID of the object that is gone; empty where there was none."`
}

// deleteBefore says which object it is that goes.
type deleteBefore struct {
	UID types.UID `json:"uid"`
}

func (o objects) delete() sdk.Action[DeleteInput, DeleteOutput] {
	return sdk.Action[DeleteInput, DeleteOutput]{
		Name:    "delete",
		Summary: "Delete an object of any kind, and wait until it is gone",
		Description: `Deletes one object and waits until it is gone. While finalizers hold it, the progress names them; after ` + "`timeout`" + `
that is a *transient* error. What is deleted is the object that the first attempt met: a new one of the same name is left alone.

The plan lists what goes with it, as far as owner references tell: what is in the namespace of the object and owned by it; all that is in a
Namespace; all objects of a CustomResourceDefinition.`,
		Effect:     sdk.Destroy,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "A Job and its pods", With: map[string]any{"apiVersion": "batch/v1", "kind": "Job", "name": "load", "namespace": "shop", "missing": "ok"}},
			{Title: "A StatefulSet whose pods stay", With: map[string]any{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "propagation": "orphan"}},
		},
		Plan:    own.Planned(o.planDelete),
		Apply:   o.applyDelete,
		Observe: o.observeDelete,
	}
}

// removal is the way of the object out of the cluster.
func (in DeleteInput) removal(at place, uid types.UID) (cluster.Removal, error) {
	policies := map[string]metav1.DeletionPropagation{
		"background": metav1.DeletePropagationBackground, "foreground": metav1.DeletePropagationForeground, "orphan": metav1.DeletePropagationOrphan,
	}
	options := metav1.DeleteOptions{PropagationPolicy: new(policies[in.Propagation])}
	var err error
	options.GracePeriodSeconds, err = cluster.Grace(in.Grace)
	return cluster.Removal{Kind: at.Kind, Namespace: at.namespace, Name: at.name, UID: uid, Options: options, Timeout: in.Timeout}, err
}

// doomed is the object that is to go; its UID is empty where there is none.
func (o objects) doomed(ctx context.Context, call *sdk.Call[DeleteInput]) (place, deleteBefore, error) {
	in := call.Input
	was, met, err := sdk.LoadBefore[deleteBefore](call)
	if err != nil {
		return place{}, was, err
	}
	at, err := o.find(ctx, in.Ref)
	if err != nil || met {
		return at, was, err
	}
	look := o.look
	if in.Missing == "fail" {
		look = o.read
	}
	found, err := look(ctx, at)
	switch {
	case err != nil:
		return at, was, err
	case found == nil:
		return at, was, own.Nowhere(ctx, o.Cluster, in.APIVersion, in.Kind)
	case in.UID != "" && string(found.GetUID()) != in.UID:
		return at, was, sdk.Errorf(sdk.Conflict, "the %s is another one: its UID is %s, not %s", at, found.GetUID(), in.UID).NothingChanged()
	}
	return at, deleteBefore{found.GetUID()}, nil
}

func (o objects) applyDelete(ctx context.Context, call *sdk.Call[DeleteInput]) (DeleteOutput, error) {
	at, which, err := o.doomed(ctx, call)
	if err != nil || which.UID == "" {
		return DeleteOutput{}, err
	}
	r, err := call.Input.removal(at, which.UID)
	if err != nil {
		return DeleteOutput{}, err
	}
	if err := call.SaveBefore(ctx, which); err != nil {
		return DeleteOutput{}, err
	}
	r.Tell = func(seen string) { call.Progressf("%s", seen) }
	if err := o.Remove(ctx, r); err != nil {
		return DeleteOutput{}, err
	}
	is := func(live *unstructured.Unstructured) bool { return live.GetUID() == which.UID }
	if err := own.Gone(ctx, o.Cluster, o.named(call.Input.Ref), is); err != nil {
		return DeleteOutput{}, err
	}
	return DeleteOutput{true, string(which.UID)}, nil
}

func (o objects) observeDelete(ctx context.Context, call *sdk.Call[DeleteInput]) (sdk.Observed[DeleteOutput], error) {
	was, met, err := sdk.LoadBefore[deleteBefore](call)
	if err != nil || !met {
		return sdk.Observed[DeleteOutput]{State: sdk.Untouched, Detail: "No attempt came as far as the object."}, err
	}
	gone := sdk.Observed[DeleteOutput]{
		State: sdk.Done, Outputs: DeleteOutput{true, string(was.UID)}, Detail: fmt.Sprintf("The %s %s is gone.", call.Input.Kind, call.Input.Name),
	}
	by, found, err := own.Find(ctx, o.Cluster, o.named(call.Input.Ref))
	switch {
	case cluster.IsUnserved(err):
		return gone, nil // with its kind
	case err != nil:
		return sdk.Observed[DeleteOutput]{}, err
	case found != nil && found.GetUID() == was.UID:
		what := by.Named(found.GetNamespace(), found.GetName())
		return sdk.Observed[DeleteOutput]{State: sdk.NotDone, Detail: fmt.Sprintf("The %s %s.", what, cluster.Holds(found))}, nil
	}
	return gone, nil
}

func (o objects) planDelete(ctx context.Context, call *sdk.Call[DeleteInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows(append(refFields(), "uid", "missing", "propagation", "grace")...) {
		return sdk.Preview{Summary: "would delete an object that is not known yet"}, nil
	}
	at, err := o.find(ctx, in.Ref)
	if err != nil {
		return sdk.Preview{}, err
	}
	preview := sdk.Preview{Summary: fmt.Sprintf("would delete the %s", at)}
	if preview.Blockers, err = o.Lacking(ctx, at.right("get"), at.right("delete")); err != nil || len(preview.Blockers) > 0 {
		return preview, err
	}
	found, err := o.look(ctx, at)
	switch {
	case err != nil:
		return preview, err
	case found == nil && in.Missing == "ok":
		if err := own.Nowhere(ctx, o.Cluster, in.APIVersion, in.Kind); err != nil {
			return preview, err
		}
		preview.Summary = fmt.Sprintf("nothing to do: there is no %s", at)
		return preview, nil
	case found == nil:
		preview.Blockers = []string{fmt.Sprintf("There is no %s.", at)}
		return preview, nil
	case in.UID != "" && string(found.GetUID()) != in.UID:
		preview.Blockers = []string{fmt.Sprintf("The %s is another one: its UID is %s, not %s.", at, found.GetUID(), in.UID)}
		return preview, nil
	}
	r, err := in.removal(at, found.GetUID())
	if err != nil {
		return preview, err
	}
	r.Options.DryRun = []string{metav1.DryRunAll}
	if _, err := o.AskToGo(ctx, r); err != nil {
		return preview, err
	}
	text, err := diff.Objects(found, nil)
	if err != nil {
		return preview, err
	}
	preview.Changes = []sdk.Delta{{Target: at.String(), Kind: at.Name, Op: "delete", Diff: text}}
	if len(found.GetFinalizers()) > 0 {
		preview.Warnings = append(preview.Warnings, fmt.Sprintf("It goes only when its finalizers let it: %v.", found.GetFinalizers()))
	}
	if in.Propagation != "orphan" {
		err = o.foreseeOwned(ctx, at, found, &preview)
	}
	return preview, err
}
