package workloads

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// BackInput is what rollout_undo is given.
type BackInput struct {
	Target
	ToRevision int64 `json:"toRevision" default:"0" min:"0" doc:"Number of the revision to go back to; 0 is the one before the current one."`
}

// BackOutput is what rollout_undo returns.
type BackOutput struct {
	Revision string            `json:"revision" required:"true" doc:"Name of the ReplicaSet or ControllerRevision whose template is current now."`
	Images   map[string]string `json:"images" required:"true" doc:"Image of each container, after the change."`
}

func (w workloads) back() sdk.Action[BackInput, BackOutput] {
	return sdk.Action[BackInput, BackOutput]{
		Name:    "rollout_undo",
		Summary: "Go back to an earlier revision of a workload",
		Description: `Sets the pod template of an earlier revision, which begins a rollout; ` + "`rollout`" + ` waits for its end. An annotation
of the workload holds the step's key, so that all attempts of one step go back once.

Undo returns to the revision that was current before, unless somebody began another since, which is a *conflict*.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples: []schema.Example{
			{Title: "The revision before", With: map[string]any{"name": "web", "namespace": "shop"}},
			{Title: "A certain one", With: map[string]any{"kind": "StatefulSet", "name": "db", "toRevision": 4}},
		},
		Plan:    w.planBack,
		Apply:   w.applyBack,
		Observe: w.observeBack,
		Undo:    w.undoBack,
	}
}

// backPatch sets a template, and the key of the step that did, or none.
func backPatch(to revision, key any) map[string]any {
	return map[string]any{
		"metadata": map[string]any{"annotations": map[string]any{cluster.KeyAnnotation: key}},
		"spec":     map[string]any{"template": to.template},
	}
}

// pick returns the revision that a step goes to.
func pick(of *workload, revisions []revision, number int64) (revision, error) {
	switch {
	case number == 0 && len(revisions) < 2:
		return revision{}, sdk.Errorf(sdk.Permanent, "the %s has no revision before its current one", of).NothingChanged()
	case number == 0:
		return revisions[1], nil
	}
	i := slices.IndexFunc(revisions, func(r revision) bool { return r.number == number })
	if i < 0 {
		return revision{}, sdk.FieldErrorf("toRevision", "the %s has no revision %d", of, number)
	}
	return revisions[i], nil
}

func (w workloads) applyBack(ctx context.Context, call *sdk.Call[BackInput]) (BackOutput, error) {
	found, revisions, err := w.settled(ctx, call.Input.Target)
	switch {
	case err != nil:
		return BackOutput{}, err
	case found.paused:
		return BackOutput{}, sdk.Errorf(sdk.Permanent, "the rollouts of the %s are paused", found).NothingChanged()
	case found.meta.Annotations[cluster.KeyAnnotation] == call.Key:
		return BackOutput{revisions[0].name, found.images()}, nil // an earlier attempt did it
	}
	to, err := pick(found, revisions, call.Input.ToRevision)
	if err != nil {
		return BackOutput{}, err
	}
	if err := call.SaveBefore(ctx, backBefore{found.meta.UID, revisions[0].name, to.name}); err != nil {
		return BackOutput{}, err
	}
	return BackOutput{to.name, to.images}, w.patch(ctx, found, backPatch(to, call.Key), nil)
}

func (w workloads) planBack(ctx context.Context, call *sdk.Call[BackInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("kind", "name", "namespace", "toRevision") {
		return sdk.Preview{Summary: "would take back a rollout that is not known yet"}, nil
	}
	in.Namespace = w.In(in.Namespace)
	kept := "controllerrevisions"
	if in.Kind == "Deployment" {
		kept = "replicasets"
	}
	lacking, err := w.Lacking(ctx, in.right("get", "", "read"), in.right("patch", "", "change"),
		cluster.Right{Verb: "list", Group: "apps", Resource: kept, Namespace: in.Namespace})
	if err != nil || len(lacking) > 0 {
		return sdk.Preview{Summary: fmt.Sprintf("would take back the rollout of the %s", in.Target), Blockers: lacking}, err
	}
	found, revisions, err := w.settled(ctx, in.Target)
	if err != nil {
		return sdk.Preview{}, err
	}
	to, err := pick(found, revisions, in.ToRevision)
	if err != nil {
		return sdk.Preview{}, err
	}
	if err := w.patch(ctx, found, backPatch(to, "planned"), []string{metav1.DryRunAll}); err != nil {
		return sdk.Preview{}, err
	}
	return sdk.Preview{
		Summary: fmt.Sprintf("would go back to revision %d of the %s, with the images %v", to.number, in.Target, to.images),
		Changes: []sdk.Delta{{Target: in.String(), Kind: in.Kind, Op: "update"}},
	}, nil
}

func (w workloads) undoBack(ctx context.Context, call *sdk.Call[BackInput]) error {
	was, saved, err := sdk.LoadBefore[backBefore](call)
	if err != nil || !saved {
		return err
	}
	return cluster.Again(func() error {
		found, revisions, err := w.settled(ctx, call.Input.Target)
		switch {
		case err != nil:
			return err
		case found.meta.UID != was.UID:
			return sdk.Errorf(sdk.Conflict, "the %s is not the one that was changed, but a new one of that name", found)
		case revisions[0].name == was.From:
			return nil
		case revisions[0].name != was.To:
			return sdk.Errorf(sdk.Conflict, "%s began another rollout of the %s meanwhile, %s",
				cluster.Somebody(found.meta.ManagedFields, "f:spec", "f:template"), found, revisions[0].name)
		}
		i := slices.IndexFunc(revisions, func(r revision) bool { return r.name == was.From })
		if i < 0 {
			return sdk.Errorf(sdk.Permanent, "the revision %s of the %s is no longer kept", was.From, found)
		}
		patch := backPatch(revisions[i], nil)
		patch["metadata"].(map[string]any)["resourceVersion"] = found.meta.ResourceVersion
		return w.patch(ctx, found, patch, nil)
	})
}

func (w workloads) observeBack(ctx context.Context, call *sdk.Call[BackInput]) (sdk.Observed[BackOutput], error) {
	found, revisions, err := w.settled(ctx, call.Input.Target)
	if err != nil {
		return sdk.Observed[BackOutput]{}, err
	}
	detail := fmt.Sprintf("The current revision of the %s is %s.", found, revisions[0].name)
	// A lost Undo may be made again without harm.
	if call.Undo || found.meta.Annotations[cluster.KeyAnnotation] != call.Key {
		return sdk.Observed[BackOutput]{State: sdk.NotDone, Detail: detail}, nil
	}
	return sdk.Observed[BackOutput]{State: sdk.Done, Detail: detail, Outputs: BackOutput{revisions[0].name, found.images()}}, nil
}
