// Package pods holds the actions on what runs in pods and what is said of them: exec
// and exec_check, logs and events.
package pods

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on the pods of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	p := pods{c}
	return []sdk.Declaration{p.exec(), p.execCheck(), p.logs(), p.events()}
}

// pods acts on the pods of a cluster.
type pods struct{ *cluster.Cluster }
