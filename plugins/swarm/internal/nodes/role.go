package nodes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
	"github.com/gatebook/gatebook/schema"
)

// RoleInput is what node_promote and node_demote are given.
type RoleInput struct {
	Node  string          `json:"node" required:"true" pattern:"^[A-Za-z0-9][-._A-Za-z0-9]*$" maxLength:"253" example:"manager-3" doc:"Name, host name or ID of the node."`
	Stall schema.Duration `json:"stall" default:"2m" min:"0s" doc:"How long nothing may go on until the node manages, or does so no more."`
}

// RoleOutput is what node_promote and node_demote return.
type RoleOutput struct {
	Node      string `json:"node" required:"true" doc:"Name of the node."`
	ID        string `json:"id" required:"true" doc:"ID of the node."`
	Changed   bool   `json:"changed" required:"true" doc:"Whether this step changed the node: false where it was so already."`
	Managers  int    `json:"managers" required:"true" unit:"managers" doc:"How many managers there are after the step."`
	Reachable int    `json:"reachable" required:"true" unit:"managers" doc:"How many of them are reached."`
	Quorum    int    `json:"quorum" required:"true" unit:"managers" doc:"How many must be, for the swarm to decide anything."`
	Spare     int    `json:"spare" required:"true" unit:"managers" doc:"How many more may be lost."`
}

func (n nodes) promote() sdk.Action[RoleInput, RoleOutput] {
	return n.setRole("promote", swarm.NodeRoleManager, sdk.Action[RoleInput, RoleOutput]{
		Name:    "node_promote",
		Summary: "Make a node a manager",
		Description: `Gives a node the role of a manager, and waits until the managers reach it as one of them. The plan says what the quorum would be, and warns of an even number of
managers, which bears no more losses than one manager fewer. A node that is not ready is refused.

A node that was a manager shortly before may take half a minute. Undo makes it a worker again, unless the swarm would lose its quorum by that.`,
		Examples: []schema.Example{{Title: "Before the maintenance of a manager", With: map[string]any{"node": "worker-1"}}},
	})
}

func (n nodes) demote() sdk.Action[RoleInput, RoleOutput] {
	return n.setRole("demote", swarm.NodeRoleWorker, sdk.Action[RoleInput, RoleOutput]{
		Name:    "node_demote",
		Summary: "Make a manager a worker",
		Description: `Gives a manager the role of a worker, and waits until it is no manager any more. The plan says what the quorum would be. It is refused, by the plan and again before the
change, where it would cost the swarm its quorum: the last manager, or one of those that hold the majority. The node whose engine the connection asks is refused too, since
nobody would answer after that. Where the node leads the managers, another one leads then, after a moment without a leader.

Undo makes it a manager again, which may take half a minute.`,
		Examples: []schema.Example{{Title: "A manager that goes away for good", With: map[string]any{"node": "manager-3"}}},
	})
}

// setRole completes an action that gives nodes a role.
func (n nodes) setRole(verb string, to swarm.NodeRole, a sdk.Action[RoleInput, RoleOutput]) sdk.Action[RoleInput, RoleOutput] {
	of := setting[RoleInput, RoleOutput](n, verb, role, func(in RoleInput) string { return in.Node })
	of.Want = func(_ context.Context, _ change.Use[RoleInput], was change.Object[swarm.NodeSpec]) (swarm.NodeSpec, error) {
		want := was.Spec
		want.Role = to
		return want, nil
	}
	of.Guard = func(ctx context.Context, use change.Use[RoleInput], live change.Object[swarm.NodeSpec], to swarm.NodeSpec) error {
		m, err := n.managers(ctx, live.ID)
		if err != nil {
			return err
		}
		if why := m.refusals(to.Role); len(why) > 0 && (!use.Undo || to.Role == swarm.NodeRoleWorker) {
			return sdk.Errorf(sdk.Permanent, "the node %s cannot become a %s: %s", live.Name, to.Role, strings.TrimSuffix(strings.Join(why, " "), "."))
		}
		return nil
	}
	of.Foresee = func(ctx context.Context, _ *sdk.Call[RoleInput], c change.Change[swarm.NodeSpec], plan *sdk.Preview) error {
		m, err := n.managers(ctx, c.Live.ID)
		if err == nil {
			m.foresee(c, to, plan)
		}
		return err
	}
	of.After = func(ctx context.Context, call *sdk.Call[RoleInput], c change.Change[swarm.NodeSpec]) (RoleOutput, error) {
		m, err := n.became(ctx, call, c.Live, c.Want.Role)
		return m.outputs(c), err
	}
	of.Settled = func(ctx context.Context, _ *sdk.Call[RoleInput], c change.Change[swarm.NodeSpec]) (RoleOutput, bool, string, error) {
		m, err := n.managers(ctx, c.Live.ID)
		return m.outputs(c), m.is(c.Want.Role), fmt.Sprintf("The managers: %s.", m.Quorum()), err
	}
	of.Undone = func(ctx context.Context, call *sdk.Call[RoleInput], _ change.Use[RoleInput], live change.Object[swarm.NodeSpec]) error {
		_, err := n.became(ctx, call, live, live.Spec.Role)
		return err
	}
	return of.Action(a)
}

