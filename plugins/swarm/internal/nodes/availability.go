package nodes

import (
	"context"
	"fmt"
	"slices"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
	"github.com/gatebook/gatebook/schema"
)

// PauseInput is what node_pause is given.
type PauseInput struct {
	Node string `json:"node" required:"true" pattern:"^[A-Za-z0-9][-._A-Za-z0-9]*$" maxLength:"253" example:"worker-3" doc:"Name, host name or ID of the node."`
}

// ActiveInput is what node_active is given.
type ActiveInput struct {
	Node   string          `json:"node" required:"true" pattern:"^[A-Za-z0-9][-._A-Za-z0-9]*$" maxLength:"253" example:"worker-3" doc:"Name, host name or ID of the node."`
	Within schema.Duration `json:"within" default:"5m" min:"0s" doc:"How long the node may take until it is ready, as after its machine was started again."`
}

// Output is what node_active and node_pause return.
type Output struct {
	Node    string `json:"node" required:"true" doc:"Name of the node."`
	ID      string `json:"id" required:"true" doc:"ID of the node."`
	Changed bool   `json:"changed" required:"true" doc:"Whether this step changed the node: false where it was so already."`
	Was     string `json:"was" required:"true" doc:"Its availability before the step: active, pause or drain."`
	Ready   bool   `json:"ready" required:"true" doc:"Whether the node is ready."`
	Tasks   int    `json:"tasks" required:"true" unit:"tasks" doc:"How many tasks run there."`
}

func (n nodes) active() sdk.Action[ActiveInput, Output] {
	of := setting[ActiveInput, Output](n, "activate", availability, func(in ActiveInput) string { return in.Node })
	of.Want = available[ActiveInput](swarm.NodeAvailabilityActive)
	of.Foresee = func(ctx context.Context, _ *sdk.Call[ActiveInput], c change.Change[swarm.NodeSpec], plan *sdk.Preview) error {
		return n.foreseeActive(ctx, c, plan)
	}
	of.After = func(ctx context.Context, call *sdk.Call[ActiveInput], c change.Change[swarm.NodeSpec]) (out Output, err error) {
		within := call.Input.Within.Std()
		err = await(ctx, c.Live.Name+" is ready", within, call.Host.Progress, func(ctx context.Context) (sight, error) {
			if out, err = n.standing(ctx, c); err != nil || out.Ready {
				return sight{done: err == nil, Progress: sdk.Progress{Message: fmt.Sprintf("%s is ready, with %s", out.Node, state.Count(out.Tasks, "task"))}}, err
			}
			said := out.Node + " is not ready"
			return sight{Progress: sdk.Progress{Message: said}, wrong: "its engine does not run, or does not reach the managers"}, nil
		})
		return out, err
	}
	of.Settled = func(ctx context.Context, _ *sdk.Call[ActiveInput], c change.Change[swarm.NodeSpec]) (Output, bool, string, error) {
		out, err := n.standing(ctx, c)
		return out, out.Ready, fmt.Sprintf("%s is active, and ready: %t.", c.Live.Name, out.Ready), err
	}
	return of.Action(sdk.Action[ActiveInput, Output]{
		Name:    "node_active",
		Summary: "Let a node take tasks again",
		Description: "Sets the availability of a node to active, as after `node_drain` or `node_pause`, and waits until it is ready. That a node is down, the engine tells some seconds late, so that after a restart of its machine a `verify` should hold for longer than that. Global services start their tasks there. " +
			"Tasks of others do not come back by themselves: swarm moves no task that runs well elsewhere. `tasks` says how many run there; an update of a service that is forced spreads its tasks anew. " +
			"Undo sets the availability that was before, unless somebody else has set another one since: a node that was drained is drained again, and ends the tasks that it has taken meanwhile.",
		Examples: []schema.Example{{Title: "After maintenance", With: map[string]any{"node": "worker-3", "within": "10m"}}},
	})
}

