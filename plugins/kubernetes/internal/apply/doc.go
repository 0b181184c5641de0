// Package apply holds the action apply, which brings objects into the state that their
// manifests say: what there is of them is left to the server, by server-side apply, and
// what is kept to take the step back is told here.
//
// The state before the step goes into a journal, so that it holds no value of a Secret:
// what a step changes of Secrets is kept beside them, in Secrets of their own.
package apply

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the action on a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	return []sdk.Declaration{applier{c}.action()}
}

// applier applies manifests to a cluster.
type applier struct{ *cluster.Cluster }
