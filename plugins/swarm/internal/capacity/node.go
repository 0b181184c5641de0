package capacity

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// Node is a node with what is left of it.
type Node struct {
	swarm.Node
	Name string
	Free Amounts // what no task on it reserves; below nothing where it is promised more than once

	tasks    int
	services map[string]int // tasks that are to run, by the id of their service
	ports    map[port]bool  // of the machine itself, in use
}

// Amounts are what tasks reserve of a node.
type Amounts struct {
	NanoCPUs, MemoryBytes int64
	Generic               map[string]int64 // by kind
}

// port is one that is published on the machine itself.
type port struct {
	number   uint32
	protocol network.IPProtocol
}

// Nodes are all nodes of a swarm, with what their tasks leave of them.
func Nodes(s state.State) []*Node {
	var all []*Node
	byID := map[string]*Node{}
	for _, n := range s.Nodes {
		of := n.Description.Resources
		free := Amounts{of.NanoCPUs, of.MemoryBytes, generic(of.GenericResources)}
		one := &Node{Node: n, Name: s.Node(n.ID), Free: free, services: map[string]int{}, ports: map[port]bool{}}
		all, byID[n.ID] = append(all, one), one
	}
	for _, task := range s.Tasks {
		if n := byID[task.NodeID]; n != nil && Occupies(task) {
			service, _ := s.Service(task.ServiceID)
			n.take(task, service)
		}
	}
	return all
}

// living are the states of a task up to where it runs; after them it has ended.
var living = map[swarm.TaskState]bool{
	swarm.TaskStateNew: true, swarm.TaskStateAllocated: true, swarm.TaskStatePending: true, swarm.TaskStateAssigned: true, swarm.TaskStateAccepted: true,
	swarm.TaskStatePreparing: true, swarm.TaskStateReady: true, swarm.TaskStateStarting: true, swarm.TaskStateRunning: true,
}

// Occupies says whether a task takes something of its node: it has not ended, whether or not it is to.
func Occupies(task swarm.Task) bool { return living[task.Status.State] }

// Wanted says whether a task is to run, or to run to its end.
func Wanted(task swarm.Task) bool {
	return living[task.DesiredState] || task.DesiredState == swarm.TaskStateComplete
}

// take puts a task of a service on the node.
func (n *Node) take(task swarm.Task, service swarm.Service) {
	reserved := reservations(task.Spec)
	n.Free.NanoCPUs -= reserved.NanoCPUs
	n.Free.MemoryBytes -= reserved.MemoryBytes
	for kind, amount := range reserved.Generic {
		n.Free.Generic[kind] -= amount
	}
	for _, p := range hostPorts(service.Spec) {
		n.ports[p] = true
	}
	if Wanted(task) {
		n.tasks++
		n.services[task.ServiceID]++
	}
}

// Open says why a node takes no new tasks; empty: it takes them.
func Open(n swarm.Node) string {
	switch {
	case n.Status.State != swarm.NodeStateReady:
		return "is " + string(n.Status.State)
	case n.Spec.Availability == swarm.NodeAvailabilityDrain:
		return "is drained"
	case n.Spec.Availability == swarm.NodeAvailabilityPause:
		return "is paused"
	default:
		return ""
	}
}

// refuses says why the node would not take a task of a service, as the scheduler judges; empty: it would.
func (n *Node) refuses(task swarm.Task, service swarm.Service) string {
	if why := Open(n.Node); why != "" {
		return why
	}
	if why := Unsuited(n.Node, task.Spec); why != "" {
		return why
	}
	if why := n.lacks(task.Spec); why != "" {
		return why
	}
	if placement := task.Spec.Placement; placement != nil && placement.MaxReplicas > 0 && uint64(n.services[task.ServiceID]) >= placement.MaxReplicas {
		return fmt.Sprintf("has %d of the service, which is the most for one node", n.services[task.ServiceID])
	}
	for _, p := range hostPorts(service.Spec) {
		if n.ports[p] {
			return fmt.Sprintf("has port %d/%s in use", p.number, p.protocol)
		}
	}
	return ""
}

