package workloads

import (
	"context"
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ScaleInput is what scale is given.
type ScaleInput struct {
	Kind      string `json:"kind" default:"Deployment" enum:"Deployment,StatefulSet" doc:"Kind of the workload."`
	Name      string `json:"name" required:"true" minLength:"1" example:"web" doc:"Name of the workload."`
	Namespace string `json:"namespace" example:"shop" doc:"Namespace of the workload; without it, the connection's."`
	Replicas  int32  `json:"replicas" required:"true" min:"0" unit:"pods" example:"5" doc:"How many pods there shall be."`
}

func (in ScaleInput) target() Target { return Target{in.Kind, in.Name, in.Namespace} }

// ScaleOutput is what scale returns.
type ScaleOutput struct {
	Replicas int32 `json:"replicas" required:"true" unit:"pods" doc:"How many pods there shall be."`
	Before   int32 `json:"before" required:"true" unit:"pods" doc:"How many there were to be before."`
	Changed  bool  `json:"changed" required:"true" doc:"Whether there was anything to change."`
}

// scaleBefore is the state that undoing restores.
type scaleBefore struct {
	UID      types.UID `json:"uid"`
	Replicas int32     `json:"replicas"`
}

func (w workloads) scale() sdk.Action[ScaleInput, ScaleOutput] {
	return sdk.Action[ScaleInput, ScaleOutput]{
		Name:    "scale",
		Summary: "Set how many pods a Deployment or StatefulSet has",
		Description: `Sets the number, and does not wait for the pods; ` + "`rollout`" + ` does.

Undo sets the number that was there before. A number that somebody set since, an autoscaler perhaps, is a *conflict* which names who did.`,
		Effect:     sdk.Change,
		Idempotent: true,
		Examples:   []schema.Example{{Title: "Five pods", With: map[string]any{"name": "web", "replicas": 5}}},
		Plan:       w.planScale,
		Apply:      w.applyScale,
		Observe:    w.observeScale,
		Undo:       w.undoScale,
	}
}

// setScale goes by the subresource, which rights can be given for alone.
func (w workloads) setScale(ctx context.Context, of *workload, replicas int32, dryRun []string) error {
	wanted := &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: of.Name, Namespace: of.Namespace, UID: of.meta.UID, ResourceVersion: of.meta.ResourceVersion},
		Spec:       autoscalingv1.ScaleSpec{Replicas: replicas},
	}
	options := metav1.UpdateOptions{FieldManager: cluster.Manager, DryRun: dryRun}
	var err error
	if of.Kind == "StatefulSet" {
		_, err = w.Kube.AppsV1().StatefulSets(of.Namespace).UpdateScale(ctx, of.Name, wanted, options)
	} else {
		_, err = w.Kube.AppsV1().Deployments(of.Namespace).UpdateScale(ctx, of.Name, wanted, options)
	}
	return cluster.FaultIn(ctx, err, "scale the %s", of)
}

func (w workloads) applyScale(ctx context.Context, call *sdk.Call[ScaleInput]) (ScaleOutput, error) {
	in := call.Input
	var out ScaleOutput
	err := cluster.Again(func() error {
		found, err := w.read(ctx, in.target())
		if err != nil {
			return err
		}
		if err := call.SaveBefore(ctx, scaleBefore{found.meta.UID, found.replicas}); err != nil {
			return err
		}
		out = ScaleOutput{Replicas: in.Replicas, Before: found.replicas, Changed: found.replicas != in.Replicas}
		if !out.Changed {
			return nil
		}
		return w.setScale(ctx, found, in.Replicas, nil)
	})
	return out, err
}

func (w workloads) planScale(ctx context.Context, call *sdk.Call[ScaleInput]) (sdk.Preview, error) {
	in := call.Input
	if !call.Knows("kind", "name", "namespace", "replicas") {
		return sdk.Preview{Summary: "would scale a workload, which or how far is not known yet"}, nil
	}
	target := in.target()
	target.Namespace = w.In(target.Namespace)
	lacking, err := w.Lacking(ctx, target.right("get", "", "read"), target.right("update", "scale", "scale"))
	if err != nil || len(lacking) > 0 {
		return sdk.Preview{Summary: fmt.Sprintf("would scale the %s to %d", target, in.Replicas), Blockers: lacking}, err
	}
	found, err := w.read(ctx, target)
	if err != nil {
		return sdk.Preview{}, err
	}
	if found.replicas == in.Replicas {
		return sdk.Preview{Summary: fmt.Sprintf("nothing to do: the %s has %d replicas", target, in.Replicas)}, nil
	}
	if err := w.setScale(ctx, found, in.Replicas, []string{metav1.DryRunAll}); err != nil {
		return sdk.Preview{}, err
	}
	return sdk.Preview{
		Summary: fmt.Sprintf("would scale the %s from %d to %d", target, found.replicas, in.Replicas),
		Changes: []sdk.Delta{{
			Target: target.String(), Kind: in.Kind, Op: "update",
			Diff: fmt.Sprintf("--- live\n+++ planned\n@@ -1,2 +1,2 @@\n spec:\n-  replicas: %d\n+  replicas: %d\n", found.replicas, in.Replicas),
		}},
	}, nil
}

func (w workloads) undoScale(ctx context.Context, call *sdk.Call[ScaleInput]) error {
	was, saved, err := sdk.LoadBefore[scaleBefore](call)
	if err != nil || !saved {
		return err
	}
	return cluster.Again(func() error {
		found, err := w.read(ctx, call.Input.target())
		switch {
		case err != nil:
			return err
		case found.meta.UID != was.UID:
			return sdk.Errorf(sdk.Conflict, "the %s is not the one that was scaled, but a new one of that name", found)
		case found.replicas == was.Replicas:
			return nil
		case found.replicas != call.Input.Replicas:
			return sdk.Errorf(sdk.Conflict, "%s set %d replicas of the %s meanwhile",
				cluster.Somebody(found.meta.ManagedFields, "f:spec", "f:replicas"), found.replicas, found)
		}
		return w.setScale(ctx, found, was.Replicas, nil)
	})
}

func (w workloads) observeScale(ctx context.Context, call *sdk.Call[ScaleInput]) (sdk.Observed[ScaleOutput], error) {
	was, saved, err := sdk.LoadBefore[scaleBefore](call)
	if err != nil {
		return sdk.Observed[ScaleOutput]{}, err
	}
	found, err := w.read(ctx, call.Input.target())
	if err != nil {
		return sdk.Observed[ScaleOutput]{}, err
	}
	want := call.Input.Replicas
	if call.Undo {
		want = was.Replicas
	}
	detail := fmt.Sprintf("The %s has %d replicas.", found, found.replicas)
	if !saved || found.replicas != want {
		return sdk.Observed[ScaleOutput]{State: sdk.NotDone, Detail: detail}, nil
	}
	return sdk.Observed[ScaleOutput]{
		State: sdk.Done, Detail: detail,
		Outputs: ScaleOutput{Replicas: want, Before: was.Replicas, Changed: was.Replicas != want},
	}, nil
}
