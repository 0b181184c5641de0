package nodes_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/sdk/sdktest"
	"github.com/gatebook/gatebook/plugins/swarm/internal/lab"
	"github.com/gatebook/gatebook/plugins/swarm/internal/nodes"
)

// The role of a node goes there and back, on managers n0 to n2 and the worker n3.
func TestActionsOnRolesKeepTheContract(t *testing.T) {
	t.Parallel()
	managed.Lab = lab.Own(t, managed.managers, lab.Workers(1))
	e := managed.Nodes[0].Connect(t)
	soon := map[string]any{"stall": "1m"}
	t.Run("promote", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_promote"),
			sdktest.Case{Name: "a worker", World: on(managed, "n3", nil, soon)},
			sdktest.Case{Name: "a manager", World: on(managed, "n2", nil, nil)})
	})
	t.Run("demote", func(t *testing.T) {
		sdktest.Run(t, action(t, e, "node_demote"),
			sdktest.Case{Name: "a manager", World: on(managed, "n2", nil, soon)},
			sdktest.Case{Name: "a worker", World: on(managed, "n3", nil, nil)},
			sdktest.Case{Name: "the one that is asked", World: on(managed, "n0", nil, nil), Fails: sdk.Permanent})
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
	if said := strings.Join(preview.Warnings, "\n"); !strings.Contains(said, "2 managers bear the loss of no more than 1 do: 0.") || !strings.Contains(said, "No more manager may be lost") {
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
