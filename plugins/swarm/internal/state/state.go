// Package state reads what there is of a swarm at one moment: its nodes, services and tasks, by the
// names that people have for them, and its quorum of managers. It leaves out what follows from it, and changes nothing.
package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
)

// State is what there was of a swarm when it was looked at.
type State struct {
	Nodes    []swarm.Node // by name
	Services []swarm.Service
	Tasks    []swarm.Task

	nodes    map[string]string        // names by id
	services map[string]swarm.Service // by id
}

// New is a state of what was read.
func New(nodes []swarm.Node, services []swarm.Service, tasks []swarm.Task) State {
	s := State{Nodes: nodes, Services: services, Tasks: tasks, nodes: names(nodes), services: map[string]swarm.Service{}}
	slices.SortStableFunc(s.Nodes, func(a, b swarm.Node) int { return strings.Compare(s.nodes[a.ID], s.nodes[b.ID]) })
	for _, service := range services {
		s.services[service.ID] = service
	}
	return s
}

// Look reads all of it.
func Look(ctx context.Context, e *engine.Engine) (State, error) {
	nodes, err := Nodes(ctx, e)
	if err != nil {
		return State{}, err
	}
	asking, cancel := e.Single(ctx)
	defer cancel()
	services, err := e.Docker.ServiceList(asking, client.ServiceListOptions{})
	if err != nil {
		return State{}, e.Fault(asking, err, "list the services")
	}
	asking, cancel = e.Single(ctx)
	defer cancel()
	tasks, err := e.Docker.TaskList(asking, client.TaskListOptions{})
	return New(nodes.Nodes, services.Items, tasks.Items), e.Fault(asking, err, "list the tasks")
}

// Nodes reads the nodes alone.
func Nodes(ctx context.Context, e *engine.Engine) (State, error) {
	ctx, cancel := e.Single(ctx)
	defer cancel()
	listed, err := e.Docker.NodeList(ctx, client.NodeListOptions{})
	return New(listed.Items, nil, nil), e.Fault(ctx, err, "list the nodes")
}

// Asked is the id of the node whose engine answers.
func Asked(ctx context.Context, e *engine.Engine) (string, error) {
	ctx, cancel := e.Single(ctx)
	defer cancel()
	found, err := e.Docker.Info(ctx, client.InfoOptions{})
	return found.Info.Swarm.NodeID, e.Fault(ctx, err, "ask the engine which node it is")
}

// names are what people call nodes. Where several have one name, the id tells them apart.
func names(nodes []swarm.Node) map[string]string {
	count, of := map[string]int{}, make(map[string]string, len(nodes))
	for _, n := range nodes {
		of[n.ID] = cmp.Or(n.Spec.Name, n.Description.Hostname, n.ID)
		count[of[n.ID]]++
	}
	for id, name := range of {
		if count[name] > 1 {
			of[id] = name + " (" + id + ")"
		}
	}
	return of
}

// Node is what people call the node of an id.
func (s State) Node(id string) string { return cmp.Or(s.nodes[id], id) }

// Service is the service of an id, and whether it is there.
func (s State) Service(id string) (swarm.Service, bool) {
	found, there := s.services[id]
	return found, there
}

// Task is what people call a task, as docker does: "web.2", and of a service that has one for each
// node "agent on n1".
func (s State) Task(t swarm.Task) string {
	name := cmp.Or(s.services[t.ServiceID].Spec.Name, t.ServiceID)
	if t.Slot == 0 {
		return name + " on " + s.Node(t.NodeID)
	}
	return name + "." + strconv.Itoa(t.Slot)
}

// Find returns the node of a name, a host name or an id. That there is none, or more than one, is an
// error of the field.
func (s State) Find(field, name string) (swarm.Node, error) {
	if at := slices.IndexFunc(s.Nodes, func(n swarm.Node) bool { return n.ID == name }); at >= 0 {
		return s.Nodes[at], nil
	}
	var found []swarm.Node
	for _, n := range s.Nodes {
		if n.Spec.Name == name || strings.EqualFold(n.Description.Hostname, name) {
			found = append(found, n)
		}
	}
	var called []string
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		for _, n := range found {
			called = append(called, n.ID)
		}
		return swarm.Node{}, sdk.FieldErrorf(field, "%d nodes are called %s; name one by its id: %s", len(found), name, Few(called))
	}
	for _, n := range s.Nodes {
		called = append(called, s.Node(n.ID))
	}
	gone := errdefs.ErrNotFound.WithMessage(fmt.Sprintf("there is no node %q in the swarm; there are %s", name, Few(called)))
	return swarm.Node{}, sdk.FieldErrorf(field, "%w", gone)
}

// fewAtMost is how many names a sentence has.
const fewAtMost = 10

// Few joins names for a sentence, and counts those that are too many for it.
func Few(names []string) string {
	if more := len(names) - fewAtMost; more > 0 {
		return strings.Join(names[:fewAtMost], ", ") + " and " + strconv.Itoa(more) + " more"
	}
	return strings.Join(names, ", ")
}

// Count counts things for a sentence: "1 task", "3 tasks".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}
