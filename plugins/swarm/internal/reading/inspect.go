package reading

import (
	"context"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/schema"
)

// InspectInput is what service_inspect is given.
type InspectInput struct {
	Target
}

func (r reading) inspect() sdk.Action[InspectInput, Status] {
	return sdk.Action[InspectInput, Status]{
		Name:    "service_inspect",
		Summary: "Read how a service is, and what it runs",
		Description: `Reads a service, its tasks and its nodes once, and says how many tasks there are to be and are, which of them are as the service
now says, what the engine says of its last update, and what is wrong with tasks. A gate on ` + "`converged`" + ` asks for all of it at once.

A task whose node is down counts as one that does not run, whatever it said last. The values of environment variables are not read.`,
		Effect:     sdk.Read,
		Idempotent: true,
		InPlan:     true,
		Examples: []schema.Example{
			{Title: "A service", With: map[string]any{"service": "shop_web"}},
			{Title: "That all is well before an update: in a gate, with expr: observed.converged", With: map[string]any{"service": "shop_web"}},
		},
		Plan: func(_ context.Context, call *sdk.Call[InspectInput]) (sdk.Preview, error) {
			return would(call, call.Input.Target, "read")
		},
		Apply: func(ctx context.Context, call *sdk.Call[InspectInput]) (Status, error) {
			seen, err := r.look(ctx, call.Input.Target)
			if err != nil {
				return Status{}, err
			}
			return r.status(ctx, seen)
		},
	}
}
