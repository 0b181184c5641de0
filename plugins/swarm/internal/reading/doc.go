// Package reading holds the actions that look at a service and change nothing: how it is, whether it
// has converged, what its tasks print. It leaves out what changes services.
package reading

import (
	"context"
	"fmt"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

// Actions declares the actions that read services of a swarm.
func Actions(e *engine.Engine) []sdk.Declaration {
	r := reading{tasks.Tasks{Engine: e}}
	return []sdk.Declaration{r.inspect(), r.wait(), r.logs()}
}

// reading looks at the services of a swarm.
type reading struct{ tasks.Tasks }

// Target names a service.
type Target struct {
	Service string `json:"service" required:"true" nosecret:"true" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" maxLength:"253" example:"shop_web" doc:"Name of the service, or its whole ID."`
}

// look reads a service that must be there.
func (r reading) look(ctx context.Context, of Target) (tasks.Seen, error) {
	seen, err := r.Look(ctx, of.Service)
	is := seen.Service
	if engine.IsGone(err) || err == nil && is.Spec.Name != of.Service && is.ID != of.Service { // the beginning of an ID
		return seen, sdk.FieldErrorf("service", "there is no service %s", of.Service)
	}
	return seen, err
}

// would is the plan of an action that only reads: what it would read.
func would[I any](call *sdk.Call[I], of Target, what string) (sdk.Preview, error) {
	if !call.Knows("service") {
		return sdk.Preview{Summary: fmt.Sprintf("would %s a service that is not known yet", what)}, nil
	}
	return sdk.Preview{Summary: fmt.Sprintf("would %s the service %s", what, of.Service)}, nil
}
