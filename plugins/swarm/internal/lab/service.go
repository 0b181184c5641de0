package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/swarm/internal/connection"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/schema"
)

// Ports gives each replica of a service a port of its own on the host it is on: the first has
// base+1. The mesh of published ports carries nothing here.
func Ports(base int) func(*swarm.ServiceSpec) {
	return func(spec *swarm.ServiceSpec) {
		container := spec.TaskTemplate.ContainerSpec
		container.Env = append(container.Env, fmt.Sprintf("PORT=%d{{.Task.Slot}}", base/10))
		spec.TaskTemplate.Networks = append(spec.TaskTemplate.Networks, swarm.NetworkAttachmentConfig{Target: "host"})
	}
}

// Service makes a service for a test, whose images all nodes have, and waits until its replicas
// run. It is removed with the test, where the lab outlives that.
func (l *Lab) Service(t testing.TB, name, image string, replicas uint64, with ...func(*swarm.ServiceSpec)) string {
	t.Helper()
	id := l.Create(t, name, image, replicas, with...)
	l.Running(t, id, image, replicas)
	return id
}

// Create makes a service for a test, and does not wait for it.
func (l *Lab) Create(t testing.TB, name, image string, replicas uint64, with ...func(*swarm.ServiceSpec)) string {
	t.Helper()
	spec := swarm.ServiceSpec{
		Annotations:  swarm.Annotations{Name: name},
		TaskTemplate: swarm.TaskSpec{ContainerSpec: &swarm.ContainerSpec{Image: image}},
		Mode:         swarm.ServiceMode{Replicated: &swarm.ReplicatedService{Replicas: &replicas}},
	}
	for _, change := range with {
		change(&spec)
	}
	manager, err := l.Manager(t.Context())
	Must(t, err)
	made, err := manager.Docker.ServiceCreate(t.Context(), client.ServiceCreateOptions{Spec: spec})
	Must(t, err)
	if l.shared {
		t.Cleanup(func() { l.remove(t, made.ID) })
	}
	return made.ID
}

// remove removes a service, if it is still there.
func (l *Lab) remove(t testing.TB, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	manager, err := l.Manager(ctx)
	if err == nil {
		_, err = manager.Docker.ServiceRemove(ctx, id, client.ServiceRemoveOptions{})
	}
	if err != nil && !engine.IsGone(err) {
		t.Errorf("remove the service %s: %v", id, err)
	}
}

// Running waits until so many replicas of a service run an image, and no other task of it does.
func (l *Lab) Running(t testing.TB, service, image string, replicas uint64) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%d replicas of %s run %s", replicas, service, image), func(ctx context.Context) error {
		tasks, err := l.Tasks(ctx, service)
		if err != nil {
			return err
		}
		var running, other uint64
		var seen []error
		for _, task := range tasks {
			if task.Status.State != swarm.TaskStateRunning {
				seen = append(seen, fmt.Errorf("task %d is %s: %s %s", task.Slot, task.Status.State, task.Status.Message, task.Status.Err))
				continue
			}
			if is, _, _ := strings.Cut(task.Spec.ContainerSpec.Image, "@"); is == image && task.DesiredState == swarm.TaskStateRunning {
				running++
			} else {
				other++
			}
		}
		if running != replicas || other > 0 {
			return errors.Join(append(seen, fmt.Errorf("%d do, and %d others run", running, other))...)
		}
		return nil
	})
}

// Tasks are those of a service.
func (l *Lab) Tasks(ctx context.Context, service string) ([]swarm.Task, error) {
	manager, err := l.Manager(ctx)
	if err != nil {
		return nil, err
	}
	listed, err := manager.Docker.TaskList(ctx, client.TaskListOptions{Filters: make(client.Filters).Add("service", service)})
	return listed.Items, err
}

// Config is a connection to a node.
func (n *Node) Config() connection.Config {
	return connection.Config{Endpoint: "unix://" + n.Socket, Timeout: schema.Duration(20 * time.Second)}
}

// Connect is the connection of the plugin to a node, made.
func (n *Node) Connect(t testing.TB) *engine.Engine {
	t.Helper()
	e := &engine.Engine{}
	Must(t, e.Connect(t.Context(), n.Config()))
	return e
}

// Sweep removes what there is in the swarm whose name begins with something: services, then the configs,
// secrets and networks that they have let go.
func (l *Lab) Sweep(t testing.TB, prefix string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	manager, err := l.Manager(ctx)
	Must(t, err)
	docker, named := manager.Docker, make(client.Filters).Add("name", prefix)
	services, err := docker.ServiceList(ctx, client.ServiceListOptions{Filters: named})
	Must(t, err)
	for _, service := range services.Items {
		l.remove(t, service.ID)
	}
	configs, err := docker.ConfigList(ctx, client.ConfigListOptions{Filters: named})
	Must(t, err)
	for _, config := range configs.Items {
		_, err := docker.ConfigRemove(ctx, config.ID, client.ConfigRemoveOptions{})
		Must(t, err)
	}
	secrets, err := docker.SecretList(ctx, client.SecretListOptions{Filters: named})
	Must(t, err)
	for _, secret := range secrets.Items {
		_, err := docker.SecretRemove(ctx, secret.ID, client.SecretRemoveOptions{})
		Must(t, err)
	}
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: make(client.Filters).Add("name", "^"+prefix)})
	Must(t, err)
	for _, network := range networks.Items {
		for { // its tasks go after their services
			if _, err = docker.NetworkRemove(ctx, network.ID, client.NetworkRemoveOptions{}); err == nil || ctx.Err() != nil {
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
		Must(t, err)
	}
}
