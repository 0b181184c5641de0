package services_test

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
)

// Where the nodes tell that not all tasks find one, a plan warns of it; an update down to fewer is none.
func TestAPlanWarnsOfTasksThatFindNoNode(t *testing.T) {
	t.Parallel()
	name := serve(t, lab.V1, 1, func(s *swarm.ServiceSpec) { s.TaskTemplate.Placement = &swarm.Placement{MaxReplicas: 2} })
	nodes := len(swarmed.Nodes)
	for replicas, warns := range map[int]bool{0: false, 1: false, 2 * nodes: false, 100_000: true} {
		preview, err := action(t, "service_scale").Plan(t.Context(), lab.Request(t, map[string]any{"service": name, "replicas": replicas}))
		lab.Must(t, err)
		if warned := strings.Contains(strings.Join(preview.Warnings, "\n"), "of the 100000 tasks"); warned != warns {
			t.Errorf("of %d replicas the plan warns: %q", replicas, preview.Warnings)
		}
	}
}
