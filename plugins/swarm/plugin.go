package main

import (
	"slices"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/images"
	"github.com/gatebook/gatebook/plugins/swarm/internal/reading"
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
		Actions:     engine.Truthful(slices.Concat(images.Actions(e), reading.Actions(e))),
	}
}