// managers is a node among the managers of its swarm.
type managers struct {
	state.State
	node  swarm.Node
	asked bool // it is the node whose engine answers
}

// managers looks at them.
func (n nodes) managers(ctx context.Context, id string) (managers, error) {
	s, err := state.Nodes(ctx, n.Engine)
	if err != nil {
		return managers{}, err
	}
	at := slices.IndexFunc(s.Nodes, func(n swarm.Node) bool { return n.ID == id })
	if at < 0 {
		return managers{}, sdk.Errorf(sdk.Conflict, "somebody removed the node %s meanwhile", id)
	}
	asked, err := state.Asked(ctx, n.Engine)
	return managers{s, s.Nodes[at], asked == id}, err
}

// is says whether the node has come to its role.
func (m managers) is(role swarm.NodeRole) bool {
	if role == swarm.NodeRoleWorker {
		return m.node.ManagerStatus == nil
	}
	return state.Reached(m.node)
}

// refusals are why the node must not get a role, each a sentence. The last manager, and those that hold
// the majority, the engine would refuse too.
func (m managers) refusals(to swarm.NodeRole) []string {
	var why []string
	name := m.Node(m.node.ID)
	switch {
	case to == swarm.NodeRoleManager && m.node.Status.State != swarm.NodeStateReady:
		with(&why, "%s is %s, and would be a manager that is not reached.", name, m.node.Status.State)
	case to == swarm.NodeRoleManager || m.node.ManagerStatus == nil:
	case m.Quorum().Total == 1:
		with(&why, "%s is the last manager of the swarm.", name)
	default:
		if after := m.Quorum().Without(m.node); !after.Holds() {
			with(&why, "The swarm would lose its quorum: %s.", after)
		}
		if m.asked {
			with(&why, "It is the engine of %s that the connection asks, and that manages nothing after this; use a connection to another manager.", name)
		}
	}
	return why
}

// mostManagers is how many managers make sense: more of them only take longer to agree.
const mostManagers = 7

// foresee says what becomes of the quorum.
func (m managers) foresee(c change.Change[swarm.NodeSpec], to swarm.NodeRole, plan *sdk.Preview) {
	now := m.Quorum()
	if !c.Changed() {
		plan.Summary += "; managers: " + now.String()
		return
	}
	plan.Blockers = append(plan.Blockers, m.refusals(to)...)
	after := now.With()
	if to == swarm.NodeRoleWorker {
		after = now.Without(m.node)
	}
	plan.Summary += fmt.Sprintf("; managers then: %s (now: %s)", after, now)
	name := m.Node(m.node.ID)
	if len(now.Unreachable) > 0 {
		with(&plan.Warnings, "These managers are not reached now: %s.", state.Few(now.Unreachable))
	}
	if to == swarm.NodeRoleWorker && now.Leader == name && now.Total > 1 {
		with(&plan.Warnings, "%s leads the managers: another one leads after this, and for a moment none does.", name)
	}
	switch {
	case after.Total == 0 || !after.Holds():
	case after.Total%2 == 0:
		with(&plan.Warnings, "Of %d managers %d may be lost, as of %d: an even number is no safer.", after.Total, (after.Total-1)/2, after.Total-1)
	case to == swarm.NodeRoleManager && after.Total > mostManagers:
		with(&plan.Warnings, "%d managers take longer to agree than %d, and are no safer in practice.", after.Total, mostManagers)
	}
	if to == swarm.NodeRoleWorker && after.Holds() && after.Spare() == 0 {
		with(&plan.Warnings, "No more manager may be lost after this.")
	}
}

func (m managers) outputs(c change.Change[swarm.NodeSpec]) RoleOutput {
	q := m.Quorum()
	return RoleOutput{Node: c.Live.Name, ID: c.Live.ID, Changed: c.Changed(), Managers: q.Total, Reachable: q.Reachable, Quorum: q.Needed(), Spare: q.Spare()}
}

// became waits until the node has come to its role: the managers take it in or let it go after its spec
// says so, and its own engine follows.
func (n nodes) became(ctx context.Context, call *sdk.Call[RoleInput], live change.Object[swarm.NodeSpec], role swarm.NodeRole) (m managers, err error) {
	what := fmt.Sprintf("%s is a %s", live.Name, role)
	err = await(ctx, what, call.Input.Stall.Std(), call.Host.Progress, func(ctx context.Context) (seen sight, err error) {
		if m, err = n.managers(ctx, live.ID); err != nil {
			return seen, err
		}
		if is := m.node.Spec.Role; is != role {
			return seen, sdk.Errorf(sdk.Conflict, "somebody changed the node %s meanwhile: its role is %s, and not %s", live.Name, is, role)
		}
		if seen.done = m.is(role); seen.done {
			seen.Message = fmt.Sprintf("%s; managers: %s", what, m.Quorum())
			return seen, nil
		}
		seen.Message = fmt.Sprintf("waiting until %s; managers: %s", what, m.Quorum())
		seen.wrong = fmt.Sprintf("the node is %s", m.node.Status.State)
		return seen, nil
	})
	return m, err
}
