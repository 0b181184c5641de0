package nodes_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/nodes"
)

// pool lends nodes to tests, each to one at a time. A node that was demoted takes half a minute until it
// is a manager again, so that one is lent that has the role already, where there is one.
type pool struct {
	*lab.Lab
	mu   sync.Mutex
	free []*lab.Node
}

// world is a node of a role, and lent until the test is over.
func (p *pool) world(role swarm.NodeRole) func(testing.TB) sdktest.World {
	return func(t testing.TB) sdktest.World {
		lent := p.lend(t, role)
		t.Cleanup(func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.free = append(p.free, lent)
		})
		set(t, p.Lab, lent.Name, func(spec *swarm.NodeSpec) { spec.Role = role })
		lab.Eventually(t, lent.Name+" is a "+string(role), func(context.Context) error {
			if n := node(t, p.Lab, lent.Name); (n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable) != (role == swarm.NodeRoleManager) {
				return errStill
			}
			return nil
		})
		return sdktest.World{Params: map[string]any{"node": lent.Name, "stall": "8m"}, Probe: func() string { return probe(t, p.Lab, lent.Name) }}
	}
}

func (p *pool) lend(t testing.TB, role swarm.NodeRole) *lab.Node {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := slices.IndexFunc(p.free, func(n *lab.Node) bool { return node(t, p.Lab, n.Name).Spec.Role == role })
	at = max(at, 0)
	lent := p.free[at]
	p.free = slices.Delete(p.free, at, at+1)
	return lent
}

// The role of a node goes there and back, while others come and go. The first three always manage, so that
// there is a quorum while up to three of the others lose their role at once.
func TestActionsOnRolesKeepTheContract(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 3, lab.Workers(4))
	p := &pool{Lab: l, free: slices.Clone(l.Nodes[3:])}
	e := l.Nodes[0].Connect(t)
	others := []string{"managers", "reachable", "quorum", "spare"}
	asked := func(testing.TB) sdktest.World { return sdktest.World{Params: map[string]any{"node": "n0"}} }
	t.Run("promote", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_promote"),
			sdktest.Case{Name: "a worker", World: p.world(swarm.NodeRoleWorker), Moves: others},
			sdktest.Case{Name: "a manager", World: asked, Moves: others})
	})
	t.Run("demote", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_demote"),
			sdktest.Case{Name: "a manager", World: p.world(swarm.NodeRoleManager), Moves: others},
			sdktest.Case{Name: "the one that is asked", World: asked, Fails: sdk.Permanent})
	})
}

// With one of three managers lost, none of the others may go, and the lost one may. Both the plan and
// the step say so.
func TestTheQuorumIsKept(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 3)
	handler := action(t, l.Nodes[0].Connect(t), "node_demote")
	asked := func(name string) sdk.Request { return lab.Request(t, map[string]any{"node": name}) }
	preview, err := handler.Plan(t.Context(), asked("n2"))
	lab.Must(t, err)
	if want := "managers then: 2 of 2 managers reachable, quorum 2, no more may be lost (now: 3 of 3 managers reachable, quorum 2, 1 more may be lost)"; !strings.HasSuffix(preview.Summary, want) || len(preview.Blockers) > 0 {
		t.Errorf("the plan is %q, with the blockers %q", preview.Summary, preview.Blockers)
	}
	if said := strings.Join(preview.Warnings, "\n"); !strings.Contains(said, "Of 2 managers 0 may be lost, as of 1: an even number is no safer.") || !strings.Contains(said, "No more manager may be lost") {
		t.Errorf("the warnings are %q", said)
	}

	lab.Must(t, l.Nodes[2].Kill())
	eventually(t, t.Context(), "n2 is not reached", func() error {
		if n := node(t, l, "n2"); n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable {
			return errStill
		}
		return nil
	})
	preview, err = handler.Plan(t.Context(), asked("n1"))
	lab.Must(t, err)
	const lost = "The swarm would lose its quorum: 1 of 2 managers reachable, quorum 2, too few to decide anything."
	if len(preview.Blockers) != 1 || preview.Blockers[0] != lost {
		t.Errorf("the blockers are %q", preview.Blockers)
	}
	_, err = handler.Apply(t.Context(), asked("n1"), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, strings.TrimSuffix(lost, "."))
	if !sdk.AsError(err).Unchanged {
		t.Error("it does not say that nothing was changed")
	}
	_, err = handler.Apply(t.Context(), asked("n0"), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "It is the engine of n0 that the connection asks", "The swarm would lose its quorum")

	out := applied[nodes.RoleOutput](t, handler, asked("n2"), &sdktest.Host{})
	if out.Managers != 2 || out.Reachable != 2 || out.Quorum != 2 || out.Spare != 0 || !out.Changed {
		t.Errorf("got %+v", out)
	}
}

// The leader goes as others do, and the plan says that another one leads then.
func TestTheLeaderIsDemoted(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 3)
	leader, err := l.Leader(t.Context())
	lab.Must(t, err)
	other := l.Nodes[0]
	if other == leader {
		other = l.Nodes[1]
	}
	handler, host := action(t, other.Connect(t), "node_demote"), &sdktest.Host{}
	asked := lab.Request(t, map[string]any{"node": leader.Name})
	preview, err := handler.Plan(t.Context(), asked)
	lab.Must(t, err)
	if want := leader.Name + " leads the managers: another one leads after this"; !strings.Contains(strings.Join(preview.Warnings, "\n"), want) {
		t.Errorf("the warnings are %q", preview.Warnings)
	}
	out := applied[nodes.RoleOutput](t, handler, asked, host)
	if out.Managers != 2 || !out.Changed {
		t.Errorf("got %+v", out)
	}
	// Taken back, it is a manager again, and the two of before can be told from the three of now.
	lab.Must(t, handler.Undo(t.Context(), later(asked, host), &sdktest.Host{}))
	if n := node(t, l, leader.Name); n.ManagerStatus == nil || n.ManagerStatus.Reachability != swarm.ReachabilityReachable {
		t.Errorf("%s is %+v", leader.Name, n.ManagerStatus)
	}
}

var errStill = errors.New("it is still")

// An undo that would cost the quorum is refused, as the step itself would be.
func TestAPromotionIsNotTakenBackAtTheCostOfTheQuorum(t *testing.T) {
	t.Parallel()
	l := lab.Own(t, 2, lab.Workers(1))
	handler, host := action(t, l.Nodes[0].Connect(t), "node_promote"), &sdktest.Host{}
	asked := lab.Request(t, map[string]any{"node": "n2"})
	applied[nodes.RoleOutput](t, handler, asked, host)
	lab.Must(t, l.Nodes[1].Kill())
	lab.Eventually(t, "n1 is not reached", func(context.Context) error {
		if n := node(t, l, "n1"); n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable {
			return errStill
		}
		return nil
	})
	err := handler.Undo(t.Context(), later(asked, host), &sdktest.Host{})
	lab.Fails(t, err, sdk.Permanent, "the node n2 cannot become a worker: The swarm would lose its quorum: 1 of 2 managers reachable")
	if n := node(t, l, "n2"); n.Spec.Role != swarm.NodeRoleManager {
		t.Error("it was demoted")
	}
}
