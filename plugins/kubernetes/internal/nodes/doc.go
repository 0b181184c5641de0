// Package nodes holds the actions on nodes: cordon, uncordon, taint and drain.
package nodes

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on nodes of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	n := nodes{c}
	return []sdk.Declaration{n.cordon(), n.uncordon(), n.taint(), n.drain()}
}

// nodes acts on the nodes of a cluster.
type nodes struct{ *cluster.Cluster }
