package preflight_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/engine"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/preflight"
)

// shared is a swarm of one manager and one worker, which the tests here only read, but for their own
// services; TestMain sets it once.
var shared *lab.Lab

func TestMain(m *testing.M) {
	os.Exit(lab.Run(m, 1, func(l *lab.Lab) { shared = l }, lab.Workers(1)))
}

func TestActionKeepsTheContract(t *testing.T) {
	t.Parallel()
	world := func(params map[string]any) func(testing.TB) sdktest.World {
		return func(testing.TB) sdktest.World { return sdktest.World{Params: params} }
	}
	sdktest.Run(t, lab.Action(t, preflight.Actions(shared.Nodes[0].Connect(t)), "preflight"),
		sdktest.Case{Name: "maintenance", World: world(map[string]any{})},
		sdktest.Case{Name: "versions", World: world(map[string]any{"versions": ">=20"})},
		sdktest.Case{Name: "no range", World: world(map[string]any{"versions": ">=1 or"}), Fails: sdk.Permanent},
		sdktest.Case{Name: "not fit", World: world(map[string]any{"spare": 1, "fail": true}), Fails: sdk.Permanent})
}

// read is what preflight finds.
func read(t testing.TB, e *engine.Engine, params map[string]any) (out preflight.Output) {
	t.Helper()
	text, err := lab.Action(t, preflight.Actions(e), "preflight").Apply(t.Context(), lab.Request(t, params), &sdktest.Host{})
	lab.Must(t, err)
	lab.Must(t, json.Unmarshal(text, &out))
	return out
}

func TestASwarmIsRead(t *testing.T) {
	t.Parallel()
	e := shared.Nodes[0].Connect(t)
	target, err := e.Target(t.Context())
	lab.Must(t, err)
	out := read(t, e, nil)
	if "swarm:"+out.Swarm != target.ID || out.API != "1.41" {
		t.Errorf("the swarm is %s, by API %s", out.Swarm, out.API)
	}
	if m := out.Managers; m.Total != 1 || m.Reachable != 1 || m.Quorum != 1 || m.Spare != 0 || m.Leader != "n0" {
		t.Errorf("the managers are %+v", m)
	}
	n := out.Nodes
	if n.Total != 2 || n.Ready != 2 || n.Open != 2 || len(n.Down)+len(n.Drained)+len(n.Paused) > 0 || !n.SameVersion || len(n.All) != 2 {
		t.Fatalf("the nodes are %+v", n)
	}
	if !n.All[0].Asked || n.All[1].Asked {
		t.Errorf("asked are %+v, want n0", n.All)
	}
	if one := n.All[1]; one.Name != "n1" || one.Role != "worker" || one.State != "ready" || one.Availability != "active" || !strings.HasPrefix(one.Version, "20.") || one.FreeCPUs <= 0 || one.FreeMemory <= 0 {
		t.Errorf("a node is %+v", one)
	}
	if valid := time.Until(out.CA.Expires); valid < 19*365*24*time.Hour || out.CA.Rotating {
		t.Errorf("the authority is valid for %s", valid)
	}
}

// What is wrong is told all at once.
func TestProblemsAreTold(t *testing.T) {
	t.Parallel()
	e := shared.Nodes[0].Connect(t)
	version := read(t, e, nil).Nodes.All[0].Version
	asked := map[string]any{"spare": 1, "versions": ">=99", "caValid": "876000h"}
	out := read(t, e, asked)
	want := []string{
		"It must be possible to lose 1 manager: 1 of 1 manager reachable, quorum 1, no more may be lost.",
		fmt.Sprintf("These nodes have an engine that is not >=99: n0 (%s), n1 (%s).", version, version),
		"The certificate of the swarm's authority is valid for less than 876000h more: until " + out.CA.Expires.Format(time.DateOnly) + ".",
	}
	for _, problem := range want {
		if !slices.Contains(out.Problems, problem) {
			t.Errorf("the problems are %q, want %q among them", out.Problems, problem)
		}
	}
	if out.Ready {
		t.Error("it is said to be ready")
	}
	asked["fail"] = true
	_, err := lab.Action(t, preflight.Actions(e), "preflight").Apply(t.Context(), lab.Request(t, asked), &sdktest.Host{})
	for _, problem := range want {
		lab.Fails(t, err, sdk.Permanent, strings.TrimSuffix(problem, "."))
	}
}

