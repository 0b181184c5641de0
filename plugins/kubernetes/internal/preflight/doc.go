// Package preflight holds the action that reads whether a cluster is fit for maintenance
// or an upgrade. It judges by nothing but what the API server knows, and changes nothing.
package preflight

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the action of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	return []sdk.Declaration{preflight{c}.action()}
}

// preflight reads a cluster.
type preflight struct{ *cluster.Cluster }
