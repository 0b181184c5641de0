// Package capacity foresees where the tasks of a node would go: it does what the engine's scheduler does,
// over what was seen of a swarm. It asks nobody. What it leaves out are preferences, which only choose
// among nodes that would do, cluster volumes, and how often a task has failed somewhere.
package capacity

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// Drained is what draining a node would do.
type Drained struct {
	Moves []Move // tasks that another node would take
	Stuck []Move // tasks that none would take
	Ends  []Move // tasks that nothing takes the place of while the node is drained

	Interrupted []string // names of services that run nowhere else
	Stays       []string // what of services stays behind: "web: volume data"
	Attached    int      // containers that are not of services, of which networks tell
}

// Move is a task, and what becomes of it.
type Move struct {
	Task  swarm.Task
	Title string // of the task, for people
	To    string // name of the node that would take it; empty: none
	Why   string // none takes it, or nothing takes its place
}

// Drain foresees what happens to the tasks of a node. Tasks go in the order of their names, which the
// scheduler's may not be; where they hardly fit, another order may fit too, or not.
func Drain(s state.State, node string) Drained {
	var d Drained
	others := slices.DeleteFunc(Nodes(s), func(n *Node) bool { return n.ID == node })
	for _, task := range leaving(s, node) {
		service, _ := s.Service(task.ServiceID)
		move := Move{Task: task, Title: s.Task(task)}
		switch {
		case task.ServiceID == "":
			d.Attached++
			continue
		case IsGlobal(service.Spec):
			move.Why = "is of a service that has one for each node"
			d.Ends = append(d.Ends, move)
			continue
		case neverRestarts(task.Spec):
			move.Why = "is of a service whose tasks are not restarted, as its restart policy says"
			d.Ends = append(d.Ends, move)
			continue
		}
		if to := choose(others, task, service); to != nil {
			to.take(task, service)
			move.To = to.Name
			d.Moves = append(d.Moves, move)
			continue
		}
		move.Why = refusals(others, task, service)
		d.Stuck = append(d.Stuck, move)
	}
	d.Interrupted, d.Stays = interrupted(s, node, d), staying(s, d)
	return d
}

// leaving are the tasks that a drain ends, by name.
func leaving(s state.State, node string) []swarm.Task {
	var found []swarm.Task
	for _, task := range s.Tasks {
		if task.NodeID == node && Wanted(task) && Occupies(task) {
			found = append(found, task)
		}
	}
	slices.SortFunc(found, func(a, b swarm.Task) int {
		one, _ := s.Service(a.ServiceID)
		other, _ := s.Service(b.ServiceID)
		return cmp.Or(strings.Compare(one.Spec.Name, other.Spec.Name), cmp.Compare(a.Slot, b.Slot), strings.Compare(a.ID, b.ID))
	})
	return found
}

// choose is the node that the scheduler would take: of those that would do, one with the fewest tasks of
// the service, and then with the fewest at all.
func choose(nodes []*Node, task swarm.Task, service swarm.Service) *Node {
	var best *Node
	for _, n := range nodes {
		if n.refuses(task, service) != "" {
			continue
		}
		if best == nil || cmp.Or(cmp.Compare(n.services[task.ServiceID], best.services[task.ServiceID]), cmp.Compare(n.tasks, best.tasks)) < 0 {
			best = n
		}
	}
	return best
}

// refusals says why none of the nodes takes a task, each reason once.
func refusals(nodes []*Node, task swarm.Task, service swarm.Service) string {
	byReason := map[string][]string{}
	for _, n := range nodes {
		why := n.refuses(task, service)
		byReason[why] = append(byReason[why], n.Name)
	}
	var said []string
	for _, why := range slices.Sorted(maps.Keys(byReason)) {
		said = append(said, state.Few(byReason[why])+" "+plural(why, len(byReason[why])))
	}
	switch more := len(said) - mostReasons; {
	case len(said) == 0:
		return "there is no other node"
	case more > 0:
		said = append(said[:mostReasons], fmt.Sprintf("and %d more reasons, of other nodes", more))
	}
	return strings.Join(said, "; ")
}

// mostReasons is how many reasons a sentence has: in a large swarm each node has its own.
const mostReasons = 5

// plural lets several nodes do what one does.
func plural(why string, nodes int) string {
	if nodes == 1 {
		return why
	}
	for one, several := range map[string]string{"is ": "are ", "has ": "have ", "does ": "do "} {
		if rest, begins := strings.CutPrefix(why, one); begins {
			return several + rest
		}
	}
	return why
}

// interrupted are the services of which no task would run until others have taken the place of those that go.
func interrupted(s state.State, node string, d Drained) []string {
	elsewhere := map[string]bool{}
	for _, task := range s.Tasks {
		if task.NodeID != node && task.Status.State == swarm.TaskStateRunning && Wanted(task) {
			elsewhere[task.ServiceID] = true
		}
	}
	var found []string
	for _, move := range slices.Concat(d.Moves, d.Stuck) {
		if service, there := s.Service(move.Task.ServiceID); there && !elsewhere[service.ID] {
			found = append(found, service.Spec.Name)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// staying is what tasks keep on the node, and do not find elsewhere.
func staying(s state.State, d Drained) []string {
	var found []string
	for _, move := range slices.Concat(d.Moves, d.Stuck) {
		service, _ := s.Service(move.Task.ServiceID)
		for _, m := range mounts(move.Task.Spec) {
			switch {
			case m.Type == mount.TypeBind:
				found = append(found, service.Spec.Name+" ("+m.Source+")")
			case m.Type == mount.TypeVolume && isLocal(m):
				found = append(found, service.Spec.Name+" (volume "+cmp.Or(m.Source, "without a name at "+m.Target)+")")
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func mounts(spec swarm.TaskSpec) []mount.Mount {
	if spec.ContainerSpec == nil {
		return nil
	}
	return spec.ContainerSpec.Mounts
}

// isLocal says whether a volume lies on the node that the task runs on.
func isLocal(m mount.Mount) bool {
	if m.VolumeOptions == nil || m.VolumeOptions.DriverConfig == nil {
		return true
	}
	name := m.VolumeOptions.DriverConfig.Name
	return name == "" || name == "local"
}

// IsGlobal says whether a service has one task for each node.
func IsGlobal(spec swarm.ServiceSpec) bool {
	return spec.Mode.Global != nil || spec.Mode.GlobalJob != nil
}

func neverRestarts(spec swarm.TaskSpec) bool {
	return spec.RestartPolicy != nil && spec.RestartPolicy.Condition == swarm.RestartPolicyConditionNone
}
