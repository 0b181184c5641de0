package nodes_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/nodes"
)

// shared is the swarm of most tests here, with a manager, n0, and two workers, n1 and n2; TestMain sets
// it once.
var shared = &swarmed{}

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared.Lab = l }, lab.Workers(2)))
}

// swarmed is a swarm that one test has at a time: what they do to nodes, others would see.
type swarmed struct {
	*lab.Lab
	one  sync.Mutex
	give sync.Once // its image
}

// alone waits until a test has the swarm for itself, and has it tidied when the test is over.
func (s *swarmed) alone(t testing.TB) {
	t.Helper()
	s.one.Lock()
	t.Cleanup(func() {
		defer s.one.Unlock()
		s.tidy(t)
	})
	s.give.Do(func() { lab.Must(t, s.Give(t.Context(), lab.V1)) })
}

// tidy makes the nodes what they were when the lab began.
func (s *swarmed) tidy(t testing.TB) {
	for _, n := range s.Nodes {
		set(t, s.Lab, n.Name, func(spec *swarm.NodeSpec) {
			spec.Availability, spec.Labels = swarm.NodeAvailabilityActive, map[string]string{}
		})
	}
}

// eventually is for cleaning up, when the context of the test is over.
func eventually(t testing.TB, ctx context.Context, what string, check func() error) {
	t.Helper()
	lab.Eventually(uncancelled{t, ctx}, what, func(context.Context) error { return check() })
}

// uncancelled is a test whose context is not over yet.
type uncancelled struct {
	testing.TB
	ctx context.Context
}

func (u uncancelled) Context() context.Context { return u.ctx }

func listed(ctx context.Context, l *lab.Lab) ([]swarm.Node, error) {
	manager, err := l.Manager(ctx)
	if err != nil {
		return nil, err
	}
	found, err := manager.Docker.NodeList(ctx, client.NodeListOptions{})
	return found.Items, err
}

// node reads a node.
func node(t testing.TB, l *lab.Lab, name string) (found swarm.Node) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	eventually(t, ctx, "there is "+name, func() error {
		all, err := listed(ctx, l)
		for _, n := range all {
			if n.Description.Hostname == name {
				found = n
				return nil
			}
		}
		return fmt.Errorf("%w: it is not there", err)
	})
	return found
}

// set changes the spec of a node as somebody else would.
func set(t testing.TB, l *lab.Lab, name string, change func(*swarm.NodeSpec)) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	eventually(t, ctx, name+" is changed", func() error {
		manager, err := l.Manager(ctx)
		if err != nil {
			return err
		}
		n := node(t, l, name)
		change(&n.Spec)
		_, err = manager.Docker.NodeUpdate(ctx, n.ID, client.NodeUpdateOptions{Version: n.Version, Spec: n.Spec})
		return err
	})
}

func availability(a swarm.NodeAvailability) func(*swarm.NodeSpec) {
	return func(spec *swarm.NodeSpec) { spec.Availability = a }
}

// probe is what an action could change of a node.
func probe(t testing.TB, l *lab.Lab, name string) string {
	n := node(t, l, name)
	return fmt.Sprintf("%s %s %v, manages: %t", n.Spec.Availability, n.Spec.Role, n.Spec.Labels, n.ManagerStatus != nil)
}

// action is an action as the plugin has it, of a connection to the first manager.
func action(t testing.TB, e *engine.Engine, name string) sdk.Handler {
	t.Helper()
	return lab.Action(t, engine.Truthful(nodes.Actions(e)), name)
}

// applied is the output of an attempt that succeeds.
func applied[O any](t testing.TB, handler sdk.Handler, asked sdk.Request, host *sdktest.Host) (out O) {
	t.Helper()
	text, err := handler.Apply(t.Context(), asked, host)
	lab.Must(t, err)
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

// later is the next attempt of a step, or its undo.
func later(asked sdk.Request, host *sdktest.Host) sdk.Request {
	asked.Attempt, asked.Before, asked.Notes = 2, host.StateBefore(), host.Notes()
	return asked
}

// calm is a service whose tasks have no health check: where they are is what these tests are about, and a
// loaded machine would end them for being slow.
func calm(spec *swarm.ServiceSpec) {
	spec.TaskTemplate.ContainerSpec.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
}

// onWorkers has the tasks of a service run on workers only.
func onWorkers(spec *swarm.ServiceSpec) {
	spec.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.role==worker"}}
}

// holder is the name of the node that has the one task of a service, once it runs: it may still be on its
// way from another one.
func holder(t testing.TB, service string) string {
	t.Helper()
	var places []string
	eventually(t, t.Context(), "the task runs", func() error {
		if places = placesOf(t, service); len(places) != 1 {
			return fmt.Errorf("it runs on %v", places)
		}
		return nil
	})
	return places[0]
}

// on is a world with a node, as others have set it before.
func on(name string, change func(*swarm.NodeSpec), more map[string]any) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		shared.alone(t)
		if change != nil {
			set(t, shared.Lab, name, change)
		}
		params := map[string]any{"node": name}
		maps.Copy(params, more)
		return sdktest.World{Params: params, Probe: func() string { return probe(t, shared.Lab, name) }}
	}
}

