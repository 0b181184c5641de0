// Package traffic holds the actions on what pods a Service sends its clients to. It
// leaves out the pods themselves.
package traffic

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on the traffic in a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	t := traffic{c}
	return []sdk.Declaration{t.selector()}
}

// traffic acts on the Services of a cluster.
type traffic struct{ *cluster.Cluster }
