package nodes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/change"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

// among is a node among managers of which some are lost, the first leading, and one worker.
func among(reached, lost int, node string, asked bool) managers {
	var all []swarm.Node
	for i := range reached + lost + 1 {
		n := swarm.Node{ID: fmt.Sprint("n", i)}
		n.Status.State, n.Spec.Role = swarm.NodeStateReady, swarm.NodeRoleManager
		switch {
		case i < reached:
			n.ManagerStatus = &swarm.ManagerStatus{Leader: i == 0, Reachability: swarm.ReachabilityReachable}
		case i < reached+lost:
			n.ManagerStatus = &swarm.ManagerStatus{Reachability: swarm.ReachabilityUnreachable}
			n.Status.State = swarm.NodeStateDown
		default:
			n.Spec.Role = swarm.NodeRoleWorker
		}
		all = append(all, n)
	}
	m := managers{State: state.New(all, nil, nil), asked: asked}
	m.node, _ = m.Find("node", node)
	return m
}

// What a plan says of the quorum, and what keeps a node from its role.
func TestTheQuorumIsForeseen(t *testing.T) {
	t.Parallel()
	const manager, worker = swarm.NodeRoleManager, swarm.NodeRoleWorker
	const none = "No more manager may be lost after this."
	for name, test := range map[string]struct {
		among    managers
		to       swarm.NodeRole
		blockers string
		warnings []string
		then     string
	}{
		"one of five":           {among: among(5, 0, "n4", false), to: worker, warnings: []string{"Of 4 managers 1 may be lost, as of 3: an even number is no safer."}, then: "4 of 4 managers reachable, quorum 3, 1 more may be lost"},
		"one of three":          {among: among(3, 0, "n1", false), to: worker, warnings: []string{"Of 2 managers 0 may be lost, as of 1: an even number is no safer.", none}, then: "2 of 2 managers reachable, quorum 2, no more may be lost"},
		"the one that leads":    {among: among(4, 0, "n0", false), to: worker, warnings: []string{"n0 leads the managers: another one leads after this, and for a moment none does."}, then: "3 of 3"},
		"one that is lost":      {among: among(2, 1, "n2", false), to: worker, warnings: []string{"These managers are not reached now: n2.", "Of 2 managers 0 may be lost, as of 1", none}, then: "2 of 2"},
		"one too many":          {among: among(2, 1, "n1", false), to: worker, blockers: "The swarm would lose its quorum: 1 of 2 managers reachable, quorum 2, too few to decide anything.", warnings: []string{"n2."}, then: "1 of 2"},
		"the last":              {among: among(1, 0, "n0", true), to: worker, blockers: "n0 is the last manager of the swarm.", then: "0 of 0"},
		"the one that is asked": {among: among(4, 0, "n1", true), to: worker, blockers: "It is the engine of n1 that the connection asks", then: "3 of 3"},
		"one more":              {among: among(3, 0, "n3", false), to: manager, warnings: []string{"Of 4 managers 1 may be lost, as of 3"}, then: "4 of 4"},
		"the third":             {among: among(2, 0, "n2", false), to: manager, then: "3 of 3 managers reachable, quorum 2, 1 more may be lost"},
		"many":                  {among: among(8, 0, "n8", false), to: manager, warnings: []string{"9 managers take longer to agree than 7"}, then: "9 of 9"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var plan sdk.Preview
			was, want := test.among.node.Spec, test.among.node.Spec
			want.Role = test.to
			test.among.foresee(change.Change[swarm.NodeSpec]{Was: was, Want: want}, test.to, &plan)
			if blockers := strings.Join(plan.Blockers, "\n"); (blockers == "") != (test.blockers == "") || !strings.HasPrefix(blockers, test.blockers) {
				t.Errorf("the blockers are %q, want %q", blockers, test.blockers)
			}
			if len(plan.Warnings) != len(test.warnings) {
				t.Errorf("the warnings are %q, want %q", plan.Warnings, test.warnings)
			}
			for _, warning := range test.warnings {
				if !strings.Contains(strings.Join(plan.Warnings, "\n"), warning) {
					t.Errorf("the warnings are %q, want %q among them", plan.Warnings, warning)
				}
			}
			if !strings.Contains(plan.Summary, "managers then: "+test.then) {
				t.Errorf("the summary is %q, want it to say %q", plan.Summary, test.then)
			}
		})
	}
	down := among(3, 0, "n3", false)
	down.node.Status.State = swarm.NodeStateDown
	if why := down.refusals(manager); len(why) != 1 || why[0] != "n3 is down, and would be a manager that is not reached." {
		t.Errorf("a node that is down is refused by %q", why)
	}
}
