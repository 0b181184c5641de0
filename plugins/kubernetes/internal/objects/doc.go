// Package objects holds the actions on objects of any kind, as their manifests say
// it: get and list, apply and delete, patch and wait, and configmap_set.
//
// The values of Secrets leave the cluster with none of them: not in outputs, diffs or
// errors, and not in the state before a change, which a journal keeps.
package objects

import (
	"github.com/gatebook/gatebook/plugins/kubernetes/internal/cluster"
	"github.com/gatebook/gatebook/plugins/sdk"
)

// Actions declares the actions on objects of a cluster.
func Actions(c *cluster.Cluster) []sdk.Declaration {
	o := objects{c}
	return []sdk.Declaration{o.get(), o.list(), o.delete(), o.wait(), o.patch(), o.configMapSet()}
}

// objects acts on the objects of a cluster.
type objects struct{ *cluster.Cluster }
