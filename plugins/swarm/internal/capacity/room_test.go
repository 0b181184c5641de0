package capacity_test

import (
	"math"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

func TestRoom(t *testing.T) {
	t.Parallel()
	other := service("other", reserving(swarm.Resources{NanoCPUs: 1e9, MemoryBytes: gib}))
	drained := node("n2", availability(swarm.NodeAvailabilityDrain))
	for name, c := range map[string]struct {
		of    swarm.Service
		tasks []swarm.Task
		asked uint64
		want  uint64
	}{
		"nothing is reserved":          {service("web"), nil, math.MaxUint64, math.MaxUint64},
		"by the CPUs":                  {service("web", reserving(swarm.Resources{NanoCPUs: 5e8})), nil, 100, 8},
		"by the memory":                {service("web", reserving(swarm.Resources{NanoCPUs: 1, MemoryBytes: 3 * gib})), nil, 100, 2},
		"no more than is asked for":    {service("web", reserving(swarm.Resources{NanoCPUs: 5e8})), nil, 3, 3},
		"what others reserve is not":   {service("web", reserving(swarm.Resources{NanoCPUs: 5e8})), runs(other, "n0", "n1"), 100, 4},
		"what it has itself is":        {other, runs(other, "n0", "n1"), 100, 4},
		"so many for each node":        {service("web", placed(swarm.Placement{MaxReplicas: 3})), nil, 100, 6},
		"one for each port":            {service("web", published(80)), nil, 100, 2},
		"no node is suited":            {service("web", placed(swarm.Placement{Constraints: []string{"node.labels.a==b"}})), nil, 100, 0},
		"no node has enough for one":   {service("web", reserving(swarm.Resources{MemoryBytes: 5 * gib})), nil, 100, 0},
		"a GPU, and each node has one": {service("web", reserving(swarm.Resources{GenericResources: []swarm.GenericResource{{DiscreteResourceSpec: &swarm.DiscreteGenericResource{Kind: "gpu", Value: 1}}}})), nil, 100, 2},
	} {
		s := state.New([]swarm.Node{node("n0"), node("n1"), drained}, []swarm.Service{c.of, other}, c.tasks)
		if got := capacity.Room(s, c.of, c.asked); got != c.want {
			t.Errorf("%s: room for %d, want %d", name, got, c.want)
		}
	}
}
