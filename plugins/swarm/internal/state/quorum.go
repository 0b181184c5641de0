package state

import (
	"fmt"

	"github.com/moby/moby/api/types/swarm"
)

// Quorum is how the managers of a swarm stand. They decide by majority of all that there are, so that a
// swarm which has lost too many runs on, but can be changed no more.
type Quorum struct {
	Total       int
	Reachable   int
	Leader      string   // name of the node; empty: there is none
	Unreachable []string // names of the managers that are not reached
}

// Quorum counts the managers.
func (s State) Quorum() Quorum {
	var q Quorum
	for _, n := range s.Nodes {
		if n.ManagerStatus == nil {
			continue
		}
		q.Total++
		if n.ManagerStatus.Leader {
			q.Leader = s.Node(n.ID)
		}
		if Reached(n) {
			q.Reachable++
		} else {
			q.Unreachable = append(q.Unreachable, s.Node(n.ID))
		}
	}
	return q
}

// Reached says whether a node is a manager that the others reach. One whose node is down is not counted,
// whatever is told of it: where the two disagree, it is safer to count on one manager less.
func Reached(n swarm.Node) bool {
	return n.ManagerStatus != nil && n.ManagerStatus.Reachability == swarm.ReachabilityReachable && n.Status.State != swarm.NodeStateDown
}

// Needed is how many managers must be reached for the swarm to decide.
func (q Quorum) Needed() int { return q.Total/2 + 1 }

// Holds says whether so many are.
func (q Quorum) Holds() bool { return q.Reachable >= q.Needed() }

// Spare is how many more managers may be lost.
func (q Quorum) Spare() int { return max(q.Reachable-q.Needed(), 0) }

// Without is the quorum after a manager has left.
func (q Quorum) Without(n swarm.Node) Quorum {
	q.Total--
	if Reached(n) {
		q.Reachable--
	}
	return q
}

// With is the quorum after one has come.
func (q Quorum) With() Quorum {
	q.Total++
	q.Reachable++
	return q
}

// String is the quorum in words, without a full stop.
func (q Quorum) String() string {
	spare := "no more may be lost"
	switch n := q.Spare(); {
	case !q.Holds():
		spare = "too few to decide anything"
	case n > 0:
		spare = fmt.Sprintf("%d more may be lost", n)
	}
	return fmt.Sprintf("%d of %s reachable, quorum %d, %s", q.Reachable, Count(q.Total, "manager"), q.Needed(), spare)
}
