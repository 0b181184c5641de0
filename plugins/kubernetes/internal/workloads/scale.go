package workloads

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/setting"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// ScaleInput is what scale is given.
type ScaleInput struct {
	Kind      string `json:"kind" default:"Deployment" enum:"Deployment,StatefulSet" doc:"Kind of the workload."`
	Name      string `json:"name" required:"true" pattern:"^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" maxLength:"253" example:"web" doc:"Name of the workload."`
	Namespace string `json:"namespace" pattern:"^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$" maxLength:"63" example:"shop" doc:"Namespace of the workload; without it, the connection's."`
	Replicas  int32  `json:"replicas" required:"true" min:"0" unit:"pods" example:"5" doc:"How many pods there shall be."`
}

// ScaleOutput is what scale returns.
type ScaleOutput struct {
	Replicas int32 `json:"replicas" required:"true" unit:"pods" doc:"How many pods there shall be."`
	Before   int32 `json:"before" required:"true" unit:"pods" doc:"How many there were to be before."`
	Changed  bool  `json:"changed" required:"true" doc:"Whether there was anything to change."`
}

func (w workloads) scale() sdk.Action[ScaleInput, ScaleOutput] {
	target := func(in ScaleInput) Target { return w.named(Target{in.Kind, in.Name, in.Namespace}) }
	return setting.Setting[ScaleInput, ScaleOutput, *workload, int32]{
		Cluster: w.Cluster,
		Names:   []string{"kind", "name", "namespace"},
		Params:  []string{"replicas"},
		Verb:    "scale",
		Name:    func(in ScaleInput) string { return target(in).String() },
		Rights: func(in ScaleInput) []cluster.Right {
			return []cluster.Right{target(in).right("get", "", "read"), target(in).right("patch", "scale", "scale")}
		},
		Get:    func(ctx context.Context, in ScaleInput) (*workload, error) { return w.get(ctx, target(in)) },
		Value:  func(_ ScaleInput, live *workload) (int32, error) { return live.replicas, nil },
		Want:   func(in ScaleInput, _ int32) int32 { return in.Replicas },
		Put:    w.setScale,
		Fields: func(int32, int32) [][]string { return [][]string{{"f:spec", "f:replicas"}} },
		State:  func(replicas int32) string { return fmt.Sprintf("has %d replicas", replicas) },
		Summary: func(_ ScaleInput, c setting.Change[*workload, int32]) string {
			return fmt.Sprintf("would scale the %s from %d to %d", c.Live, c.Was, c.Want)
		},
		Outputs: func(_ ScaleInput, c setting.Change[*workload, int32]) ScaleOutput {
			return ScaleOutput{Replicas: c.Want, Before: c.Was, Changed: c.Changed()}
		},
	}.Action(sdk.Action[ScaleInput, ScaleOutput]{
		Name:    "scale",
		Summary: "Set how many pods a Deployment or StatefulSet has",
		Description: `Sets the number, and does not wait for the pods; ` + "`rollout`" + ` does.

Undo sets the number that was there before. A number that somebody set since, an autoscaler perhaps, is a *conflict* which names who did.`,
		Examples: []schema.Example{{Title: "Five pods", With: map[string]any{"name": "web", "replicas": 5}}},
	})
}

// setScale goes by the subresource, which rights can be given for alone.
func (w workloads) setScale(ctx context.Context, of *workload, replicas int32, dryRun []string) (*workload, error) {
	scaledTo, err := setting.Scale(ctx, w.Cluster, of, appsv1.Resource(of.resource()), of.replicas, replicas, dryRun)
	if err != nil {
		return nil, err
	}
	switch scaled := of.DeepCopyObject().(type) {
	case *appsv1.StatefulSet:
		scaled.Spec.Replicas = &scaledTo
		return as(of.Target, ofStatefulSet)(scaled, nil)
	case *appsv1.Deployment:
		scaled.Spec.Replicas = &scaledTo
		return as(of.Target, ofDeployment)(scaled, nil)
	default:
		return nil, fmt.Errorf("a %s cannot be scaled", of.Kind)
	}
}
