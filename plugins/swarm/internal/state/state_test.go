package state_test

import (
	"strings"
	"testing"

	"github.com/moby/moby/api/types/swarm"

	"github.com/gatebook/gatebook/plugins/sdk"
	"github.com/gatebook/gatebook/plugins/swarm/internal/state"
)

func node(id, host string, manager *swarm.ManagerStatus) swarm.Node {
	n := swarm.Node{ID: id, ManagerStatus: manager}
	n.Description.Hostname = host
	return n
}

func TestANodeIsFoundByWhatItIsCalled(t *testing.T) {
	t.Parallel()
	s := state.New([]swarm.Node{node("id1", "web-1", nil), node("id2", "twin", nil), node("id3", "twin", nil)}, nil, nil)
	for name, want := range map[string]string{"id1": "id1", "web-1": "id1", "WEB-1": "id1", "id3": "id3"} {
		if n, err := s.Find("node", name); err != nil || n.ID != want {
			t.Errorf("%s is %s, %v", name, n.ID, err)
		}
	}
	for name, says := range map[string]string{
		"twin": "2 nodes are called twin; name one by its id: id2, id3",
		"web":  `there is no node "web" in the swarm; there are twin (id2), twin (id3), web-1`,
	} {
		_, err := s.Find("node", name)
		if typed := sdk.AsError(err); typed.Field != "node" || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestTheQuorum(t *testing.T) {
	t.Parallel()
	managers := func(reachable, lost int) state.Quorum {
		var nodes []swarm.Node
		for i := range reachable + lost {
			how := swarm.ReachabilityReachable
			if i >= reachable {
				how = swarm.ReachabilityUnreachable
			}
			nodes = append(nodes, node(string(rune('a'+i)), "", &swarm.ManagerStatus{Reachability: how, Leader: i == 0}))
		}
		return state.New(append(nodes, node("worker", "", nil)), nil, nil).Quorum()
	}
	for _, test := range []struct {
		reachable, lost int
		says            string
	}{
		{1, 0, "1 of 1 manager reachable, quorum 1, no more may be lost"},
		{3, 0, "3 of 3 managers reachable, quorum 2, 1 more may be lost"},
		{2, 1, "2 of 3 managers reachable, quorum 2, no more may be lost"},
		{1, 2, "1 of 3 managers reachable, quorum 2, too few to decide anything"},
		{4, 0, "4 of 4 managers reachable, quorum 3, 1 more may be lost"},
		{5, 0, "5 of 5 managers reachable, quorum 3, 2 more may be lost"},
	} {
		if got := managers(test.reachable, test.lost).String(); got != test.says {
			t.Errorf("got %q, want %q", got, test.says)
		}
	}
	lost := node("c", "", &swarm.ManagerStatus{Reachability: swarm.ReachabilityUnreachable})
	here := node("b", "", &swarm.ManagerStatus{Reachability: swarm.ReachabilityReachable})
	if q := managers(2, 1); !q.Without(lost).Holds() || q.Without(here).Holds() || q.Leader != "a" || len(q.Unreachable) != 1 {
		t.Errorf("without the lost one: %s; without another: %s", q.Without(lost), q.Without(here))
	}
	if got, want := managers(3, 0).With().String(), "4 of 4 managers reachable, quorum 3, 1 more may be lost"; got != want {
		t.Errorf("got %q", got)
	}
	down := here
	down.Status.State = swarm.NodeStateDown
	if q := state.New([]swarm.Node{here, down}, nil, nil).Quorum(); q.Holds() || len(q.Unreachable) != 1 || q.Without(down).Reachable != 1 {
		t.Errorf("one that is down, and told as reachable: %s", q)
	}
}