// Services that have too few tasks, and updates that the engine has paused, or taken back.
func TestServicesAreRead(t *testing.T) {
	t.Parallel()
	lab.Must(t, shared.Give(t.Context(), lab.V1, lab.Bad))
	e := shared.Nodes[0].Connect(t)
	shared.Create(t, "nowhere", lab.V1, 2, func(spec *swarm.ServiceSpec) {
		spec.TaskTemplate.Placement = &swarm.Placement{Constraints: []string{"node.labels.none==such"}}
	})
	shared.Service(t, "well", lab.V1, 1)
	for name, action := range map[string]swarm.FailureAction{"stopped": swarm.UpdateFailureActionPause, "back": swarm.UpdateFailureActionRollback} {
		id := shared.Service(t, name, lab.V1, 1)
		live, err := e.Docker.ServiceInspect(t.Context(), id, client.ServiceInspectOptions{})
		lab.Must(t, err)
		spec := live.Service.Spec
		spec.TaskTemplate.ContainerSpec.Image = lab.Bad
		spec.UpdateConfig = &swarm.UpdateConfig{FailureAction: action, Monitor: 5 * time.Second}
		_, err = e.Docker.ServiceUpdate(t.Context(), id, client.ServiceUpdateOptions{Version: live.Service.Version, Spec: spec})
		lab.Must(t, err)
	}
	var out preflight.Output
	settled := func() error {
		out = read(t, e, nil)
		if s := out.Services; !slices.Equal(s.Stopped, []string{"stopped"}) || !slices.Equal(s.RolledBack, []string{"back"}) {
			return fmt.Errorf("the services are %+v", s)
		}
		return nil
	}
	lab.Eventually(t, "the updates have failed", func(context.Context) error { return settled() })
	if !slices.Contains(out.Services.Short, preflight.Service{Name: "nowhere", Running: 0, Wanted: 2}) || out.Services.Total < 4 {
		t.Errorf("the services are %+v", out.Services)
	}
	said := strings.Join(out.Problems, "\n")
	if !strings.Contains(said, "nowhere (0 of 2)") || !strings.Contains(said, "The engine has paused the update of these services, or the way back from it: stopped.") || strings.Contains(said, "well") {
		t.Errorf("the problems are %q", out.Problems)
	}
}

// Nodes that are away are told by their names, so that a gate can ask for one at a time.
func TestNodesThatAreAway(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 3, lab.Workers(1))
	e := l.Nodes[0].Connect(t)
	listed, err := e.Docker.NodeList(t.Context(), client.NodeListOptions{})
	lab.Must(t, err)
	for _, n := range listed.Items {
		if n.Description.Hostname == "n1" {
			n.Spec.Availability = swarm.NodeAvailabilityDrain
			_, err := e.Docker.NodeUpdate(t.Context(), n.ID, client.NodeUpdateOptions{Version: n.Version, Spec: n.Spec})
			lab.Must(t, err)
		}
	}
	lab.Must(t, l.Nodes[2].Kill())
	var out preflight.Output
	lab.Eventually(t, "n2 is down, and no other node", func(context.Context) error {
		out = read(t, e, map[string]any{"spare": 1})
		if !slices.Equal(out.Nodes.Down, []string{"n2"}) || !slices.Equal(out.Managers.Unreachable, []string{"n2"}) {
			return fmt.Errorf("the nodes are %+v, and the managers %+v", out.Nodes, out.Managers)
		}
		return nil
	})
	if !slices.Equal(out.Nodes.Drained, []string{"n1"}) || out.Nodes.Open != 2 || out.Managers.Spare != 0 || out.Ready {
		t.Errorf("got %+v", out)
	}
	said := strings.Join(out.Problems, "\n")
	for _, want := range []string{"These managers are not reached: n2.", "These nodes are not ready: n2 (down).", "It must be possible to lose 1 manager: 2 of 3 managers reachable, quorum 2, no more may be lost."} {
		if !strings.Contains(said, want) {
			t.Errorf("the problems are %q, want %q among them", out.Problems, want)
		}
	}
}
