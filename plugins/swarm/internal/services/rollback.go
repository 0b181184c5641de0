package services

import (
	"context"
	"fmt"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/schema"
)

// RollbackInput is what service_rollback is given.
type RollbackInput struct {
	service.Named
	Stall schema.Duration `json:"stall" default:"1m" min:"1s" doc:"How long nothing may move forward while something is known to be wrong."`
}

func (s services) rollback() sdk.Action[RollbackInput, UpdateOutput] {
	return service.Change(s.Services, func(in RollbackInput) (service.Named, schema.Duration) { return in.Named, in.Stall }, change.Of[RollbackInput, UpdateOutput, swarm.ServiceSpec]{
		Verb: "roll back",
		Want: func(_ context.Context, use change.Use[RollbackInput], was service.Object) (swarm.ServiceSpec, error) {
			if was.Previous == nil {
				return was.Spec, sdk.FieldErrorf("service", "the engine knows no previous spec of the service %s: it was never updated, or is rolled back already", use.Input.Service)
			}
			return *was.Previous, nil
		},
		// The engine goes back at the pace of the service's rollback_config only where it is asked
		// for its own way back. What that leads to is the spec that was looked at, by its version.
		Put: func(ctx context.Context, _ RollbackInput, live service.Object, to swarm.ServiceSpec) error {
			options := client.ServiceUpdateOptions{}
			if live.Previous != nil && spec.Alike(*live.Previous, to) {
				options.Rollback = "previous"
			}
			return s.Put(ctx, live, to, options)
		},
		Summary: func(in RollbackInput, c change.Change[swarm.ServiceSpec]) string {
			return fmt.Sprintf("would roll the service %s back to its previous spec", in.Service)
		},
		After: func(ctx context.Context, call *sdk.Call[RollbackInput], c change.Change[swarm.ServiceSpec]) (UpdateOutput, error) {
			of := service.Followed(c, call.Input.Stall.Std())
			of.Back = true
			converged, err := s.Converge(ctx, call.Host, of, c.Changed())
			return UpdateOutput{Converged: converged, Before: service.Image(c.Was)}, err
		},
		Settled: func(ctx context.Context, call *sdk.Call[RollbackInput], c change.Change[swarm.ServiceSpec]) (UpdateOutput, bool, string, error) {
			detail, err := s.Settling(ctx, service.Followed(c, call.Input.Stall.Std()))
			return UpdateOutput{}, false, detail, err
		},
	}).Action(sdk.Action[RollbackInput, UpdateOutput]{
		Name:    "service_rollback",
		Summary: "Roll a service back to what the engine has as its previous spec, and wait until it has converged",
		Description: `Asks the engine for its own way back, as docker service rollback does: to the spec before the last update, whoever made that, at the pace of the
service's rollback_config. To take back what an earlier step of a run did, nothing of this is needed: its undo puts back what was there before that step.

Undo puts back the spec that was rolled back. Where somebody has changed the service since, that is a *conflict* which names what they changed.`,
		Examples: []schema.Example{{Title: "Back to the spec before", With: map[string]any{"service": "shop_web"}}},
	})
}
