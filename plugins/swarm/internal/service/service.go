// Package service is what all changes of services have in common: how one is read and put by its
// version, how an update goes, and how it is followed until it has converged. It leaves out what is
// changed.
package service

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/compose"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/spec"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
	"github.com/gatebook/gatebook/schema"
)

// Services are the services of a swarm.
type Services struct {
	*engine.Engine
	Tasks tasks.Tasks
}

// Of returns the services of the swarm that an engine manages.
func Of(e *engine.Engine) Services { return Services{e, tasks.Tasks{Engine: e}} }

// Object is a service as it is changed.
type Object = change.Object[swarm.ServiceSpec]

// Named names a service.
type Named struct {
	Service string `json:"service" required:"true" nosecret:"true" pattern:"^[A-Za-z0-9][A-Za-z0-9_.-]*$" maxLength:"253" example:"shop_web" doc:"Name of the service, or its whole ID."`
	Version uint64 `json:"version" min:"0" example:"1042" doc:"Version index that the service must have, as service_inspect or an earlier change of it returned it. Another one is a conflict; 0 is any."`
}

// Get reads a service by its name or its whole ID. Its error is the engine's own.
func (s Services) Get(ctx context.Context, name string) (Object, error) {
	found, err := s.Docker.ServiceInspect(ctx, name, client.ServiceInspectOptions{})
	if err != nil {
		return Object{}, err
	}
	live := found.Service
	if live.Spec.Name != name && live.ID != name { // the engine also takes the beginning of an ID
		return Object{}, fmt.Errorf("service %s %w", name, errdefs.ErrNotFound)
	}
	is := Object{ID: live.ID, Name: live.Spec.Name, Index: live.Version.Index, Spec: live.Spec, Previous: live.PreviousSpec}
	if status := live.UpdateStatus; status != nil {
		is.Mark = string(status.State)
		if status.StartedAt != nil {
			is.Mark += " " + status.StartedAt.String()
		}
		if isBack(status.State) {
			is.Back = fmt.Sprintf("the engine has rolled the update of the service %s back: %s", name, status.Message)
		}
	}
	return is, nil
}

// isBack says of an update that the engine takes it back, or has.
func isBack(state swarm.UpdateState) bool {
	switch state {
	case swarm.UpdateStateRollbackStarted, swarm.UpdateStateRollbackPaused, swarm.UpdateStateRollbackCompleted:
		return true
	default:
		return false
	}
}

// Put sets a spec by the version of the service. The credentials for its image stay those with
// which the spec was set before, where no others are given. Its error is the engine's own.
func (s Services) Put(ctx context.Context, live Object, to swarm.ServiceSpec, options client.ServiceUpdateOptions) error {
	options.Version.Index, options.Spec = live.Index, to
	if options.EncodedRegistryAuth == "" {
		options.RegistryAuthFrom = swarm.RegistryAuthFromSpec
		if live.Previous != nil && spec.Alike(*live.Previous, to) {
			options.RegistryAuthFrom = swarm.RegistryAuthFromPreviousSpec
		}
	}
	_, err := s.Docker.ServiceUpdate(ctx, live.ID, options)
	return err
}

// Change completes what is the same in all changes of services. By is the service that the step names, and
// how long that may stand still then.
func Change[I, O any](s Services, by func(I) (Named, schema.Duration), of change.Of[I, O, swarm.ServiceSpec]) change.Of[I, O, swarm.ServiceSpec] {
	named := func(in I) Named { named, _ := by(in); return named }
	of.Engine, of.Kind, of.Names = s.Engine, "service", []string{"service"}
	of.Name = func(in I) string { return named(in).Service }
	of.Version = func(in I) uint64 { return named(in).Version }
	of.Get = func(ctx context.Context, in I) (Object, error) { return s.Get(ctx, named(in).Service) }
	if of.Put == nil {
		of.Put = func(ctx context.Context, _ I, live Object, to swarm.ServiceSpec) error {
			return s.Put(ctx, live, to, client.ServiceUpdateOptions{})
		}
	}
	of.Diff = compose.Diff
	of.Words = func(was, is swarm.ServiceSpec) string { return compose.Sentence(compose.Changed(was, is)) }
	of.Hides, of.Parts = compose.Hides, compose.Parts
	of.Since = func(id string, was map[string]string, is swarm.ServiceSpec) string {
		return compose.Sentence(compose.Since(id, was, is))
	}
	of.Stood = func(ctx context.Context, use change.Use[I], live Object) (json.RawMessage, error) {
		stood, err := s.Stood(ctx, use.Run, live)
		if err != nil {
			return nil, err
		}
		return json.Marshal(stood)
	}
	of.Undone = func(ctx context.Context, call *sdk.Call[I], use change.Use[I], live Object) error {
		var stood Stood
		if err := json.Unmarshal(use.Stood, &stood); err != nil {
			return sdk.Errorf(sdk.Permanent, "how the service %s was before the step: %w", live.Name, err)
		}
		_, stall := by(call.Input)
		return s.Return(ctx, call.Host, live, stall.Std(), stood)
	}
	of.Left = func(live Object) string {
		left := leftByCanary(live.Spec)
		if left == "" {
			return ""
		}
		return fmt.Sprintf("%s: docker service update --update-delay 0s %s has it go on", left, live.Name)
	}
	return of
}

// Image is the image of a spec; empty: it runs no containers.
func Image(of swarm.ServiceSpec) string {
	if of.TaskTemplate.ContainerSpec == nil {
		return ""
	}
	return of.TaskTemplate.ContainerSpec.Image
}

// Replicas is how many tasks a spec wants; of one that has a task for each node, 1.
func Replicas(of swarm.ServiceSpec) uint64 {
	if of.Mode.Replicated == nil || of.Mode.Replicated.Replicas == nil {
		return 1
	}
	return *of.Mode.Replicated.Replicas
}
