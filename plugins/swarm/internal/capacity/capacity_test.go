package capacity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/api/types/swarm"
	"pgregory.net/rapid"

	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

const gib = 1 << 30

// node is a ready node with 2 CPUs and 4 GiB.
func node(id string, change ...func(*swarm.Node)) swarm.Node {
	n := swarm.Node{ID: id}
	n.Spec = swarm.NodeSpec{Role: swarm.NodeRoleWorker, Availability: swarm.NodeAvailabilityActive}
	n.Description.Hostname, n.Status.State, n.Status.Addr = id, swarm.NodeStateReady, "10.0.0.1"
	n.Description.Platform = swarm.Platform{OS: "linux", Architecture: "x86_64"}
	n.Description.Resources = swarm.Resources{NanoCPUs: 2e9, MemoryBytes: 4 * gib, GenericResources: []swarm.GenericResource{
		{NamedResourceSpec: &swarm.NamedGenericResource{Kind: "gpu", Value: "gpu-0"}},
	}}
	n.Description.Engine.Plugins = []swarm.PluginDescription{{Type: "Log", Name: "json-file"}, {Type: "Volume", Name: "local"}}
	for _, c := range change {
		c(&n)
	}
	return n
}

// service is a replicated one, whose tasks are as its template says.
func service(name string, change ...func(*swarm.ServiceSpec)) swarm.Service {
	s := swarm.Service{ID: name}
	s.Spec.Name = name
	s.Spec.TaskTemplate.ContainerSpec = &swarm.ContainerSpec{Image: "demo:v1"}
	s.Spec.Mode.Replicated = &swarm.ReplicatedService{}
	for _, c := range change {
		c(&s.Spec)
	}
	return s
}

// runs are tasks of a service that run, on one node after the other.
func runs(of swarm.Service, nodes ...string) []swarm.Task {
	var tasks []swarm.Task
	for i, id := range nodes {
		task := swarm.Task{ID: fmt.Sprint(of.ID, i), ServiceID: of.ID, Slot: i + 1, NodeID: id, DesiredState: swarm.TaskStateRunning, Spec: of.Spec.TaskTemplate}
		task.Status.State = swarm.TaskStateRunning
		if capacity.IsGlobal(of.Spec) {
			task.Slot = 0
		}
		tasks = append(tasks, task)
	}
	return tasks
}

func placed(p swarm.Placement) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) { s.TaskTemplate.Placement = &p }
}

func reserving(r swarm.Resources) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) { s.TaskTemplate.Resources = &swarm.ResourceRequirements{Reservations: &r} }
}

func published(number uint32) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) {
		s.EndpointSpec = &swarm.EndpointSpec{Ports: []swarm.PortConfig{{PublishedPort: number, PublishMode: swarm.PortConfigPublishModeHost, Protocol: network.TCP}}}
	}
}

func mounted(m ...mount.Mount) func(*swarm.ServiceSpec) {
	return func(s *swarm.ServiceSpec) { s.TaskTemplate.ContainerSpec.Mounts = m }
}

func availability(a swarm.NodeAvailability) func(*swarm.Node) {
	return func(n *swarm.Node) { n.Spec.Availability = a }
}

// told is what was foreseen, as text.
func told(d capacity.Drained) string {
	var lines []string
	for _, m := range d.Moves {
		lines = append(lines, m.Title+" to "+m.To)
	}
	for _, m := range d.Stuck {
		lines = append(lines, m.Title+" stuck: "+m.Why)
	}
	for _, m := range d.Ends {
		lines = append(lines, m.Title+" ends: it "+m.Why)
	}
	for _, name := range d.Interrupted {
		lines = append(lines, name+" interrupted")
	}
	for _, what := range d.Stays {
		lines = append(lines, what+" stays")
	}
	if d.Attached > 0 {
		lines = append(lines, fmt.Sprint(d.Attached, " attached"))
	}
	return strings.Join(lines, "\n")
}

