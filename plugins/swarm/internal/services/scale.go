package services

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/schema"
)

// ScaleInput is what service_scale is given.
type ScaleInput struct {
	service.Named
	Replicas uint64          `json:"replicas" required:"true" min:"0" unit:"tasks" example:"5" doc:"How many tasks there shall be."`
	Stall    schema.Duration `json:"stall" default:"1m" min:"1s" doc:"How long nothing may move forward while something is known to be wrong, as no node that has room."`
}

// ScaleOutput is what service_scale returns.
type ScaleOutput struct {
	service.Converged
	Before uint64 `json:"before" required:"true" unit:"tasks" doc:"How many there were to be before."`
}

func (s services) scale() sdk.Action[ScaleInput, ScaleOutput] {
	return service.Change(s.Services, func(in ScaleInput) (service.Named, schema.Duration) { return in.Named, in.Stall }, change.Of[ScaleInput, ScaleOutput, swarm.ServiceSpec]{
		Params: []string{"replicas"},
		Verb:   "scale",
		Want: func(_ context.Context, use change.Use[ScaleInput], was service.Object) (swarm.ServiceSpec, error) {
			want, err := spec.Copy(was.Spec)
			if err != nil {
				return want, err
			}
			if want.Mode.Replicated == nil {
				return want, sdk.FieldErrorf("service", "the service %s has one task for each node, or is a job, and cannot be scaled", use.Input.Service)
			}
			want.Mode.Replicated.Replicas = &use.Input.Replicas
			return want, nil
		},
		Summary: func(in ScaleInput, c change.Change[swarm.ServiceSpec]) string {
			return fmt.Sprintf("would scale the service %s from %d to %d tasks", in.Service, service.Replicas(c.Was), service.Replicas(c.Want))
		},
		Foresee: s.foreseeScale,
		After: func(ctx context.Context, call *sdk.Call[ScaleInput], c change.Change[swarm.ServiceSpec]) (ScaleOutput, error) {
			converged, err := s.Converge(ctx, call.Host, service.Followed(c, call.Input.Stall.Std()), c.Changed())
			return ScaleOutput{Converged: converged, Before: service.Replicas(c.Was)}, err
		},
		Settled: func(ctx context.Context, call *sdk.Call[ScaleInput], c change.Change[swarm.ServiceSpec]) (ScaleOutput, bool, string, error) {
			detail, err := s.Settling(ctx, service.Followed(c, call.Input.Stall.Std()))
			return ScaleOutput{}, false, detail, err
		},
	}).Action(sdk.Action[ScaleInput, ScaleOutput]{
		Name:    "service_scale",
		Summary: "Set how many tasks a service has, and wait until they run",
		Description: `Sets the number by the service's version, and waits until so many tasks run and have stayed well. A task that finds no node, or cannot start, ends
the step with its reason. The plan warns where nodes lack room for all, by what tasks reserve and where they may run.

Undo sets the number from before. Where somebody has changed the service since, that is a *conflict* which names what they changed.`,
		Examples: []schema.Example{{Title: "Five tasks", With: map[string]any{"service": "shop_web", "replicas": 5}}},
	})
}

// foreseeScale adds to a plan that not all tasks find a node, as far as the nodes tell.
func (s services) foreseeScale(ctx context.Context, _ *sdk.Call[ScaleInput], c change.Change[swarm.ServiceSpec], plan *sdk.Preview) error {
	asked := service.Replicas(c.Want)
	if asked <= service.Replicas(c.Was) {
		return nil
	}
	room, err := s.Room(ctx, c.Live.ID, c.Want)
	if err == nil && room < asked {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf("The nodes that take tasks now have room for %d of the %d tasks, by what these reserve and where they may run; the others wait for a node.", room, asked))
	}
	return err
}
