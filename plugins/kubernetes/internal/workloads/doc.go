// Package workloads holds the actions on Deployments, StatefulSets and DaemonSets:
// workload, set_image, scale, rollout,
// rollout_restart and rollout_undo.
package workloads

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on workloads of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	w := workloads{c}
	return []sdk.Declaration{w.status(), w.setImage(), w.scale(), w.rollout(), w.restart(), w.back()}
}

// workloads acts on the workloads of a cluster.
type workloads struct{ *cluster.Cluster }
