package main

import (
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/images"
	"github.com/gatebook/gatebook/plugins/swarm/internal/nodes"
	"github.com/gatebook/gatebook/plugins/swarm/internal/preflight"
	"github.com/gatebook/gatebook/plugins/swarm/internal/reading"
	"github.com/gatebook/gatebook/plugins/swarm/internal/rotation"
	"github.com/gatebook/gatebook/plugins/swarm/internal/services"
	"github.com/gatebook/gatebook/plugins/swarm/internal/stacks"
)

// swarm declares the plugin.
func swarm() sdk.Plugin[connection.Config] {
	e := &engine.Engine{} // connected by Configure, before any action is used
	return sdk.Plugin[connection.Config]{
		Name: "swarm", Version: "0.1.0",
		Summary:     "Services, stacks and nodes of a Docker Swarm",
		Description: "Acts on one swarm, through one of its managers.",
		Configure:   e.Connect,
		Rules:       connection.Rules(),
		Target:      e.Target,
		Actions:     engine.Truthful(slices.Concat(preflight.Actions(e), nodes.Actions(e), images.Actions(e), reading.Actions(e), services.Actions(e), stacks.Actions(e), rotation.Actions(e))),
	}
}
