package objects

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/kubernetes/internal/own"
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// GetInput is what get is given.
type GetInput struct {
	Ref
	Missing string `json:"missing" default:"fail" enum:"fail,ok" doc:"What it means that there is no such object: that the step fails, or that its output exists is false."`
}

// GetOutput is what get returns.
type GetOutput struct {
	Exists          bool           `json:"exists" required:"true" doc:"Whether there is such an object."`
	Object          map[string]any `json:"object" required:"true" doc:"The whole object, without managedFields; empty where there is none. Of a Secret, (secret) stands for each value."`
	UID             string         `json:"uid" required:"true" doc:"What tells the object from others of its name, before and after it."`
	ResourceVersion string         `json:"resourceVersion" required:"true" doc:"Which change of the object this is."`
	Generation      int64          `json:"generation" required:"true" doc:"How often what it shall be was changed; 0 for kinds that do not count."`
}

func (o objects) get() sdk.Action[GetInput, GetOutput] {
	return sdk.Action[GetInput, GetOutput]{
		Name:        "get",
		Summary:     "Read an object of any kind",
		Description: "Reads one object as the API server has it. The values of a Secret are never read out: " + "`(secret)` stands for each.",
		Effect:      sdk.Read,
		Idempotent:  true,
		InPlan:      true,
		Examples: []schema.Example{
			{Title: "A Service", With: map[string]any{"apiVersion": "v1", "kind": "Service", "name": "web", "namespace": "shop"}},
			{Title: "Whether there is a certain node", With: map[string]any{"apiVersion": "v1", "kind": "Node", "name": "worker-3", "missing": "ok"}},
		},
		Plan:  own.Planned(o.planGet),
		Apply: o.applyGet,
	}
}

func (o objects) applyGet(ctx context.Context, call *sdk.Call[GetInput]) (GetOutput, error) {
	at, err := o.find(ctx, call.Input.Ref)
	if err != nil {
		return GetOutput{}, err
	}
	look := o.read
	if call.Input.Missing == "ok" {
		look = o.look
	}
	found, err := look(ctx, at)
	if err != nil || found == nil {
		return GetOutput{}, err
	}
	return GetOutput{
		Exists: true, Object: shown(found), UID: string(found.GetUID()),
		ResourceVersion: found.GetResourceVersion(), Generation: found.GetGeneration(),
	}, nil
}

func (o objects) planGet(ctx context.Context, call *sdk.Call[GetInput]) (sdk.Preview, error) {
	if !call.Knows(refFields()...) {
		return sdk.Preview{Summary: "would read an object that is not known yet"}, nil
	}
	at, err := o.find(ctx, call.Input.Ref)
	if err != nil {
		return sdk.Preview{}, err
	}
	lacking, err := o.Lacking(ctx, at.right("get"))
	return sdk.Preview{Summary: fmt.Sprintf("would read the %s", at), Blockers: lacking}, err
}
