package nodes

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/types/swarm"
	"github.com/moby/moby/client"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/capacity"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
	"github.com/gatebook/gatebook/schema"
)

// DrainInput is what node_drain is given.
type DrainInput struct {
	Node  string          `json:"node" required:"true" pattern:"^[A-Za-z0-9][-._A-Za-z0-9]*$" maxLength:"253" example:"worker-3" doc:"Name, host name or ID of the node."`
	Wait  bool            `json:"wait" default:"true" doc:"Waits until no task is left on the node, and those that take their place run elsewhere. Without it the step ends as soon as the node is set to be drained."`
	Force bool            `json:"force" doc:"Drains the node also where tasks have no place elsewhere. They end, and wait until there is one."`
	Stall schema.Duration `json:"stall" default:"2m" min:"0s" doc:"How long nothing may go on while something is known to be wrong, as an image that another node cannot pull."`
}

// DrainOutput is what node_drain returns.
type DrainOutput struct {
	Node    string   `json:"node" required:"true" doc:"Name of the node."`
	ID      string   `json:"id" required:"true" doc:"ID of the node."`
	Changed bool     `json:"changed" required:"true" doc:"Whether this step changed the node: false where it was drained already."`
	Was     string   `json:"was" required:"true" doc:"Its availability before the step: active, pause or drain."`
	Moved   []string `json:"moved" required:"true" doc:"Tasks that ran there when the step began, and whose place others take elsewhere, as SERVICE.SLOT."`
	Ended   []string `json:"ended" required:"true" doc:"Tasks that ran there when the step began, and whose place none takes: of global services, and of those that are never restarted."`
	Pending []string `json:"pending" required:"true" doc:"Tasks that have no place elsewhere and wait for one; with force only."`
	Left    []string `json:"left" required:"true" doc:"Tasks that had not ended there when the step did: without wait, or where the node is down, which cannot tell."`
}

// drainWords are the documentation of node_drain.
func drainWords() sdk.Action[DrainInput, DrainOutput] {
	return sdk.Action[DrainInput, DrainOutput]{
		Name:    "node_drain",
		Summary: "Move all tasks off a node",
		Description: `Sets the availability of a node to drain, so that the engine ends its tasks and starts others in their place elsewhere, and waits until
none is left there and those others run, as healthy where they have a health check. The progress names the tasks that are not so far yet, and why.

Before anything is changed it foresees where the tasks would go, as the engine's scheduler decides: by the availability and the platform of
the other nodes, by placement constraints, by what is reserved and what is free, by ports of the machine, by the most replicas for one node, and by plugins. Where a task has
no place, or no other node takes tasks, the step fails unless it is told to ` + "`force`" + `. The plan also names services that run nowhere else and so are
interrupted, volumes and folders of the node that do not go with the tasks, tasks whose place none takes (those of global services), and other nodes that are drained or down.
Where tasks hardly fit, more or fewer of them may find a place: the engine takes them in an order of its own. Preferences, cluster volumes and tasks that wait for a place already are left out.

A drained manager goes on managing. Containers that are not of services stay; the plan names them where the engine that is asked is the
node's own. How long it may take is the timeout of the step; a step that stalls says what the tasks say. A node that somebody makes active meanwhile is a *conflict*.

Undo sets the availability that was before, unless somebody else has set another one since. Tasks that went do not come back by themselves.`,
		Examples: []schema.Example{
			{Title: "One node", With: map[string]any{"node": "worker-3"}},
			{Title: "With a database that can run nowhere else", With: map[string]any{"node": "worker-3", "force": true}},
		},
	}
}

// drain declares the action. What each use follows is known when its change begins, and kept for later
// attempts; so the change is declared for each use.
func (n nodes) drain() sdk.Action[DrainInput, DrainOutput] {
	a := n.draining(nil).Action(drainWords())
	a.Apply = func(ctx context.Context, call *sdk.Call[DrainInput]) (DrainOutput, error) {
		return n.draining(call).Action(drainWords()).Apply(ctx, call)
	}
	return a
}

// draining is one use of the action; without a call, for what needs to note nothing.
func (n nodes) draining(call *sdk.Call[DrainInput]) change.Of[DrainInput, DrainOutput, swarm.NodeSpec] {
	of := setting[DrainInput, DrainOutput](n, "drain", availability, func(in DrainInput) string { return in.Node }, "force")
	of.Want = available[DrainInput](swarm.NodeAvailabilityDrain)
	var went *going
	of.Guard = func(ctx context.Context, use change.Use[DrainInput], live change.Object[swarm.NodeSpec], _ swarm.NodeSpec) error {
		if use.Undo || call == nil {
			return nil
		}
		s, err := state.Look(ctx, n.Engine)
		if err != nil {
			return err
		}
		foreseen := capacity.Drain(s, live.ID)
		if why := refusals(s, live.ID, foreseen); len(why) > 0 && !use.Input.Force {
			return sdk.Errorf(sdk.Permanent, "%s cannot be drained (force drains it): %s", live.Name, strings.TrimSuffix(strings.Join(why, " "), "."))
		}
		if went != nil {
			return nil
		}
		went = goingOf(foreseen)
		return call.Note(goingNote, *went)
	}
	of.Foresee = n.foreseeDrain
	of.After = func(ctx context.Context, call *sdk.Call[DrainInput], c change.Change[swarm.NodeSpec]) (DrainOutput, error) {
		if went == nil {
			noted, _, err := sdk.LoadNote[going](call, goingNote)
			if err != nil {
				return DrainOutput{}, err
			}
			went = &noted
		}
		return n.follow(ctx, call, c, *went)
	}
	of.Settled = func(ctx context.Context, call *sdk.Call[DrainInput], c change.Change[swarm.NodeSpec]) (DrainOutput, bool, string, error) {
		noted, _, err := sdk.LoadNote[going](call, goingNote)
		if err != nil {
			return DrainOutput{}, false, "", err
		}
		at, err := n.look(ctx, c, noted, call.Input.Force)
		done := at.settled() || !call.Input.Wait
		return at.outputs(c, noted), done, fmt.Sprintf("%s is drained: %s.", c.Live.Name, at.Message), err
	}
	return of
}