func TestADrainIsForeseen(t *testing.T) {
	t.Parallel()
	ssd := func(n *swarm.Node) { n.Spec.Labels = map[string]string{"disk": "ssd"} }
	for name, test := range map[string]struct {
		nodes    []swarm.Node // beside n1, which is drained
		services []swarm.Service
		on       [][]string // the nodes of the tasks of each service
		want     string
	}{
		"tasks are spread": {
			[]swarm.Node{node("n2"), node("n3")},
			[]swarm.Service{service("web"), service("api")},
			[][]string{{"n1", "n2", "n1"}, {"n1", "n3"}},
			"api.1 to n2\nweb.1 to n3\nweb.3 to n2",
		},
		"only ready and active nodes": {
			[]swarm.Node{node("n2", availability("pause")), node("n3", availability("drain")), node("n4", func(n *swarm.Node) { n.Status.State = "down" }), node("n5", availability("pause"))},
			[]swarm.Service{service("web")},
			[][]string{{"n1"}},
			"web.1 stuck: n4 is down; n3 is drained; n2, n5 are paused\nweb interrupted",
		},
		"no other node": {nil, []swarm.Service{service("web")}, [][]string{{"n1"}}, "web.1 stuck: there is no other node\nweb interrupted"},
		"a constraint": {
			[]swarm.Node{node("n2"), node("n3", ssd)},
			[]swarm.Service{
				service("db", placed(swarm.Placement{Constraints: []string{"node.labels.disk == SSD"}})),
				service("pinned", placed(swarm.Placement{Constraints: []string{"node.hostname==n1"}})),
			},
			[][]string{{"n1"}, {"n1"}},
			"db.1 to n3\npinned.1 stuck: n2, n3 do not satisfy node.hostname==n1\ndb interrupted\npinned interrupted",
		},
		"a platform": {
			[]swarm.Node{node("n2", func(n *swarm.Node) { n.Description.Platform.Architecture = "aarch64" })},
			[]swarm.Service{service("arm", placed(swarm.Placement{Platforms: []swarm.Platform{{OS: "linux", Architecture: "arm64"}}})), service("intel", placed(swarm.Placement{Platforms: []swarm.Platform{{OS: "linux", Architecture: "amd64"}}}))},
			[][]string{{"n1", "n2"}, {"n1", "n2"}},
			"arm.1 to n2\nintel.1 stuck: n2 has another platform, linux/aarch64",
		},
		"what is reserved": {
			[]swarm.Node{node("n2"), node("n3")},
			[]swarm.Service{
				service("big", reserving(swarm.Resources{MemoryBytes: 3 * gib})),
				service("cpu", reserving(swarm.Resources{NanoCPUs: 3e9})),
				service("gpu", reserving(swarm.Resources{GenericResources: []swarm.GenericResource{{DiscreteResourceSpec: &swarm.DiscreteGenericResource{Kind: "gpu", Value: 1}}}})),
			},
			[][]string{{"n1", "n1", "n2"}, {"n1", "n2"}, {"n1", "n2", "n3"}},
			"big.1 to n3\nbig.2 stuck: n2, n3 have 1GiB of memory free, not 3GiB\ncpu.1 stuck: n2 has 0 CPUs free, not 3; n3 has 2 CPUs free, not 3\ngpu.1 stuck: n2, n3 have 0 of gpu free, not 1",
		},
		"the most for one node": {
			[]swarm.Node{node("n2"), node("n3")},
			[]swarm.Service{service("web", placed(swarm.Placement{MaxReplicas: 1}))},
			[][]string{{"n1", "n2", "n1"}},
			"web.1 to n3\nweb.3 stuck: n2, n3 have 1 of the service, which is the most for one node",
		},
		"a port of the machine": {
			[]swarm.Node{node("n2"), node("n3")},
			[]swarm.Service{service("edge", published(443)), service("other", published(443))},
			[][]string{{"n1", "n2"}, {"n3"}},
			"edge.1 stuck: n2, n3 have port 443/tcp in use",
		},
		"a plugin": {
			[]swarm.Node{node("n2")},
			[]swarm.Service{
				service("logs", func(s *swarm.ServiceSpec) { s.TaskTemplate.LogDriver = &swarm.Driver{Name: "loki"} }),
				service("net", mounted(mount.Mount{Type: mount.TypeVolume, Source: "d", VolumeOptions: &mount.VolumeOptions{DriverConfig: &mount.Driver{Name: "rexray"}}})),
			},
			[][]string{{"n1", "n2"}, {"n1", "n2"}},
			"logs.1 stuck: n2 has no log plugin loki\nnet.1 stuck: n2 has no volume plugin rexray",
		},
		"nothing takes their place": {
			[]swarm.Node{node("n2")},
			[]swarm.Service{
				service("agent", func(s *swarm.ServiceSpec) { s.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}} }),
				service("once", func(s *swarm.ServiceSpec) {
					s.TaskTemplate.RestartPolicy = &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionNone}
				}),
			},
			[][]string{{"n1", "n2"}, {"n1"}},
			"agent on n1 ends: it is of a service that has one for each node\nonce.1 ends: it is of a service whose tasks are not restarted, as its restart policy says",
		},
		"data stays": {
			[]swarm.Node{node("n2")},
			[]swarm.Service{service("db", mounted(mount.Mount{Type: mount.TypeVolume, Source: "data", Target: "/d"}, mount.Mount{Type: mount.TypeBind, Source: "/srv/db", Target: "/s"}, mount.Mount{Type: mount.TypeTmpfs, Target: "/t"}, mount.Mount{Type: mount.TypeVolume, Target: "/cache"}))},
			[][]string{{"n1", "n2", "n1"}},
			"db.1 to n2\ndb.3 to n2\ndb (/srv/db) stays\ndb (volume data) stays\ndb (volume without a name at /cache) stays",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tasks []swarm.Task
			for i, s := range test.services {
				tasks = append(tasks, runs(s, test.on[i]...)...)
			}
			d := capacity.Drain(state.New(append(test.nodes, node("n1")), test.services, tasks), "n1")
			if got := told(d); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// Tasks that have ended, and those that are about to, go nowhere; those that end still take their place.
func TestTasksThatEnd(t *testing.T) {
	t.Parallel()
	web := service("web", reserving(swarm.Resources{MemoryBytes: 3 * gib}))
	tasks := runs(web, "n1", "n1", "n1", "n2", "n3")
	tasks[1].DesiredState = swarm.TaskStateShutdown
	tasks[2].DesiredState, tasks[2].Status.State = swarm.TaskStateShutdown, swarm.TaskStateShutdown
	tasks[3].DesiredState = swarm.TaskStateShutdown
	tasks[4].DesiredState, tasks[4].Status.State = swarm.TaskStateShutdown, swarm.TaskStateFailed
	attached := swarm.Task{ID: "a", NodeID: "n1", DesiredState: swarm.TaskStateRunning}
	attached.Status.State = swarm.TaskStateRunning
	d := capacity.Drain(state.New([]swarm.Node{node("n1"), node("n2"), node("n3")}, []swarm.Service{web}, append(tasks, attached)), "n1")
	if got, want := told(d), "web.1 to n3\nweb interrupted\n1 attached"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A sentence stays one where each node of a large swarm has a reason of its own.
func TestReasonsAreBounded(t *testing.T) {
	t.Parallel()
	nodes := []swarm.Node{node("n1")}
	for i := range 100 {
		nodes = append(nodes, node(fmt.Sprint("other", i), func(n *swarm.Node) { n.Description.Resources.MemoryBytes = int64(i) << 20 }))
	}
	big := service("big", reserving(swarm.Resources{MemoryBytes: 3 * gib}))
	d := capacity.Drain(state.New(nodes, []swarm.Service{big}, runs(big, "n1")), "n1")
	if why := d.Stuck[0].Why; len(why) > 400 || !strings.HasSuffix(why, "; and 95 more reasons, of other nodes") {
		t.Errorf("%d bytes: %s", len(why), why)
	}
}

func TestConstraints(t *testing.T) {
	t.Parallel()
	n := node("n1", func(n *swarm.Node) {
		n.Spec.Role, n.Spec.Labels = swarm.NodeRoleManager, map[string]string{"Disk": "ssd"}
		n.Description.Engine.Labels = map[string]string{"zone": "a"}
	})
	for text, met := range map[string]bool{
		"node.id==n1": true, "node.id!=n1": false, "node.hostname == N1": true, "NODE.ROLE==Manager": true, "node.role!=manager": false,
		"node.labels.Disk==ssd": true, "node.labels.disk==ssd": false, "node.labels.none!=ssd": true, "node.labels.none==ssd": false,
		"engine.labels.zone==a": true, "engine.labels.zone!=a": false, "node.platform.os==linux": true, "node.platform.arch==x86_64": true,
		"node.ip==10.0.0.1": true, "node.ip!=10.0.0.1": false, "node.ip==10.0.0.0/24": true, "node.ip==10.1.0.0/24": false, "node.ip==nowhere": false, "moon==full": false,
	} {
		spec := swarm.TaskSpec{Placement: &swarm.Placement{Constraints: []string{text}}}
		if why := capacity.Unsuited(n, spec); (why == "") != met {
			t.Errorf("%s is met: %t, want %t (%s)", text, why == "", met, why)
		}
	}
}

// However many tasks there are: each is told of once, and no node is promised more than it has.
func TestNothingIsPromisedTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var nodes []swarm.Node
		var services []swarm.Service
		var tasks []swarm.Task
		for i := range rapid.IntRange(1, 4).Draw(t, "nodes") {
			nodes = append(nodes, node(fmt.Sprint("n", i+1), availability(rapid.SampledFrom([]swarm.NodeAvailability{"active", "active", "pause"}).Draw(t, "availability"))))
		}
		leave := 0
		for i := range rapid.IntRange(1, 3).Draw(t, "services") {
			s := service(fmt.Sprint("s", i), reserving(swarm.Resources{MemoryBytes: rapid.Int64Range(0, 3*gib).Draw(t, "memory"), NanoCPUs: rapid.Int64Range(0, 2e9).Draw(t, "cpu")}))
			count := rapid.IntRange(0, 4).Draw(t, "tasks")
			services, tasks, leave = append(services, s), append(tasks, runs(s, slices.Repeat([]string{"n1"}, count)...)...), leave+count
		}
		d := capacity.Drain(state.New(nodes, services, tasks), "n1")
		if told := len(d.Moves) + len(d.Stuck) + len(d.Ends); told != leave {
			t.Fatalf("%d tasks are told of, and %d leave", told, leave)
		}
		memory, cpu := map[string]int64{}, map[string]int64{}
		for _, m := range d.Moves {
			memory[m.To] += m.Task.Spec.Resources.Reservations.MemoryBytes
			cpu[m.To] += m.Task.Spec.Resources.Reservations.NanoCPUs
			if memory[m.To] > 4*gib || cpu[m.To] > 2e9 || m.To == "n1" {
				t.Fatalf("%s is promised too much", m.To)
			}
		}
	})
}
