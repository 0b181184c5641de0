package workloads

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// WorkloadInput is what workload is given.
type WorkloadInput struct {
	Target
}

// Status is the state of a workload, which workload and rollout return.
type Status struct {
	Kind               string            `json:"kind" required:"true" doc:"Kind of the workload."`
	Name               string            `json:"name" required:"true" doc:"Name of the workload."`
	Namespace          string            `json:"namespace" required:"true" doc:"Namespace of the workload."`
	Replicas           int32             `json:"replicas" required:"true" unit:"pods" doc:"How many pods there shall be."`
	ReadyReplicas      int32             `json:"readyReplicas" required:"true" unit:"pods" doc:"How many are ready."`
	UpdatedReplicas    int32             `json:"updatedReplicas" required:"true" unit:"pods" doc:"How many are of the newest template."`
	AvailableReplicas  int32             `json:"availableReplicas" required:"true" unit:"pods" doc:"How many are ready for long enough."`
	Images             map[string]string `json:"images" required:"true" doc:"Image of each container."`
	Generation         int64             `json:"generation" required:"true" doc:"How often what it shall be was changed."`
	ObservedGeneration int64             `json:"observedGeneration" required:"true" doc:"Which of these changes its controller has seen."`
	Paused             bool              `json:"paused" required:"true" doc:"Whether its rollouts are paused."`
	Conditions         []Condition       `json:"conditions" required:"true" doc:"What its controller says of it."`
}

func (w *workload) told() Status {
	return Status{
		Kind: w.Kind, Name: w.Name, Namespace: w.Namespace, Replicas: w.replicas, ReadyReplicas: w.ready,
		UpdatedReplicas: w.updated, AvailableReplicas: w.available, Images: w.images(), Generation: w.GetGeneration(),
		ObservedGeneration: w.seen, Paused: w.paused, Conditions: w.conditions,
	}
}

func (w workloads) status() sdk.Action[WorkloadInput, Status] {
	return sdk.Action[WorkloadInput, Status]{
		Name:        "workload",
		Summary:     "Read the state of a Deployment, StatefulSet or DaemonSet",
		Description: "Reads how many pods there shall be and are, their images, and what the controller says of them.",
		Effect:      sdk.Read,
		Idempotent:  true,
		InPlan:      true,
		Examples: []schema.Example{
			{Title: "A Deployment", With: map[string]any{"name": "web", "namespace": "shop"}},
			{Title: "A StatefulSet", With: map[string]any{"kind": "StatefulSet", "name": "db"}},
		},
		Plan: func(ctx context.Context, call *sdk.Call[WorkloadInput]) (sdk.Preview, error) {
			if !call.Knows("kind", "name", "namespace") {
				return sdk.Preview{Summary: "would read a workload that is not known yet"}, nil
			}
			target := w.named(call.Input.Target)
			lacking, err := w.Lacking(ctx, target.right("get", "", "read"))
			return sdk.Preview{Summary: fmt.Sprintf("would read the %s", target), Blockers: lacking}, err
		},
		Apply: func(ctx context.Context, call *sdk.Call[WorkloadInput]) (Status, error) {
			found, err := w.read(ctx, call.Input.Target)
			if err != nil {
				return Status{}, err
			}
			return found.told(), nil
		},
	}
}
