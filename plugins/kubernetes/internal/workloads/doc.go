// Package workloads holds the actions on Deployments, StatefulSets and DaemonSets: how
// they are, what they run, how many pods they have, and how they roll out. It leaves
// out what acts on workloads from outside: Services, autoscalers, schedules.
package workloads

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on workloads of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	w := workloads{c}
	return []sdk.Declaration{
		w.status(), w.setImage(), w.scale(), w.partition(),
		w.rollout(), w.restart(), w.back(), w.pause(), w.resume(),
	}
}

// workloads acts on the workloads of a cluster.
type workloads struct{ *cluster.Cluster }
