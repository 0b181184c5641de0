// Package jobs holds the action job: a program that runs once in the cluster, in pods
// of its own.
package jobs

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on Jobs of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration { return []sdk.Declaration{jobs{c}.job()} }

// jobs acts on the Jobs of a cluster.
type jobs struct{ *cluster.Cluster }
