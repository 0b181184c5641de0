// Package engine is the connection to a manager of a swarm: how it is made, what its errors mean,
// and which swarm was reached. It leaves out what actions do with it.
package engine

import (
	"context"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/request"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
)

// Engine is a connection. Its zero value is not connected; actions are declared with it before
// it is.
type Engine struct {
	Docker  *request.Client
	Timeout time.Duration // of single requests
	Prints  spec.Prints   // of what is in the swarm
	host    string        // for people
	context string        // of docker, for people; empty: there is none
}

// Connect reaches the engine, negotiates the version of the API, and makes sure that it manages a
// swarm, so that a wrong connection is told at once.
func (e *Engine) Connect(ctx context.Context, config connection.Config) error {
	way, err := config.Way()
	if err != nil {
		return err
	}
	docker, err := request.NewClient(append(way.Options, client.WithUserAgent("gatebook-plugin-swarm"))...)
	if err != nil {
		return sdk.FieldErrorf("endpoint", "%s: %w", way.Host, err)
	}
	e.Docker, e.Timeout, e.host, e.context = docker, config.Timeout.Std(), way.Host, way.Context
	info, err := e.info(ctx)
	if err != nil {
		return err
	}
	return e.manages(info)
}

// manages is the error of an engine that manages no swarm.
func (e *Engine) manages(info system.Info) error {
	switch swarmed := info.Swarm; {
	case swarmed.LocalNodeState == swarm.LocalNodeStateInactive || swarmed.LocalNodeState == "":
		return sdk.FieldErrorf("endpoint", "%s is in no swarm", e.host)
	case swarmed.LocalNodeState == swarm.LocalNodeStateLocked:
		return sdk.FieldErrorf("endpoint", "the swarm at %s is locked: docker swarm unlock opens it", e.host)
	case !swarmed.ControlAvailable:
		return sdk.FieldErrorf("endpoint", "%s is a worker of its swarm; ask one of its managers instead", e.host)
	default:
		return nil
	}
}

// info asks the engine for what it says of itself.
func (e *Engine) info(ctx context.Context) (system.Info, error) {
	ctx, cancel := e.Single(ctx)
	defer cancel()
	found, err := e.Docker.Info(ctx, client.InfoOptions{})
	return found.Info, e.Fault(ctx, err, "ask %s what it is", e.host)
}

// Single is a context for one request, which may take as long as the connection says.
func (e *Engine) Single(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, e.Timeout, late{e.host, e.Timeout})
}

// Target says which swarm was reached, and through which engine. A swarm is known by its id,
// which it has from its first moment to its last, whichever manager is asked.
func (e *Engine) Target(ctx context.Context) (sdk.Target, error) {
	info, err := e.info(ctx)
	if err != nil {
		return sdk.Target{}, err
	}
	if info.Swarm.Cluster == nil || info.Swarm.Cluster.ID == "" {
		why := "its swarm has no leader at this moment, or it is about to be no manager any more"
		if !info.Swarm.ControlAvailable { // it was, as it was connected to
			why = "it is no manager at this moment, and is started anew, or was demoted"
		}
		if said := info.Swarm.Error; said != "" {
			why += " (" + said + ")"
		}
		return sdk.Target{}, sdk.Errorf(sdk.Transient, "ask %s which swarm it manages: it cannot say: %s; ask again, or another manager", e.host, why)
	}
	title := "swarm " + info.Swarm.Cluster.ID + " at " + e.host
	if e.context != "" {
		title += " (context " + e.context + ")"
	}
	return sdk.Target{ID: "swarm:" + info.Swarm.Cluster.ID, Title: title}, nil
}
