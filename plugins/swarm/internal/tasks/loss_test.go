package tasks_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/tasks"
)

// A leader that is lost, a manager that is cut off from the others and one that is started anew are
// outlasted: the update is followed to its end all the same.
func TestALossIsOutlasted(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 3)
	lab.Must(t, l.Give(t.Context(), lab.V1, lab.V2))
	leader, err := l.Leader(t.Context())
	lab.Must(t, err)
	asked := l.Nodes[0]
	if asked == leader {
		asked = l.Nodes[1]
	}
	id := l.Service(t, "web", lab.V1, 3, func(s *swarm.ServiceSpec) {
		s.TaskTemplate.ContainerSpec.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
		s.UpdateConfig = &swarm.UpdateConfig{Parallelism: 1, FailureAction: swarm.UpdateFailureActionContinue, Monitor: time.Second}
	})
	follower := tasks.Tasks{Engine: asked.Connect(t)}
	waits := func(told string) bool { return strings.HasPrefix(told, "waiting for the swarm to answer") }
	for _, loss := range []struct {
		image   string
		happens func() error
		over    func(told string) error // once that was told
		after   func() error
	}{
		{lab.V2, leader.Kill, func(string) error { return nil }, leader.Up},
		{lab.V1, asked.Cut, func(told string) error {
			if waits(told) {
				return asked.Heal()
			}
			return nil
		}, func() error { return nil }},
		{lab.V2, asked.Kill, func(told string) error {
			if waits(told) {
				return asked.Up()
			}
			return nil
		}, func() error { return nil }},
	} {
		w := world{t, follower, id, asked.Docker}
		spec := w.put(image(loss.image))
		happens := sync.OnceFunc(func() { lab.Must(t, loss.happens()) })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		standing, err := follower.Converge(ctx, func(p sdk.Progress) {
			t.Log(p.Message)
			happens()
			lab.Must(t, loss.over(p.Message))
		}, tasks.Followed{ID: id, Spec: spec, Monitor: 2 * time.Second, Stall: time.Minute})
		cancel()
		lab.Must(t, err)
		if !standing.Converged() || standing.Updated != 3 {
			t.Errorf("it has converged, and is %+v", standing)
		}
		lab.Must(t, loss.after())
		lab.Eventually(t, "the swarm is whole again", l.Whole)
	}
}

// What a health check says on another node the engine that is asked cannot tell. It says who can.
func TestAHealthCheckOfAnotherNode(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 1, lab.Workers(1))
	lab.Must(t, l.Give(t.Context(), lab.V1, lab.Sick))
	id := l.Service(t, "web", lab.V1, 1, func(s *swarm.ServiceSpec) {
		s.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.role==worker"}}
	})
	w := world{t, tasks.Tasks{Engine: l.Nodes[0].Connect(t)}, id, l.Nodes[0].Docker}
	spec := w.put(with(image(lab.Sick), quick(swarm.UpdateFailureActionPause)))
	_, _, err := w.converge(tasks.Followed{ID: id, Spec: spec, Monitor: 2 * time.Second, Stall: 5 * time.Second})
	lab.Fails(t, err, sdk.Permanent, "what a health check said, its own node alone can tell: on n1, docker inspect ")
	ended, _ := errors.AsType[*tasks.Unconverged](err)
	for _, row := range ended.Ails {
		found, err := l.Nodes[1].Docker.ContainerInspect(t.Context(), row.Container, client.ContainerInspectOptions{})
		if lab.Must(t, err); found.Container.State.Health == nil || found.Container.State.Health.Status != container.Unhealthy {
			t.Errorf("over there, %s is %+v", row.Container, found.Container.State)
		}
	}
}

// A task of a node that is lost while an update is followed has ended for no reason of its own. Its node, once it is
// back, does not say so.
func TestANodeThatWasAway(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 1, lab.Workers(1))
	lab.Must(t, l.Give(t.Context(), lab.V1, lab.V2))
	id := l.Service(t, "web", lab.V1, 2, func(s *swarm.ServiceSpec) {
		s.TaskTemplate.ContainerSpec.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
		s.UpdateConfig = &swarm.UpdateConfig{Parallelism: 0, FailureAction: swarm.UpdateFailureActionPause, Monitor: 3 * time.Minute}
	})
	worker := l.Nodes[1]
	w := world{t, tasks.Tasks{Engine: l.Nodes[0].Connect(t)}, id, l.Nodes[0].Docker}
	spec := w.put(image(lab.V2))
	var lost, back bool
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	_, err := w.tasks.Converge(ctx, func(p sdk.Progress) {
		switch one := strings.Contains(p.Message, "1 of 2 are new"); {
		case !lost && strings.Contains(p.Message, "2 of 2 are new"):
			lost = true
			lab.Must(t, worker.Kill())
		case lost && !back && one: // it was seen to be down
			back = true
			lab.Must(t, worker.Up())
		}
	}, tasks.Followed{ID: id, Spec: spec, Monitor: 3 * time.Minute, Stall: time.Minute})
	lab.Fails(t, err, sdk.Permanent, "the engine has paused its update: ", " on n1: ", ", and its node was down meanwhile")
}