// Unsuited says why tasks of a spec never run on a node as it is, however empty that may be; empty: they may.
func Unsuited(n swarm.Node, spec swarm.TaskSpec) string {
	if spec.Placement != nil {
		for _, text := range spec.Placement.Constraints {
			if c, ok := parsed(text); ok && !c.met(n) {
				return "does not satisfy " + text
			}
		}
		if has := n.Description.Platform; !supports(spec.Placement.Platforms, has) {
			return "has another platform, " + has.OS + "/" + has.Architecture
		}
	}
	for _, plugin := range plugins(spec) {
		if !has(n.Description.Engine.Plugins, plugin) {
			return fmt.Sprintf("has no %s plugin %s", strings.ToLower(plugin.Type), plugin.Name)
		}
	}
	return ""
}

// lacks says what a task reserves that is not free; empty: nothing.
func (n *Node) lacks(spec swarm.TaskSpec) string {
	reserved := reservations(spec)
	if want := reserved.NanoCPUs; want > 0 && want > n.Free.NanoCPUs {
		return fmt.Sprintf("has %s CPUs free, not %s", cpus(n.Free.NanoCPUs), cpus(want))
	}
	if want := reserved.MemoryBytes; want > 0 && want > n.Free.MemoryBytes {
		return fmt.Sprintf("has %s of memory free, not %s", units.BytesSize(float64(max(n.Free.MemoryBytes, 0))), units.BytesSize(float64(want)))
	}
	for kind, want := range reserved.Generic {
		if want > n.Free.Generic[kind] {
			return fmt.Sprintf("has %d of %s free, not %d", max(n.Free.Generic[kind], 0), kind, want)
		}
	}
	return ""
}

func cpus(nano int64) string { return fmt.Sprintf("%.3g", float64(max(nano, 0))/1e9) }

// reservations are what a task reserves.
func reservations(spec swarm.TaskSpec) Amounts {
	if spec.Resources == nil || spec.Resources.Reservations == nil {
		return Amounts{}
	}
	of := spec.Resources.Reservations
	return Amounts{of.NanoCPUs, of.MemoryBytes, generic(of.GenericResources)}
}

// generic counts resources by their kind: those that are counted, and those that have names.
func generic(resources []swarm.GenericResource) map[string]int64 {
	counted := map[string]int64{}
	for _, r := range resources {
		if r.DiscreteResourceSpec != nil {
			counted[r.DiscreteResourceSpec.Kind] += r.DiscreteResourceSpec.Value
		}
		if r.NamedResourceSpec != nil {
			counted[r.NamedResourceSpec.Kind]++
		}
	}
	return counted
}

// hostPorts are the ports of the machine that each task of a service takes.
func hostPorts(spec swarm.ServiceSpec) []port {
	var taken []port
	if spec.EndpointSpec == nil {
		return nil
	}
	for _, p := range spec.EndpointSpec.Ports {
		if p.PublishMode == swarm.PortConfigPublishModeHost && p.PublishedPort != 0 {
			taken = append(taken, port{p.PublishedPort, p.Protocol})
		}
	}
	return taken
}

// plugins are those that a node must have for the volumes and the log of a task.
func plugins(spec swarm.TaskSpec) []swarm.PluginDescription {
	var needed []swarm.PluginDescription
	for _, m := range mounts(spec) {
		if m.Type == mount.TypeVolume && !isLocal(m) {
			needed = append(needed, swarm.PluginDescription{Type: "Volume", Name: m.VolumeOptions.DriverConfig.Name})
		}
	}
	if driver := spec.LogDriver; driver != nil && driver.Name != "" && driver.Name != "none" {
		needed = append(needed, swarm.PluginDescription{Type: "Log", Name: driver.Name})
	}
	return needed
}

// has says whether a plugin is among those of a node. An engine that tells of no plugin for logs does not
// tell of any.
func has(all []swarm.PluginDescription, plugin swarm.PluginDescription) bool {
	typed := false
	for _, one := range all {
		if one.Type == plugin.Type {
			typed = true
			if one.Name == plugin.Name || one.Name == plugin.Name+":latest" {
				return true
			}
		}
	}
	return plugin.Type == "Log" && !typed
}