// refusals are what stands in the way of a drain, each a sentence.
func refusals(s state.State, node string, d capacity.Drained) []string {
	var why []string
	if len(open(s, node)) == 0 {
		with(&why, "No other node takes tasks.")
	}
	for _, move := range d.Stuck {
		with(&why, "%s has no place elsewhere: %s.", move.Title, move.Why)
	}
	return why
}

func (n nodes) foreseeDrain(ctx context.Context, call *sdk.Call[DrainInput], c change.Change[swarm.NodeSpec], plan *sdk.Preview) error {
	s, err := state.Look(ctx, n.Engine)
	if err != nil {
		return err
	}
	d := capacity.Drain(s, c.Live.ID)
	if c.Changed() {
		plan.Summary += fmt.Sprintf(": %s to go elsewhere, %d to end", state.Count(len(d.Moves)+len(d.Stuck), "task"), len(d.Ends))
		plan.Changes = append(plan.Changes, deltas(c.Live.Name, d)...)
		if why := refusals(s, c.Live.ID, d); call.Input.Force {
			plan.Warnings = append(plan.Warnings, why...)
		} else {
			plan.Blockers = append(plan.Blockers, why...)
		}
		warn(c.Live.Name, d, plan)
	}
	told(s, c.Live.ID, plan)
	for _, other := range s.Nodes {
		switch {
		case other.ID == c.Live.ID && other.Status.State != swarm.NodeStateReady:
			with(&plan.Warnings, "%s is %s: it cannot tell when its tasks have ended.", c.Live.Name, other.Status.State)
		case other.ID == c.Live.ID && other.ManagerStatus != nil && other.ManagerStatus.Leader:
			with(&plan.Warnings, "%s leads the managers, and goes on doing so: stop its engine only after another one leads, or expect a moment without a leader.", c.Live.Name)
		case other.ID == c.Live.ID:
		case other.Status.State != swarm.NodeStateReady:
			with(&plan.Warnings, "Another node is away at the same time: %s is %s.", s.Node(other.ID), other.Status.State)
		case other.Spec.Availability == swarm.NodeAvailabilityDrain:
			with(&plan.Warnings, "Another node is away at the same time: %s is drained.", s.Node(other.ID))
		}
	}
	return n.standalone(ctx, c, d, plan)
}

// deltas are what becomes of the tasks.
func deltas(node string, d capacity.Drained) []sdk.Delta {
	var all []sdk.Delta
	delta := func(moves []capacity.Move, op string, to func(capacity.Move) string) {
		for _, move := range moves {
			all = append(all, sdk.Delta{Target: "task " + move.Title, Kind: "task", Op: op, Diff: to(move)})
		}
	}
	delta(d.Moves, "update", func(m capacity.Move) string {
		return fmt.Sprintf("-node: %s\n+node: %s (as it looks now)\n", node, m.To)
	})
	delta(d.Stuck, "update", func(capacity.Move) string { return fmt.Sprintf("-node: %s\n+node: (none takes it)\n", node) })
	delta(d.Ends, "delete", func(capacity.Move) string { return "" })
	return all
}

// warn says what a drain would cost those who use the services.
func warn(node string, d capacity.Drained, plan *sdk.Preview) {
	if len(d.Interrupted) > 0 {
		with(&plan.Warnings, "These services run nowhere else, and are interrupted until their new tasks run: %s.", state.Few(d.Interrupted))
	}
	if len(d.Stays) > 0 {
		with(&plan.Warnings, "These keep data on %s that does not go with their tasks: %s.", node, state.Few(d.Stays))
	}
	var ends []string
	for _, move := range d.Ends {
		ends = append(ends, move.Title)
	}
	if len(ends) > 0 {
		with(&plan.Warnings, "Nothing takes the place of these tasks: %s.", state.Few(ends))
	}
}

// madeFor is the label of containers that an engine runs for a task.
const madeFor = "com.docker.swarm.task.id"

// standalone warns of containers that a drain leaves alone.
func (n nodes) standalone(ctx context.Context, c change.Change[swarm.NodeSpec], d capacity.Drained, plan *sdk.Preview) error {
	asked, err := state.Asked(ctx, n.Engine)
	if err != nil {
		return err
	}
	if asked != c.Live.ID {
		if d.Attached > 0 {
			with(&plan.Warnings, "Containers on %s that are not of services stay: %d of them are on networks of the swarm.", c.Live.Name, d.Attached)
		}
		return nil
	}
	ctx, cancel := n.Single(ctx)
	defer cancel()
	listed, err := n.Docker.ContainerList(ctx, client.ContainerListOptions{})
	if err != nil {
		return n.Fault(ctx, err, "list the containers of %s", c.Live.Name)
	}
	var stay []string
	for _, one := range listed.Items {
		if one.Labels[madeFor] == "" && len(one.Names) > 0 {
			stay = append(stay, strings.TrimPrefix(one.Names[0], "/"))
		}
	}
	if len(stay) > 0 {
		with(&plan.Warnings, "These containers on %s are not of services, and stay: %s.", c.Live.Name, state.Few(stay))
	}
	return nil
}
