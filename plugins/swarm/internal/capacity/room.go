package capacity

import (
	"math"
	"slices"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// Room is how many tasks of a service the nodes have room for that take tasks now, by what they tell of
// themselves and what tasks of others reserve; where it is for as many as are asked for, it is that.
func Room(s state.State, service swarm.Service, asked uint64) uint64 {
	s.Tasks = slices.DeleteFunc(slices.Clone(s.Tasks), func(task swarm.Task) bool { return task.ServiceID == service.ID })
	task := swarm.Task{ServiceID: service.ID, Spec: service.Spec.TaskTemplate}
	room := uint64(0)
	for _, n := range Nodes(s) {
		if n.refuses(task, service) != "" {
			continue
		}
		if room += min(n.holds(service), asked-room); room == asked {
			break
		}
	}
	return room
}

// holds is how many tasks of a service there is room for on a node that takes one and has none.
func (n *Node) holds(service swarm.Service) uint64 {
	if len(hostPorts(service.Spec)) > 0 {
		return 1
	}
	room := uint64(math.MaxUint64)
	if placement := service.Spec.TaskTemplate.Placement; placement != nil && placement.MaxReplicas > 0 {
		room = placement.MaxReplicas
	}
	reserved := reservations(service.Spec.TaskTemplate)
	each := func(free, want int64) {
		if want > 0 {
			room = min(room, uint64(max(free, 0)/want))
		}
	}
	each(n.Free.NanoCPUs, reserved.NanoCPUs)
	each(n.Free.MemoryBytes, reserved.MemoryBytes)
	for kind, want := range reserved.Generic {
		each(n.Free.Generic[kind], want)
	}
	return room
}
