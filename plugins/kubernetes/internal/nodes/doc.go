// Package nodes holds the actions on nodes, cordon, uncordon, taint and drain, and
// preflight, which reads whether a cluster is fit for maintenance.
package nodes

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on nodes of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	n := nodes{c}
	return []sdk.Declaration{n.cordon(), n.uncordon(), n.taint(), n.drain(), n.preflight()}
}

// nodes acts on the nodes of a cluster.
type nodes struct{ *cluster.Cluster }
