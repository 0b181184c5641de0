package placement_test

import (
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/swarm/internal/placement"
)

// Constraints are read as the engine reads them.
func TestWhichNodesConstraintsAllow(t *testing.T) {
	t.Parallel()
	var node swarm.Node
	node.ID = "abc"
	node.Spec.Role = swarm.NodeRoleWorker
	node.Spec.Labels = map[string]string{"Zone": "a"}
	node.Description.Hostname = "web-1"
	node.Description.Platform = swarm.Platform{OS: "linux", Architecture: "x86_64"}
	node.Description.Engine.Labels = map[string]string{"disk": "ssd"}
	node.Status.Addr = "10.0.0.7"
	for _, test := range []struct {
		constraints []string
		allowed     bool
	}{
		{nil, true},
		{[]string{"node.id==abc", "node.id != xyz"}, true},
		{[]string{"node.id==xyz"}, false},
		{[]string{"node.hostname == WEB-1"}, true},
		{[]string{"node.role==worker"}, true},
		{[]string{"node.role==manager"}, false},
		{[]string{"node.platform.os==linux", "node.platform.arch==x86_64"}, true},
		{[]string{"node.labels.Zone==a"}, true},
		{[]string{"node.labels.zone==a"}, false},
		{[]string{"node.labels.zone!=a"}, true},
		{[]string{"engine.labels.disk==ssd", "engine.labels.disk!=hdd"}, true},
		{[]string{"node.ip==10.0.0.7"}, true},
		{[]string{"node.ip==10.0.0.0/24"}, true},
		{[]string{"node.ip!=10.0.0.0/24"}, false},
		{[]string{"node.ip==elsewhere"}, false},
		{[]string{"node.role==worker", "node.labels.Zone==b"}, false},
		{[]string{"node.colour!=red"}, false},
		{[]string{"nonsense"}, false},
	} {
		if allowed := placement.Matches(test.constraints, node); allowed != test.allowed {
			t.Errorf("%q: allowed %t, want %t", test.constraints, allowed, test.allowed)
		}
	}
	if got := placement.Constraints(swarm.TaskSpec{}); got != nil {
		t.Errorf("a task without a placement has the constraints %q", got)
	}
}