func (n nodes) pause() sdk.Action[PauseInput, Output] {
	of := setting[PauseInput, Output](n, "pause", availability, func(in PauseInput) string { return in.Node })
	of.Want = available[PauseInput](swarm.NodeAvailabilityPause)
	of.Foresee = func(ctx context.Context, _ *sdk.Call[PauseInput], c change.Change[swarm.NodeSpec], plan *sdk.Preview) error {
		s, err := state.Nodes(ctx, n.Engine)
		if err != nil {
			return err
		}
		told(s, c.Live.ID, plan)
		if len(open(s, c.Live.ID)) == 0 {
			with(&plan.Warnings, "No other node takes tasks: those that end, or that are new, wait until one does.")
		}
		if c.Was.Availability == swarm.NodeAvailabilityDrain {
			with(&plan.Warnings, "%s is drained now: paused, it takes no tasks either.", c.Live.Name)
		}
		return nil
	}
	of.After = func(ctx context.Context, _ *sdk.Call[PauseInput], c change.Change[swarm.NodeSpec]) (Output, error) {
		return n.standing(ctx, c)
	}
	return of.Action(sdk.Action[PauseInput, Output]{
		Name:    "node_pause",
		Summary: "Keep new tasks off a node",
		Description: "Sets the availability of a node to pause: tasks that run there stay, new ones go elsewhere. Undo sets the availability that was before, " +
			"unless somebody else has set another one since.",
		Examples: []schema.Example{{Title: "One node", With: map[string]any{"node": "worker-3"}}},
	})
}

// available wants an availability, and nothing else of the spec.
func available[I any](to swarm.NodeAvailability) func(context.Context, change.Use[I], change.Object[swarm.NodeSpec]) (swarm.NodeSpec, error) {
	return func(_ context.Context, _ change.Use[I], was change.Object[swarm.NodeSpec]) (swarm.NodeSpec, error) {
		want := was.Spec
		want.Availability = to
		return want, nil
	}
}

// standing is how the node is after a change of its availability. Whoever has taken it back is not
// overruled.
func (n nodes) standing(ctx context.Context, c change.Change[swarm.NodeSpec]) (Output, error) {
	s, err := state.Look(ctx, n.Engine)
	if err != nil {
		return Output{}, err
	}
	node, err := still(s, c)
	out := Output{Node: c.Live.Name, ID: c.Live.ID, Changed: c.Changed(), Was: string(c.Was.Availability), Ready: node.Status.State == swarm.NodeStateReady}
	for _, task := range s.Tasks {
		if task.NodeID == node.ID && capacity.Wanted(task) && task.Status.State == swarm.TaskStateRunning {
			out.Tasks++
		}
	}
	return out, err
}

// still is the node, as long as it has the availability that a step has set.
func still(s state.State, c change.Change[swarm.NodeSpec]) (swarm.Node, error) {
	at := slices.IndexFunc(s.Nodes, func(n swarm.Node) bool { return n.ID == c.Live.ID })
	if at < 0 {
		return swarm.Node{}, sdk.Errorf(sdk.Conflict, "somebody removed the node %s meanwhile", c.Live.Name)
	}
	if is := s.Nodes[at].Spec; is.Availability != c.Want.Availability {
		return s.Nodes[at], sdk.Errorf(sdk.Conflict, "somebody changed the node %s meanwhile: its availability is %s, and not %s", c.Live.Name, is.Availability, c.Want.Availability)
	}
	return s.Nodes[at], nil
}

// foreseeActive says what would come to the node, and what would not.
func (n nodes) foreseeActive(ctx context.Context, c change.Change[swarm.NodeSpec], plan *sdk.Preview) error {
	s, err := state.Look(ctx, n.Engine)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(s.Nodes, func(one swarm.Node) bool { return one.ID == c.Live.ID })
	if at < 0 {
		return nil // removed since
	}
	node := s.Nodes[at]
	told(s, node.ID, plan)
	if node.Status.State != swarm.NodeStateReady {
		with(&plan.Warnings, "%s is %s now; the step waits until it is ready.", c.Live.Name, node.Status.State)
	}
	if !c.Changed() {
		return nil
	}
	var global []string
	for _, service := range s.Services {
		if capacity.IsGlobal(service.Spec) && capacity.Unsuited(node, service.Spec.TaskTemplate) == "" {
			global = append(global, service.Spec.Name)
		}
	}
	slices.Sort(global)
	if len(global) > 0 {
		plan.Summary += "; these global services start tasks there: " + state.Few(global)
	}
	with(&plan.Warnings, "Swarm does not move tasks to %s by itself: it takes those that are new, and those that are moved by a forced update of their service.", c.Live.Name)
	return nil
}

// told adds to a plan how the managers stand, whom a change of the availability leaves as they are.
func told(s state.State, id string, plan *sdk.Preview) {
	what := "managers stay as they are"
	if at := slices.IndexFunc(s.Nodes, func(n swarm.Node) bool { return n.ID == id && n.ManagerStatus != nil }); at >= 0 {
		what = "it goes on managing"
	}
	plan.Summary += fmt.Sprintf("; %s: %s", what, s.Quorum())
}

// open are the names of the other nodes that take tasks.
func open(s state.State, but string) []string {
	var names []string
	for _, n := range s.Nodes {
		if n.ID != but && capacity.Open(n) == "" {
			names = append(names, s.Node(n.ID))
		}
	}
	return names
}
