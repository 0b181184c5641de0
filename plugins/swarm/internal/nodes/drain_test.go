package nodes_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/nodes"
)

// onNode has the tasks of a service run on one node only.
func onNode(name string) func(*swarm.ServiceSpec) {
	return func(spec *swarm.ServiceSpec) {
		spec.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.hostname==" + name}}
	}
}

// placesOf are the names of the nodes that tasks of a service run on.
func placesOf(t testing.TB, service string) []string {
	t.Helper()
	tasks, err := shared.Tasks(t.Context(), service)
	lab.Must(t, err)
	var places []string
	for _, task := range tasks {
		for _, n := range shared.Nodes {
			if task.DesiredState == swarm.TaskStateRunning && task.Status.State == swarm.TaskStateRunning && node(t, shared.Lab, n.Name).ID == task.NodeID {
				places = append(places, n.Name)
			}
		}
	}
	slices.Sort(places)
	return places
}

// What a plan says of a drain is what the engine does then; a later attempt finds it done.
func TestADrainDoesWhatItsPlanSays(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	web := shared.Service(t, "web", lab.V1, 2, calm, onWorkers, func(spec *swarm.ServiceSpec) {
		spec.TaskTemplate.ContainerSpec.Mounts = []mount.Mount{{Type: mount.TypeVolume, Source: "data", Target: "/data"}}
	})
	agent := shared.Create(t, "agent", lab.V1, 1, calm, func(spec *swarm.ServiceSpec) {
		spec.Mode = swarm.ServiceMode{Global: &swarm.GlobalService{}}
	})
	eventually(t, t.Context(), "the agents run", func() error {
		if got := placesOf(t, agent); len(got) != 3 {
			return fmt.Errorf("they run on %v", got)
		}
		return nil
	})
	if got := placesOf(t, web); !slices.Equal(got, []string{"n1", "n2"}) {
		t.Fatalf("web runs on %v", got)
	}
	handler, host := action(t, shared.Nodes[0].Connect(t), "node_drain"), &sdktest.Host{}
	asked := lab.Request(t, map[string]any{"node": "n1"})
	preview, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	var what []string
	for _, change := range preview.Changes {
		what = append(what, change.Op+" "+change.Target)
	}
	moves, is := strings.CutPrefix(strings.Join(what, ", "), "update node n1, update task web.")
	if !is || !strings.HasSuffix(moves, ", delete task agent on n1") || !strings.Contains(preview.Changes[1].Diff, "+node: n2 (as it looks now)") {
		t.Errorf("the changes are %q: %+v", what, preview.Changes)
	}
	for _, want := range []string{"These keep data on n1 that does not go with their tasks: web (volume data).", "Nothing takes the place of these tasks: agent on n1."} {
		if !slices.Contains(preview.Warnings, want) {
			t.Errorf("the warnings are %q, want %q among them", preview.Warnings, want)
		}
	}
	if want := "would drain n1: 1 task to go elsewhere, 1 to end; managers stay as they are: 1 of 1 manager reachable, quorum 1, no more may be lost"; preview.Summary != want || len(preview.Blockers) > 0 {
		t.Errorf("the summary is %q, and the blockers are %q", preview.Summary, preview.Blockers)
	}

	// The answer of the first attempt is lost, while tasks still move.
	first := lab.Request(t, map[string]any{"node": "n1", "wait": false})
	applied[nodes.DrainOutput](t, handler, first, host)
	out := applied[nodes.DrainOutput](t, handler, later(asked, host), host)
	if len(out.Moved) != 1 || !strings.HasPrefix(out.Moved[0], "web.") || !slices.Equal(out.Ended, []string{"agent on n1"}) || len(out.Left)+len(out.Pending) > 0 || !out.Changed || out.Was != "active" {
		t.Errorf("got %+v", out)
	}
	if got := placesOf(t, web); !slices.Equal(got, []string{"n2", "n2"}) {
		t.Errorf("web runs on %v", got)
	}

	active := action(t, shared.Nodes[0].Connect(t), "node_active")
	preview, err = active.Plan(t.Context(), asked)
	lab.Must(t, err)
	if !strings.Contains(preview.Summary, "these global services start tasks there: agent") || !strings.Contains(strings.Join(preview.Warnings, " "), "Swarm does not move tasks to n1 by itself") {
		t.Errorf("%q, with the warnings %q", preview.Summary, preview.Warnings)
	}
	applied[nodes.Output](t, active, asked, &sdktest.Host{})
	if got := placesOf(t, web); !slices.Equal(got, []string{"n2", "n2"}) {
		t.Errorf("without being moved, web runs on %v", got)
	}
}