func TestActionsKeepTheContract(t *testing.T) {
	t.Parallel()
	e := shared.Nodes[0].Connect(t)
	service := ""
	loaded := func(test testing.TB) sdktest.World {
		shared.alone(test)
		if service == "" { // one for all checks, which goes from one worker to the other
			service = shared.Service(t, "contract", lab.V1, 1, calm, onWorkers)
		}
		name := holder(test, service)
		return sdktest.World{Params: map[string]any{"node": name}, Probe: func() string { return probe(test, shared.Lab, name) }}
	}
	last := func(t testing.TB) sdktest.World {
		world := on("n1", nil, nil)(t)
		set(t, shared.Lab, "n0", availability("pause"))
		set(t, shared.Lab, "n2", availability("drain"))
		return world
	}
	t.Run("pause", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_pause"),
			sdktest.Case{Name: "an active node", World: on("n1", nil, nil)},
			sdktest.Case{Name: "a drained node", World: on("n1", availability("drain"), nil)},
			sdktest.Case{Name: "no node", World: on("n1", nil, map[string]any{"node": "n9"}), Fails: sdk.Permanent})
	})
	t.Run("active", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_active"),
			sdktest.Case{Name: "a drained node", World: on("n1", availability("drain"), map[string]any{"within": "1m"})},
			sdktest.Case{Name: "an active node", World: on("n1", nil, nil)})
	})
	t.Run("drain", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_drain"),
			sdktest.Case{Name: "a node with a task", World: loaded, Moves: []string{"left"}},
			sdktest.Case{Name: "a drained node", World: on("n1", availability("drain"), nil)},
			sdktest.Case{Name: "the last node that takes tasks", World: last, Fails: sdk.Permanent})
	})
}

// What others set of a node that is no business of a step's is not in its way, and stays.
func TestLabelsOfOthersStay(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	handler, host := action(t, shared.Nodes[0].Connect(t), "node_pause"), &sdktest.Host{}
	asked := lab.Request(t, map[string]any{"node": "n1"})
	applied[nodes.Output](t, handler, asked, host)
	set(t, shared.Lab, "n1", func(spec *swarm.NodeSpec) { spec.Labels = map[string]string{"disk": "ssd"} })
	if out := applied[nodes.Output](t, handler, later(asked, host), host); !out.Changed || out.Was != "active" {
		t.Errorf("the second attempt says %+v", out)
	}
	lab.Must(t, handler.Undo(t.Context(), later(asked, host), &sdktest.Host{}))
	if got := node(t, shared.Lab, "n1").Spec; got.Availability != "active" || got.Labels["disk"] != "ssd" {
		t.Errorf("the node is %+v", got)
	}
}

// Whoever has set another availability since is not overruled, and told of.
func TestAForeignChangeIsAConflict(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	handler, host := action(t, shared.Nodes[0].Connect(t), "node_drain"), &sdktest.Host{}
	asked := lab.Request(t, map[string]any{"node": "n1"})
	applied[nodes.DrainOutput](t, handler, asked, host)
	set(t, shared.Lab, "n1", availability("pause"))
	_, err := handler.Apply(t.Context(), later(asked, host), host)
	lab.Fails(t, err, sdk.Conflict, "its availability is pause, and was drain")
	lab.Fails(t, handler.Undo(t.Context(), later(asked, host), &sdktest.Host{}), sdk.Conflict, "its availability is pause, and was drain")

	set(t, shared.Lab, "n1", availability("active"))
	_, err = handler.Apply(t.Context(), later(asked, host), host)
	lab.Fails(t, err, sdk.Conflict, "its availability is active, and was drain")
	lab.Must(t, handler.Undo(t.Context(), later(asked, host), &sdktest.Host{})) // it is what it was
	if got := node(t, shared.Lab, "n1").Spec.Availability; got != "active" {
		t.Errorf("the node is %s", got)
	}
}

// A node that was changed since people saw the plan is not what they agreed to.
func TestAPlanNamesTheNodeThatItSaw(t *testing.T) {
	t.Parallel()
	shared.alone(t)
	handler := action(t, shared.Nodes[0].Connect(t), "node_pause")
	asked := lab.Request(t, map[string]any{"node": "n1"})
	first, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	again, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	if len(first.Observed) != 1 || first.Observed[0] != again.Observed[0] || first.Observed[0].ID != node(t, shared.Lab, "n1").ID {
		t.Errorf("it saw %+v, and then %+v", first.Observed, again.Observed)
	}
	if diff := first.Changes[0].Diff; !strings.Contains(diff, "-availability: active\n+availability: pause\n") || !strings.Contains(first.Summary, "managers stay as they are: 1 of 1 manager reachable, quorum 1") {
		t.Errorf("%s\n%s", first.Summary, diff)
	}
	asked.Seen = first.Observed
	set(t, shared.Lab, "n1", func(spec *swarm.NodeSpec) { spec.Labels = map[string]string{"disk": "ssd"} })
	if since, err := handler.Plan(t.Context(), asked); err != nil || since.Observed[0] != first.Observed[0] {
		t.Errorf("with another label, the node is seen as %+v, %v", since.Observed, err)
	}
	set(t, shared.Lab, "n1", availability("drain"))
	_, err = handler.Apply(t.Context(), asked, &sdktest.Host{})
	lab.Outdated(t, err, "somebody changed the node n1 since it was planned: it has the availability drain, and had the availability active")
}
