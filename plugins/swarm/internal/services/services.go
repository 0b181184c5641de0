// Package services holds the actions on services: how one is, what it runs, how many tasks it has, and
// what these say. It leaves out what several services are deployed by together, and how what they
// mount is replaced.
package services

import (
	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/service"
)

// Actions declares the actions on services of a swarm.
func Actions(e *engine.Engine) []sdk.Declaration {
	s := services{service.Of(e)}
	return []sdk.Declaration{s.update(), s.rollback(), s.scale()}
}

// services acts on the services of a swarm.
type services struct{ service.Services }