// Tasks that no other node would take keep a node from being drained, unless it is forced.
func TestADrainIsRefusedWhereTasksHaveNoPlace(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	most := node(t, shared.Lab, "n1").Description.Resources.MemoryBytes * 6 / 10
	shared.Service(t, "pinned", lab.V1, 1, calm, onNode("n1"))
	shared.Service(t, "big", lab.V1, 2, calm, onWorkers, func(spec *swarm.ServiceSpec) {
		spec.TaskTemplate.Resources = &swarm.ResourceRequirements{Reservations: &swarm.Resources{MemoryBytes: most}}
	})
	handler := action(t, shared.Nodes[0].Connect(t), "node_drain")
	asked := lab.Request(t, map[string]any{"node": "n1"})
	preview, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	said := strings.Join(preview.Blockers, "\n")
	for _, want := range []string{"pinned.1 has no place elsewhere: n0, n2 do not satisfy node.hostname==n1.", "of memory free, not "} {
		if len(preview.Blockers) != 2 || !strings.Contains(said, want) {
			t.Errorf("the blockers are %q, want %q among them", preview.Blockers, want)
		}
	}
	_, err = handler.Apply(t.Context(), asked, &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "n1 cannot be drained (force drains it)", "pinned.1 has no place elsewhere")
	if !sdk.AsError(err).Unchanged || node(t, shared.Lab, "n1").Spec.Availability != "active" {
		t.Error("it was drained, or does not say that it was not")
	}
	forced := lab.Request(t, map[string]any{"node": "n1", "force": true})
	preview, err = handler.Plan(t.Context(), forced)
	lab.Must(t, err)
	if len(preview.Blockers) > 0 || !strings.Contains(strings.Join(preview.Warnings, "\n"), "These services run nowhere else, and are interrupted until their new tasks run: pinned.") {
		t.Errorf("forced, the blockers are %q, and the warnings are %q", preview.Blockers, preview.Warnings)
	}
	out := applied[nodes.DrainOutput](t, handler, forced, &sdktest.Host{})
	if len(out.Pending) != 2 || len(out.Left) > 0 {
		t.Errorf("got %+v", out)
	}
}

// The last node that takes tasks is not drained, and other nodes that are away are told of.
func TestOneNodeIsDrainedAtATime(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	handler := action(t, shared.Nodes[0].Connect(t), "node_drain")
	asked := lab.Request(t, map[string]any{"node": "n1"})
	set(t, shared.Lab, "n2", availability("drain"))
	preview, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	if !slices.Contains(preview.Warnings, "Another node is away at the same time: n2 is drained.") || len(preview.Blockers) > 0 {
		t.Errorf("the warnings are %q, and the blockers are %q", preview.Warnings, preview.Blockers)
	}
	set(t, shared.Lab, "n0", availability("pause"))
	preview, err = handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	if !slices.Contains(preview.Blockers, "No other node takes tasks.") {
		t.Errorf("the blockers are %q", preview.Blockers)
	}
	_, err = handler.Apply(t.Context(), asked, &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "No other node takes tasks")
}

// What runs on a node beside the swarm does not go with its tasks.
func TestContainersOfNoServiceStay(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	docker := shared.Nodes[0].Docker
	made, err := docker.ContainerCreate(t.Context(), client.ContainerCreateOptions{Name: "bystander", Config: &container.Config{Image: lab.V1}})
	lab.Must(t, err)
	t.Cleanup(func() {
		_, err := docker.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, client.ContainerRemoveOptions{Force: true})
		lab.Must(t, err)
	})
	_, err = docker.ContainerStart(t.Context(), made.ID, client.ContainerStartOptions{})
	lab.Must(t, err)
	preview, err := action(t, shared.Nodes[0].Connect(t), "node_drain").Plan(t.Context(), lab.Request(t, map[string]any{"node": "n0"}))
	lab.Must(t, err)
	for _, want := range []string{"These containers on n0 are not of services, and stay: bystander.", "n0 leads the managers, and goes on doing so"} {
		if !strings.Contains(strings.Join(preview.Warnings, "\n"), want) {
			t.Errorf("the warnings are %q, want %q among them", preview.Warnings, want)
		}
	}
}

// What keeps tasks from running elsewhere is said in the engine's words, and the step does not wait
// for ever.
func TestADrainThatStallsSaysWhy(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	lab.Must(t, shared.Give(t.Context(), lab.V2))
	set(t, shared.Lab, "n2", availability("pause"))
	shared.Service(t, "stalls", lab.V2, 1, calm, onWorkers)
	set(t, shared.Lab, "n2", availability("active"))
	_, err := shared.Nodes[2].Docker.ImageRemove(t.Context(), lab.V2, client.ImageRemoveOptions{})
	lab.Must(t, err)
	host := &sdktest.Host{}
	handler := action(t, shared.Nodes[0].Connect(t), "node_drain")
	_, err = handler.Apply(t.Context(), lab.Request(t, map[string]any{"node": "n1", "stall": "3s"}), host)
	lab.Fails(t, err, sdk.Permanent, "waited until n1 is drained, and nothing has gone on for 3s", "stalls.1: No such image: "+lab.V2)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = handler.Apply(ctx, later(lab.Request(t, map[string]any{"node": "n1"}), host), host)
	if err == nil || sdk.AsError(err).Unchanged {
		t.Errorf("a later attempt that is cancelled says %v", err)
	}
}

// The engine's own scheduler is what a plan is held against: it takes the tasks that the plan says move,
// and has no place for those that it says have none.
func TestTheEngineDoesWhatIsForeseen(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	memory := func(percent int64) func(*swarm.ServiceSpec) {
		all := node(t, shared.Lab, "n1").Description.Resources.MemoryBytes
		return func(spec *swarm.ServiceSpec) {
			spec.TaskTemplate.Resources = &swarm.ResourceRequirements{Reservations: &swarm.Resources{MemoryBytes: all * percent / 100}}
		}
	}
	port := func(spec *swarm.ServiceSpec) {
		spec.EndpointSpec = &swarm.EndpointSpec{Ports: []swarm.PortConfig{{Protocol: "tcp", TargetPort: 8080, PublishedPort: 9443, PublishMode: swarm.PortConfigPublishModeHost}}}
	}
	spread := func(spec *swarm.ServiceSpec) {
		spec.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.hostname!=n1"}, MaxReplicas: 1}
	}
	set(t, shared.Lab, "n1", func(spec *swarm.NodeSpec) { spec.Labels = map[string]string{"disk": "ssd", "rack": "a"} })
	set(t, shared.Lab, "n2", func(spec *swarm.NodeSpec) { spec.Labels = map[string]string{"disk": "SSD", "Rack": "a"} })
	fill, taken := shared.Service(t, "fill", lab.V1, 2, calm, spread, memory(50)), shared.Service(t, "taken", lab.V1, 2, calm, spread, port)
	for _, other := range []string{"n0", "n2"} { // so that all that follows runs on n1
		set(t, shared.Lab, other, availability("pause"))
	}
	var all []string
	one := func(name string, with ...func(*swarm.ServiceSpec)) {
		all = append(all, shared.Create(t, name, lab.V1, 1, append(with, calm)...))
	}
	for name, constraint := range map[string]string{
		"plain": "node.id!=nothing", "self": "node.hostname==N1", "notself": "node.hostname!=n0", "worker": "NODE.ROLE == worker", "manager": "node.role!=manager",
		"ip": "node.ip==10.77.0.2", "net": "node.ip==10.77.0.0/24", "os": "node.platform.os==linux", "label": "node.labels.disk==ssd", "case": "node.labels.rack==a",
		"engine": "engine.labels.none!=such",
	} {
		one(name, func(spec *swarm.ServiceSpec) {
			spec.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{constraint}}
		})
	}
	one("edge", port)
	one("most", func(spec *swarm.ServiceSpec) { spec.TaskTemplate.Placement = &swarm.Placement{MaxReplicas: 1} })
	one("fits", memory(40))
	one("big", memory(55))
	for _, id := range all {
		shared.Running(t, id, lab.V1, 1)
	}
	for _, other := range []string{"n0", "n2"} {
		set(t, shared.Lab, other, availability("active"))
	}
	shared.Running(t, fill, lab.V1, 2) // an engine that is slow to answer may have lost its tasks
	shared.Running(t, taken, lab.V1, 2)

	handler := action(t, shared.Nodes[0].Connect(t), "node_drain")
	asked := lab.Request(t, map[string]any{"node": "n1", "force": true})
	preview, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	var stuck []string
	for _, change := range preview.Changes {
		if strings.Contains(change.Diff, "(none takes it)") {
			stuck = append(stuck, strings.TrimPrefix(change.Target, "task "))
		}
	}
	slices.Sort(stuck)
	if want := []string{"big.1", "case.1", "edge.1", "ip.1", "self.1"}; !slices.Equal(stuck, want) || len(preview.Changes) != 1+len(all) {
		t.Errorf("the plan has no place for %q of %d, want %q", stuck, len(preview.Changes)-1, want)
	}
	out := applied[nodes.DrainOutput](t, handler, asked, &sdktest.Host{})
	slices.Sort(out.Pending)
	if !slices.Equal(out.Pending, stuck) || len(out.Moved) != len(all) {
		t.Errorf("the engine has no place for %q of %d, and the plan none for %q", out.Pending, len(out.Moved), stuck)
	}
}
